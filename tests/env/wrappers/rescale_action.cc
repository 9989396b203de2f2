#include "env/wrappers/rescale_action.h"

#include <gtest/gtest.h>

#include "env/wrappers/clip_action.h"
#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

TEST(RescaleAction, TakesBothEndsExactly) {
  Walker plain(Cheap()), w(*RescaleAction::Create(Cheap()));
  plain.Go(0), w.Go(0);
  const std::pair<std::vector<float>, std::vector<float>> pairs[] = {
      {{-1, 1}, {-1, 2}}, {{1, -1}, {1, -2}}, {{0, 0}, {0, 0}}, {{0.5f, 0.25f}, {0.5f, 0.5f}}};
  for (const auto& [unit, action] : pairs) {
    w.Go(unit), plain.Go(action);
    EXPECT_EQ(plain.row, w.row);
    if (w.ended) plain.Go(0), w.Go(0);
  }
  if (w.ended) w.Go(0);
  EXPECT_TRUE(absl::IsInvalidArgument(
      w.environment->StepInto(std::vector<float>{1.01f, 0}, w.row).status()));
  EXPECT_EQ(w.environment->spec().action_space.High(1), 1);
  EXPECT_TRUE(absl::IsInvalidArgument(
      RescaleAction::Create(std::make_unique<ClipAction>(Cheap())).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RescaleAction::Create(Cheap(), 1, 1).status()));
}

}  // namespace
}  // namespace ronchi::env
