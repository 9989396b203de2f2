// Kinds of workflow for which a bound is easily said too low: each is refused, or its bound holds,
// and its budget stops it while it runs, whatever the check has said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/workflow/run.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"
#include "tests/support/tricky.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::HasSubstr;
using testing_support::ParseFlow;
using testing_support::ScriptedDecider;
using testing_support::ScriptedHost;
using testing_support::TemporaryFolder;
using testing_support::Tricky;
using testing_support::TrickyColumn;

struct Outcome {
  CheckReport report;
  RunResult run;
  std::string findings;
  double true_dose_A2 = 0;  // the most on any place, by the instrument's own book
};

// Checks it, and runs it all the same.
Outcome Try(const std::string& head, const std::string& steps) {
  Outcome o;
  const auto workflow = ParseFlow("version: 1\nworkflow: t\nguard: {dose: 1e30 e/A^2}\n" + head +
                                  "\nsteps:\n  - unblank\n" + steps);
  EXPECT_TRUE(workflow.ok()) << workflow.status();
  if (!workflow.ok()) return o;
  CheckOptions options{.current_A = Tricky::kWorstCurrent_A,
                       .worst_current_A = Tricky::kWorstCurrent_A};
  for (const PropertyInfo& p : TrickyColumn().properties) {
    if (p.writable) options.positions[p.name] = 0;
  }
  o.report = Check(*workflow, TrickyColumn(), options);
  for (const Finding& f : o.report.findings) {
    absl::StrAppend(&o.findings, std::string(SeverityName(f.severity)), " ", f.message, "\n");
  }
  CheckReport forced = o.report;
  for (Finding& f : forced.findings) f.severity = Finding::Severity::kGuarded;
  const TemporaryFolder folder;
  const auto journal = *Journal::Create(folder.path().string());
  ScriptedHost host;
  ScriptedDecider decider;
  Tricky instrument(1, 0);
  const auto run = RunWorkflow({.workflow = &*workflow,
                                .report = &forced,
                                .instrument = &instrument,
                                .journal = journal.get(),
                                .folder = folder.path().string(),
                                .host = &host,
                                .decider = &decider,
                                .worst_current_A = Tricky::kWorstCurrent_A});
  EXPECT_TRUE(run.ok()) << run.status();
  if (run.ok()) o.run = *run;
  o.true_dose_A2 = instrument.LargestDose() * 1e-20;
  return o;
}

constexpr char kLook[] =
    "  - scan: {fov: 2 nm, pixels: 4, dwell: 1 us, detectors: haadf}\n    as: f\n";

// Whatever a counter may have come to: the condition holds in every round that is not followed.
TEST(Bounds, ACounterThatIsNoLongerFollowed) {
  const Outcome o = Try("budget: {time: 100 s}",
                        "  - let: {c: 0}\n  - for: k\n    in: range(100000)\n    do:\n"
                        "      - let: {c: c + 1}\n      - let: {c: c + 0}\n"
                        "      - if: c == 3 or c > 99000\n        then:\n          - wait: 1 s\n");
  EXPECT_THAT(o.findings, HasSubstr("the run may pass its time"));
  EXPECT_GE(o.report.worst.time_s, 1001);
  EXPECT_THAT(o.run.ended_by, HasSubstr("'wait' in line 15 would pass the time"));
  EXPECT_LE(o.run.spent.time_s, 100);
}

TEST(Bounds, PointsThatMayCoincideDo) {
  const std::string x = "[x, x, x, x, x, x, x, x, x, x]";
  const Outcome o =
      Try("budget: {dose: 1e6 e/A^2}",
          std::string(kLook) + "  - let: {x: \"clamp(mean(f.haadf) * 1 nm, -1 nm, 1 nm)\"}\n" +
              "  - scan: {pattern: points, points_x: \"" + x + "\", points_y: \"" + x +
              "\", dwell: 1 ms, detectors: haadf}\n");
  // 50 pA · 1 ms on each.
  EXPECT_GE(o.report.worst.dose_e_per_m2, 10 * 3.12e5 * 1e20);
  EXPECT_THAT(o.findings, HasSubstr("the run may pass its dose"));
  EXPECT_THAT(o.run.ended_by, HasSubstr("would pass the dose"));
  EXPECT_LE(o.true_dose_A2, 1e6);
}

// 0.1 rad/s, there and back: 9 s each way where it goes the farthest.
TEST(Bounds, TravelOfUnknownSizeIsTheFarthest) {
  const Outcome o =
      Try("budget: {time: 30 s}", std::string(kLook) +
                                      "  - let: {sign: \"clamp(mean(f.haadf), -1, 1)\"}\n"
                                      "  - for: k\n    in: range(3)\n    do:\n"
                                      "      - set: {property: stage.alpha, by: -sign * 0.9 rad}\n"
                                      "      - set: {property: stage.alpha, to: 0 rad}\n");
  EXPECT_GE(o.report.worst.time_s, 54);
  EXPECT_LE(o.report.worst.time_s, 55);
  EXPECT_THAT(o.findings, HasSubstr("the run may pass its time"));
  EXPECT_THAT(o.run.ended_by, HasSubstr("would pass the time"));
  EXPECT_LE(o.run.spent.time_s, 30);
}

// Twelve turns of the frame, and the scan always where the same place is.
TEST(Bounds, ATurnedFrameIsFollowed) {
  const Outcome o = Try("let: {R: 30 nm}\nbudget: {dose: 1000 e/A^2}",
                        "  - for: k\n    in: range(12)\n    do:\n"
                        "      - set: {property: scan.rotation, to: k * (200 mrad)}\n"
                        "      - scan: {center: \"[R * cos(k * 0.2), -R * sin(k * 0.2)]\", "
                        "fov: 5 nm, pixels: 16, dwell: 1 us, detectors: haadf}\n");
  EXPECT_GE(o.report.worst.dose_e_per_m2, 12 * 312e20);
  EXPECT_THAT(o.findings, HasSubstr("the run may pass its dose"));
  EXPECT_THAT(o.run.ended_by, HasSubstr("would pass the dose"));
  EXPECT_LE(o.true_dose_A2, 1000);
  EXPECT_GE(o.run.spent.dose_e_per_m2, 600e20);
}

TEST(Bounds, TheStageCarriesTheSpecimenAlong) {
  const auto steps = [](const char* center) {
    return absl::StrCat("  - for: k\n    in: range(5)\n    do:\n",
                        "      - set: {property: stage.x, to: k * (100 nm)}\n",
                        "      - scan: {center: [", center, ", 0 nm], fov: 10 nm, pixels: 16, ",
                        "dwell: 1 us, detectors: haadf}\n");
  };
  const Outcome same = Try("budget: {dose: 1000 e/A^2}", steps("k * (100 nm)"));
  EXPECT_GE(same.report.worst.dose_e_per_m2, 5 * 312e20);
  EXPECT_THAT(same.run.ended_by, HasSubstr("would pass the dose"));
  EXPECT_LE(same.true_dose_A2, 1000);
  // At one place of the scan it is another of the specimen each time.
  const Outcome others = Try("budget: {dose: 1000 e/A^2}", steps("0 nm"));
  EXPECT_TRUE(others.report.ok()) << others.findings;
  EXPECT_EQ(others.run.ended_by, "done");
}

TEST(Bounds, OnePixelOverAMicrometre) {
  const Outcome o = Try("budget: {dose: 1000 e/A^2}",
                        "  - scan: {fov: 1 um, pixels: 1, dwell: 1 s, detectors: haadf}\n");
  EXPECT_NEAR(o.report.worst.dose_e_per_m2, 3.12e8 * 1e20, 0.01 * 3.12e8 * 1e20);
  EXPECT_THAT(o.findings, HasSubstr("the run may pass its dose"));
  EXPECT_EQ(o.true_dose_A2, 0);
}

TEST(Bounds, AHandlerSpendsFromTheSameBudget) {
  const Outcome o =
      Try("budget: {dose: 1000 e/A^2, time: 10 s, commands: 20}",
          std::string(kLook) +
              "  - set: {property: optics.C10, to: \"clamp(mean(f.haadf), 60, 70) * 1 nm\"}\n"
              "on_fault:\n  - unblank\n  - for: k\n    in: range(50)\n    do:\n"
              "      - park: {time: 1 s}\n");
  EXPECT_THAT(o.findings, HasSubstr("pass its dose in its on_fault, at 'park'"));
  EXPECT_THAT(o.findings, HasSubstr("pass its number of commands in its on_fault"));
  EXPECT_GT(o.report.worst.time_s, 50);
  EXPECT_THAT(o.run.ended_by, HasSubstr("fault"));
  EXPECT_LE(o.run.spent.time_s, 10);
  EXPECT_LE(o.true_dose_A2, 1000);
}

// Rounds that cost nothing have a bound, too: the journal keeps each.
TEST(Bounds, FreeRoundsAndHugeFramesAreRefused) {
  const Outcome endless = Try("budget: {time: 1 s, steps: 500}",
                              "  - let: {x: 0}\n  - repeat:\n      - let: {x: x + 0.5}\n"
                              "    until: x > 1e8\n    max: 1000000000\n");
  EXPECT_THAT(endless.findings, HasSubstr("the run may take 1e+09 steps"));
  EXPECT_THAT(endless.run.ended_by, HasSubstr("would pass the number of steps"));
  EXPECT_LE(endless.run.spent.steps, 501);
  const Outcome big = Try("budget: {dose: 1e20 e/A^2, time: 1e6 s, data_GB: 0.001}",
                          "  - scan: {fov: 1 um, pixels: 64, dwell: 1 us, frames: 100, "
                          "detectors: haadf}\n");
  EXPECT_THAT(big.findings, HasSubstr("the run may take 0.00164 GB of frames"));
  EXPECT_THAT(big.run.ended_by, HasSubstr("would pass the data"));
  Description wide = TrickyColumn();
  wide.max_pixels = 4096;
  EXPECT_EQ(
      ReplyBytes(wide,
                 Scan{.pixels_x = 4096, .pixels_y = 4096, .frames = 1000, .detectors = {"haadf"}}),
      4096.0 * 4096 * 1000 * 4);
  const auto workflow = *ParseFlow(
      "version: 1\nworkflow: t\nbudget: {dose: 1e20 e/A^2, time: 1e6 s}\nsteps:\n  - unblank\n"
      "  - scan: {fov: 1 um, pixels: 4096, dwell: 1 us, frames: 1000, detectors: haadf}\n");
  const CheckReport report = Check(workflow, wide, {.current_A = 1e-12, .worst_current_A = 1e-12});
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.findings[0].message, HasSubstr("its frames may take 67.1 GB of memory"));
}

TEST(Bounds, DimensionsBeyondAHundredAreRefused) {
  const auto problem = [](const char* let) {
    const auto workflow = ParseFlow(absl::StrCat("version: 1\nworkflow: t\nlet:\n  m8: (1 m)^8\n",
                                                 let, "steps:\n  - log: \"{m}\"\n"));
    const CheckReport report = Check(*workflow, TrickyColumn(), {});
    return report.findings.empty() ? "" : report.findings[0].message;
  };
  EXPECT_EQ(problem("  m64: m8^8\n  m: m64 * (m8^4) * (1 m)^4\n"), "");  // 100
  EXPECT_THAT(
      problem("  m64: m8^8\n  m: m64 * m64\n"),
      HasSubstr("w.yaml:6: let.m: 'm64 * m64': column 5: a dimension to a power beyond 100"));
  EXPECT_THAT(problem("  m64: m8^8\n  m: m64^-2\n"), HasSubstr("beyond 100"));
}

// Where a value may be missing is said, and where a condition rules that out nothing is.
TEST(Bounds, ValuesBeyondADomainAreNamed) {
  const auto findings = [](const std::string& formula) {
    return Try("budget: {dose: 1e9 e/A^2}", std::string(kLook) + "  - let: {m: mean(f.haadf)}\n" +
                                                formula + "  - log: \"{m}\"\n")
        .findings;
  };
  EXPECT_THAT(findings("  - let: {m: 1 / (m - m)}\n"),
              HasSubstr("guarded w.yaml:10: steps[3].let.m: '1 / (m - m)': column 3: a division by "
                        "zero is possible"));
  EXPECT_THAT(findings("  - let: {m: sqrt(m)}\n"), HasSubstr("the square root of a negative"));
  EXPECT_THAT(findings("  - let: {m: log(m)}\n"), HasSubstr("the logarithm of a number"));
  EXPECT_THAT(findings("  - let: {m: \"[1, 2][m]\"}\n"),
              HasSubstr("the item may be none of 0 … 1"));
  EXPECT_THAT(findings("  - let: {m: \"clamp(1, m, 2)\"}\n"), HasSubstr("low may be above high"));
  EXPECT_EQ(findings("  - if: m > 1\n    then:\n      - let: {m: 1 / m + sqrt(m) + log(m)}\n"), "");
  EXPECT_EQ(findings("  - if: m > 1 and 1 / m < 2\n    then:\n      - let: {m: 2}\n"), "");
  EXPECT_THAT(findings("  - if: m > -1 and 1 / m < 2\n    then:\n      - let: {m: 2}\n"),
              HasSubstr("a division by zero is possible"));
  EXPECT_THAT(findings("  - if: not (m > 1)\n    then:\n      - let: {m: sqrt(m)}\n"),
              HasSubstr("the square root of a negative"));
}

// A loop ends at the rounds that were counted with, should they turn out cheaper: else what its
// budget does not count would have no bound.
TEST(Bounds, ALoopGoesRoundNoOftenerThanWasCounted) {
  const Outcome o =
      Try("budget: {dose: 1e9 e/A^2, time: 1000 s}",
          "  - repeat:\n      - scan: {fov: 2 nm, pixels: 4, dwell: 1 us, detectors: haadf}\n"
          "      - wait: 1 s\n    budget: {time: 10 s}\n");
  ASSERT_TRUE(o.report.ok()) << o.findings;
  EXPECT_EQ(o.run.ended_by, "done");
  EXPECT_LE(o.run.spent.electrons, o.report.worst.electrons);
  EXPECT_LE(o.run.spent.time_s, 10 + 1e-3);
}

}  // namespace
}  // namespace ronchi::hw::workflow
