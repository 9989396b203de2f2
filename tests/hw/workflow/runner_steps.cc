// What each kind of step does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/workflow/run_test.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::ReadAll;

TEST_F(RunTest, ValuesLoopsAndBranches) {
  Run(R"(let: {a: 2 nm}
steps:
  - let: {n: 0, total: 0 nm}
  - for: x
    in: [1 nm, a, 3 nm]
    do:
      - set: {property: optics.C10, to: x}
        as: s
      - let: {total: total + s.value}
      - repeat:
          - let: {n: n + 1}
        until: n >= 2
        max: 5
      - if: x == a
        then:
          - log: "in the middle, n = {n}"
  - unblank
  - scan: {fov: 4 nm, pixels: 16, dwell: 1 us, frames: 2, detectors: haadf}
    as: f
  - log: "sum {total}, n {n}, mean {mean(f.haadf)}, contrast {contrast(f.haadf)}"
)");
  // The frames are of ones and threes: mean 2, variance 1.
  EXPECT_THAT(host_.lines,
              ElementsAre("in the middle, n = 3", "sum 6 nm, n 4, mean 2, contrast 0.25"));
}

TEST_F(RunTest, AnIncrementIsAReadAndAnAbsoluteSet) {
  positions_["optics.C10"] = 4e-9;
  Run("steps:\n  - set: {property: optics.C10, by: -1 nm}\n");
  EXPECT_THAT(verbs_, ElementsAre("blank", "read", "set", "safe"));
  EXPECT_FALSE(std::get<Set>(commands_[2]).relative);
  EXPECT_NEAR(positions_["optics.C10"], 3e-9, 1e-20);
}

TEST_F(RunTest, AskYesNoTimeoutAndNumbers) {
  const std::string steps = R"(steps:
  - ask: "free?"
    name: free
    timeout: 5 s
    on_timeout: deny
    as: free
  - ask: "where?"
    answer: length
    between: [-5 nm, 5 nm]
    timeout: 5 s
    on_timeout: 1 nm
    as: x
  - set: {property: optics.C10, to: x}
  - log: "{free} {x}"
  - ask: "go on?"
    name: go
    timeout: 5 s
    on_timeout: deny
  - read: optics.C10
)";
  host_.answers = {{.given = true, .yes = true, .who = "ada", .why = "I looked"},
                   {.given = true, .number = 3e-9, .who = "ada"},
                   {.given = true, .yes = true, .who = "ada"}};
  EXPECT_EQ(Run(steps).ended_by, "done");
  EXPECT_THAT(host_.lines, ::testing::Contains("true 3 nm"));
  EXPECT_THAT(ReadAll(folder_ / "journal.jsonl"),
              HasSubstr("'free?' answered yes by ada, because I looked"));
  EXPECT_EQ(host_.questions[1].kind, "length");
}

TEST_F(RunTest, SilenceIsNo) {
  const RunResult r =
      Run("steps:\n  - ask: \"free?\"\n    name: free\n    timeout: 5 s\n    on_timeout: deny\n"
          "  - unblank\n");
  EXPECT_EQ(r.ended_by, "denied: 'free' in line 5");
  EXPECT_THAT(verbs_, ElementsAre("blank", "safe"));
  EXPECT_THAT(ReadAll(folder_ / "journal.jsonl"), HasSubstr("was not answered: denied"));
}

TEST_F(RunTest, AnAgentThatLeavesItsBoundsIsAFault) {
  const std::string steps =
      "steps:\n  - decide: x\n    choose: {C10: [-5 nm, 5 nm]}\n    maximise: 0.5\n    as: d\n"
      "  - set: {property: optics.C10, to: d.C10}\n";
  decider_.decide = [](const Decision&) { return std::vector<double>{6e-9}; };
  const RunResult r = Run(steps);
  EXPECT_THAT(r.ended_by, HasSubstr("the agent chose C10 = 6 nm; allowed: -5 nm … 5 nm"));
  EXPECT_THAT(verbs_, ElementsAre("blank", "blank", "safe"));
  EXPECT_EQ(decider_.decisions[0].value, 0.5);
}

}  // namespace
}  // namespace ronchi::hw::workflow
