#include "env/wrappers/clip_action.h"

#include <gtest/gtest.h>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

TEST(ClipAction, BringsActionsInside) {
  Walker plain(Cheap()), w(std::make_unique<ClipAction>(Cheap()));
  plain.Go(0), w.Go(0);
  plain.Go({1, -2}), w.Go({100, -2.5f});
  EXPECT_EQ(plain.row, w.row);
  for (const float bad : {NAN, INFINITY}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        w.environment->StepInto(std::vector<float>{bad, 0}, w.row).status()));
  }
}

}  // namespace
}  // namespace ronchi::env
