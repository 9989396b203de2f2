#include <gtest/gtest.h>

#include <set>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

std::vector<Action> PointsOf(Policy& policy, int count) {
  std::vector<Action> places;
  for (int i = 0; i < count; ++i) {
    places.push_back(*policy.Act({{"mask", Array<float>({4, 4}, 0.0f)}}));
  }
  return places;
}

// In two dimensions it is a (0, 4, 2)-net: with the two that are left out, 16 points lie one in
// each cell of any grid of 16 cells.
TEST(SobolScript, FillsEachGridOfSixteenCells) {
  const auto policy = *MakeScript("sobol", FieldSpec(4, 4, 14));
  const auto places = PointsOf(*policy, 14);
  EXPECT_EQ(places[0], (Action{0.5f, -0.5f}));
  for (size_t columns : {1, 2, 4, 8, 16}) {
    std::set<std::pair<size_t, size_t>> cells = {PixelAt({-1, -1}, 16 / columns, columns),
                                                 PixelAt({0, 0}, 16 / columns, columns)};
    for (const Action& place : places) cells.insert(PixelAt(place, 16 / columns, columns));
    EXPECT_EQ(cells.size(), 16u) << columns;
  }
}

TEST(SobolScript, IsTheSameInEveryEpisode) {
  const auto policy = *MakeScript("sobol", FieldSpec(4, 4, 15));
  const auto first = PointsOf(*policy, 15);
  policy->Reset(7);
  EXPECT_EQ(PointsOf(*policy, 15), first);
}

}  // namespace
}  // namespace ronchi::agents
