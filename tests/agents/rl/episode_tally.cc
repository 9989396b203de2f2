#include "agents/rl/episode_tally.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ronchi::agents {
namespace {

TEST(EpisodeTally, PointsAreMeansOfWhatEndedSinceTheLast) {
  EpisodeTally tally(2);
  EXPECT_FALSE(tally.TakePoint());
  for (int t = 0; t < 3; ++t) tally.Step(0, 2);
  tally.Step(1, -1);
  EXPECT_FALSE(tally.TakePoint());  // none has ended
  tally.End(0);
  tally.End(1);
  const auto point = tally.TakePoint();
  ASSERT_TRUE(point);
  EXPECT_EQ(point->steps, 4);
  EXPECT_EQ(point->mean_return, 2.5);
  EXPECT_EQ(point->mean_length, 2);
  EXPECT_EQ(tally.episodes(), 2);
  EXPECT_FALSE(tally.TakePoint());
}

TEST(EpisodeTally, GoesOnFromWhatWasSaved) {
  EpisodeTally whole(2);
  whole.Step(0, 0.1);
  whole.End(0);
  whole.Step(1, 0.7);
  nlohmann::json saved;
  whole.SaveInto(&saved);
  EpisodeTally resumed(2), other(3);
  EXPECT_FALSE(other.Restore(saved));
  ASSERT_TRUE(resumed.Restore(saved));
  for (EpisodeTally* tally : {&whole, &resumed}) {
    tally->Step(1, 0.2);
    tally->End(1);
  }
  EXPECT_EQ(resumed.steps(), whole.steps());
  EXPECT_EQ(resumed.TakePoint()->mean_return, whole.TakePoint()->mean_return);
  saved["ended_lengths"] = {1, 2, 3};
  EXPECT_FALSE(resumed.Restore(saved));
}

}  // namespace
}  // namespace ronchi::agents
