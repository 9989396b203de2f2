// A workflow on a twin whose measurements fail: what it retries, what it goes on without, what ends
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/twin/column/column_twin.h"
#include "tests/support/column.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"

namespace ronchi::hw::workflow {
namespace {

using testing::HasSubstr;
using namespace testing_support;

struct Ended {
  RunResult result;
  std::vector<std::string> lines;
  std::string journal;
};

Ended RunOn(const std::string& faults, const std::string& steps, uint64_t seed = 3) {
  const Workflow workflow =
      *ParseFlow("version: 1\nworkflow: test\nbudget: {dose: 1e6 e/A^2, time: 1000 s}\n" + steps);
  auto twin = *MakeTwin(
      TwinFromYaml(StillYaml("", "measurements: {present: true}\nfaults: {" + faults + "}\n")),
      seed);
  CheckOptions now{.current_A = 60e-12, .worst_current_A = 60e-12};
  for (const PropertyInfo& p : twin->description().properties) now.positions[p.name] = 0;
  const CheckReport report = Check(workflow, twin->description(), now);
  for (const Finding& f : report.findings) {
    EXPECT_NE(f.severity, Finding::Severity::kError) << f.message;
  }
  TemporaryFolder folder;
  const auto journal = *Journal::Create(folder.path().string());
  ScriptedHost host;
  ScriptedDecider decider;
  const auto result = RunWorkflow({.workflow = &workflow,
                                   .report = &report,
                                   .instrument = twin.get(),
                                   .journal = journal.get(),
                                   .folder = folder.path().string(),
                                   .host = &host,
                                   .decider = &decider,
                                   .worst_current_A = 60e-12});
  EXPECT_TRUE(result.ok()) << result.status();
  return {*result, host.lines, ReadAll(folder / "journal.jsonl")};
}

TEST(WorkflowFaults, StopsWithTheInstrumentsOwnWords) {
  const Ended e = RunOn("measure_fails: 1", "steps:\n  - measure: current\n");
  EXPECT_FALSE(e.result.finished);
  EXPECT_THAT(e.result.ended_by, HasSubstr("the measurement of 'current' has no result"));
}

// At 0.3 each try ten retries leave one chance in 10⁵, or in 1000 where a failure takes two of
// them: of a posted measurement the next try hears what has become of it. With these seeds it takes
// some.
TEST(WorkflowFaults, RetriesWhatMaySucceed) {
  for (const char* faults : {"measure_fails: 0.3", "measure_fails_later: 0.3"}) {
    int retries = 0;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const Ended e = RunOn(
          faults, "steps:\n  - measure: current\n    on_fault: retry\n    retries: 10\n", seed);
      EXPECT_EQ(e.result.ended_by, "done") << faults;
      for (size_t at = 0; (at = e.journal.find("\"retry\"", at)) != std::string::npos; ++at) {
        ++retries;
      }
    }
    EXPECT_GT(retries, 0) << faults;
  }
}

// What has stopped is not tried again.
TEST(WorkflowFaults, DoesNotRetryWhatIsPersistent) {
  const Ended e = RunOn("measure_stops: 1",
                        "steps:\n  - measure: current\n    on_fault: retry\n    retries: 9\n");
  EXPECT_THAT(e.result.ended_by, HasSubstr("the software that measures has stopped"));
  EXPECT_EQ(e.journal.find("\"retry\""), std::string::npos);
}

// A lens that was acknowledged and did not move ends the run at the next command.
TEST(WorkflowFaults, WhatWasPostedEndsTheRunLater) {
  const Ended e = RunOn("set_fails_later: 1",
                        "steps:\n  - set: {property: optics.C10, to: 5 nm}\n    as: s\n"
                        "  - log: \"stands at {s.value}\"\n  - read: optics.C10\n");
  EXPECT_THAT(e.lines, testing::Contains(HasSubstr("stands at 5")));
  EXPECT_THAT(e.result.ended_by, HasSubstr("optics.C10, accepted at "));
  EXPECT_THAT(e.result.ended_by, HasSubstr("w.yaml:8: steps[2].read"));
}

}  // namespace
}  // namespace ronchi::hw::workflow
