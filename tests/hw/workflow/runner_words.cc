// What people say to a run under way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/workflow/run_test.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::ElementsAre;

TEST_F(RunTest, PauseBlanksAndResumes) {
  host_.wish = [](int poll) {
    using Kind = Wish::Kind;
    return poll == 2 ? Wish{Kind::kPause, "ada"} : poll == 4 ? Wish{Kind::kResume, "ada"} : Wish{};
  };
  Run("steps:\n  - unblank\n  - " + std::string(kScanStep) + "  - read: optics.C10\n");
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "blank", "unblank", "scan", "read", "safe"));
  EXPECT_THAT(host_.lines, ElementsAre("pause: by ada", "resume: by ada"));
}

TEST_F(RunTest, SkipAndStop) {
  host_.wish = [](int poll) {
    using Kind = Wish::Kind;
    return poll == 1 ? Wish{Kind::kSkip, "ada"} : poll == 3 ? Wish{Kind::kStop, "ada"} : Wish{};
  };
  const RunResult r =
      Run("steps:\n  - read: optics.C10\n  - read: optics.C12.a\n  - read: beam.current\n");
  EXPECT_EQ(r.ended_by, "stopped by ada");
  EXPECT_EQ(r.skipped, 1u);
  EXPECT_FALSE(r.finished);
  EXPECT_THAT(verbs_, ElementsAre("blank", "read", "safe"));
  EXPECT_EQ(std::get<Read>(commands_[1]).properties[0], "optics.C12.a");
}

}  // namespace
}  // namespace ronchi::hw::workflow
