// What a run does: in which order, what it keeps, how it ends, and how it goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/workflow/run.h"
#include "tests/hw/workflow/run_test.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(RunTest, BlanksFirstAndLast) {
  const RunResult r = Run("steps:\n  - unblank\n  - " + std::string(kScanStep));
  EXPECT_EQ(r.ended_by, "done");
  EXPECT_TRUE(r.finished);
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "scan", "safe"));
  // What was foreseen is what was spent: the instrument keeps to its description.
  EXPECT_NEAR(r.spent.time_s, report_.expected.time_s, 1e-12);
  EXPECT_NEAR(r.spent.dose_e_per_m2, report_.expected.dose_e_per_m2, 1e-9 * 1e20);
  EXPECT_EQ(r.spent.commands, report_.expected.commands);
}

TEST_F(RunTest, AFaultBlanksAndHandsOver) {
  fail_ = [](const Command& c) {
    return std::holds_alternative<Scan>(c)
               ? MakeError({ErrorKind::kHardware, "the scan board is on fire", "leave"})
               : absl::OkStatus();
  };
  const RunResult r = Run("steps:\n  - unblank\n  - " + std::string(kScanStep) +
                          "  - read: optics.C10\non_fault:\n"
                          "  - log: \"{fault.message}\"\n"
                          "  - set: {property: optics.C10, to: 0 nm}\n");
  EXPECT_FALSE(r.fault.ok());
  EXPECT_FALSE(r.finished);
  EXPECT_THAT(r.ended_by, HasSubstr("fault: w.yaml:6: steps[1].scan: the scan board is on fire"));
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "blank", "set", "safe"));
  EXPECT_THAT(host_.lines, ::testing::Contains(HasSubstr("on fire; leave")));
}

TEST_F(RunTest, RetryContinueAndStop) {
  int failures = 2;
  fail_ = [&](const Command& c) {
    return std::holds_alternative<Read>(c) && failures-- > 0
               ? MakeError({ErrorKind::kCommunication, "no answer", "ask again"})
               : absl::OkStatus();
  };
  const std::string retry = "steps:\n  - read: optics.C10\n    on_fault: retry\n    retries: 2\n";
  EXPECT_EQ(Run(retry).ended_by, "done");
  EXPECT_THAT(verbs_, ElementsAre("blank", "read", "safe"));
}

TEST_F(RunTest, ContinueGoesOn) {
  fail_ = [](const Command& c) {
    return std::holds_alternative<Read>(c) ? MakeError({ErrorKind::kHardware, "broken", "mend it"})
                                           : absl::OkStatus();
  };
  EXPECT_EQ(Run("steps:\n  - read: optics.C10\n    on_fault: continue\n  - log: \"on\"\n"
                "  - stop: \"that will do\"\n")
                .ended_by,
            "stop: that will do");
}

}  // namespace
}  // namespace ronchi::hw::workflow
