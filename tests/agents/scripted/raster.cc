#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

std::vector<Action> RasterOf(int steps) {
  const auto policy = *MakeScript("raster", FieldSpec(4, 4, steps));
  std::vector<Action> places;
  for (int i = 0; i < steps; ++i) {
    places.push_back(*policy->Act({{"mask", Array<float>({4, 4}, 0.0f)}}));
  }
  return places;
}

TEST(RasterScript, GoesLineByLine) {
  const float f = 2.0f / 3;
  EXPECT_EQ(RasterOf(9),
            (std::vector<Action>{
                {-f, -f}, {0, -f}, {f, -f}, {-f, 0}, {0, 0}, {f, 0}, {-f, f}, {0, f}, {f, f}}));
}

TEST(RasterScript, LeavesOutTheEndWhereStepsAreNoSquare) {
  const auto places = RasterOf(10);  // of 4 × 4
  EXPECT_EQ(places.front(), (Action{-0.75f, -0.75f}));
  EXPECT_EQ(places[4], (Action{-0.75f, -0.25f}));
  EXPECT_EQ(places.back(), (Action{-0.25f, 0.25f}));
}

TEST(RasterScript, NeedsAFieldAndAnEnd) {
  env::Spec spec = FieldSpec(4, 4, 0);
  EXPECT_EQ(WhyNot(MakeScript("raster", spec)), "raster needs episodes of a known number of steps");
  spec = FieldSpec(4, 4, 9);
  spec.action_space.high = 2;
  EXPECT_EQ(WhyNot(MakeScript("raster", spec)),
            "raster needs an action in a field of -1 … 1; action[0] ranges over -1 … 2");
}

}  // namespace
}  // namespace ronchi::agents
