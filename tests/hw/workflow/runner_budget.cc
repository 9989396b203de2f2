// Budgets while it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/workflow/run_test.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::HasSubstr;
using testing_support::Described;
using testing_support::kColumnCurrent_A;
using testing_support::ParseFlow;
using testing_support::SmallColumn;
using testing_support::SmallColumnNow;

TEST_F(RunTest, LoopsEndByTheirBudgetAndWaitsCount) {
  const RunResult r = Run(R"(steps:
  - repeat:
      - read: optics.C10
      - wait: 1 s
    budget: {time: 7.5 s}
)");
  EXPECT_NEAR(host_.waited_s, 7, 1e-12);
  EXPECT_NEAR(r.spent.time_s, 7.007, 1e-9);
}

// The budget is kept at run time, too: here the beam is stronger than the check was told.
TEST_F(RunTest, TheBudgetHoldsWhereTheCheckWasDeceived) {
  const auto workflow = *ParseFlow(
      "version: 1\nworkflow: t\nbudget: {dose: 3750 e/A^2}\nsteps:\n  - unblank\n"
      "  - repeat:\n      - scan: {fov: 4 nm, pixels: 16, dwell: 1 us, detectors: haadf}\n"
      "    max: 10\n");
  CheckOptions options = SmallColumnNow();
  options.current_A = options.worst_current_A = kColumnCurrent_A;
  const CheckReport report = Check(workflow, SmallColumn(), options);
  ASSERT_TRUE(report.ok());
  Described instrument(SmallColumn(), 3 * kColumnCurrent_A);
  const auto journal = *Journal::Create(folder_.path().string());
  const auto r = *RunWorkflow({.workflow = &workflow,
                               .report = &report,
                               .instrument = &instrument,
                               .journal = journal.get(),
                               .folder = folder_.path().string(),
                               .host = &host_,
                               .decider = &decider_,
                               .worst_current_A = 3 * kColumnCurrent_A});
  EXPECT_THAT(r.ended_by, HasSubstr("budget: 'scan' in line 7 would pass the dose"));
  EXPECT_LE(r.spent.dose_e_per_m2, 3750e20);
  // The pixels are 2.5 Å apart, and the probe is 1 Å wide: one scan brings 937 e/Å², not 312, on
  // each of its places. Four fit.
  EXPECT_EQ(std::count_if(instrument.commands.begin(), instrument.commands.end(),
                          [](const Command& c) { return std::holds_alternative<Scan>(c); }),
            4);
}

}  // namespace
}  // namespace ronchi::hw::workflow
