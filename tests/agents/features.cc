#include "agents/features.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

TEST(EpisodeFeatures, HoldNowBeforeAndTheLastAction) {
  const env::DictSpace space = {{"image", {{2, 2}, 0, 100, "counts", ""}},
                                {"settings", {{2}, -12, 12, "nm", ""}}};
  const env::Box action = {{2}, -24, 24, "nm", ""};
  EpisodeFeatures features(*FeatureLayout::Create(space, action));
  auto observe = [&](float setting, std::vector<float> image) {
    return features.Observe({{"image", Array<float>({2, 2}, std::move(image))},
                             {"settings", Array<float>({2}, {setting, 1})}});
  };
  // Images by their own mean (2), less one. At first, before is now.
  EXPECT_EQ(observe(3, {1, 3, 2, 2}),
            (std::vector<float>{3, 1, 3, 1, 0, 0, -0.5, 0.5, 0, 0, -0.5, 0.5, 0, 0}));
  features.SetAction(std::vector<float>{0.25f, 7.0f});
  EXPECT_EQ(observe(4, {0, 0, 0, 4}),
            (std::vector<float>{4, 1, 3, 1, 0.25, 1, -1, -1, -1, 3, -0.5, 0.5, 0, 0}));
  features.Begin();
  EXPECT_EQ(observe(5, {0, 0, 0, 0}),
            (std::vector<float>{5, 1, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(ScaleAction(action, std::vector<float>{-0.5f, 3.0f}), (Action{-12, 24}));
}

}  // namespace
}  // namespace ronchi::agents
