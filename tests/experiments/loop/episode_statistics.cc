// Interquartile means, bootstrap intervals and profiles of episodes.
#include "experiments/loop/episode_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi {
namespace {

TEST(EpisodeStatistics, TheStandardErrorIsThatOfAMean) {
  // Mean 5; squares 9 + 1 + 1 + 9 = 20, over n - 1 = 3 and n = 4.
  const MeanAndError m = MeanOf({2, 4, 6, 8});
  EXPECT_DOUBLE_EQ(m.mean, 5);
  EXPECT_DOUBLE_EQ(m.error, std::sqrt(20.0 / 3 / 4));
  EXPECT_EQ(MeanOf({3}).error, 0);
  EXPECT_EQ(MeanOf({}).mean, 0);
}

TEST(EpisodeStatistics, TheInterquartileMeanIsThatOfTheMiddleHalf) {
  EXPECT_DOUBLE_EQ(InterquartileMean({100, 2, -50, 4}), 3);
  EXPECT_DOUBLE_EQ(InterquartileMean({7}), 7);
  // Of five values the middle half is from 1.25 to 3.75.
  EXPECT_DOUBLE_EQ(InterquartileMean({0, 1, 2, 3, 1000}), (0.75 * 1 + 2 + 0.75 * 3) / 2.5);
  EXPECT_EQ(InterquartileMean({}), 0);
}

// Over many sets of 40 episodes the interval holds the truth about as often as it says. 300 sets: a
// share of 0.95 has an error of 0.013; percentiles of the bootstrap fall short by a few per cent.
TEST(EpisodeStatistics, IntervalsCoverTheTruth) {
  RandomStream random({.seed = 5, .name = "test.statistics"});
  int means = 0, differences = 0, sets = 300;
  for (int s = 0; s < sets; ++s) {
    std::vector<double> a, b;
    for (int e = 0; e < 40; ++e) {
      const double hidden = random.Normal(0, 3);  // what both agents find hard
      a.push_back(hidden + random.Normal(2, 1));
      b.push_back(hidden + random.Normal(1, 1));
    }
    const Interval mean = InterquartileInterval(a), difference = DifferenceInterval(a, b);
    means += mean.low <= 2 && 2 <= mean.high;
    differences += difference.low <= 1 && 1 <= difference.high;
    EXPECT_LE(mean.low, mean.value);
    EXPECT_GE(mean.high, mean.value);
    // In pairs the hidden part cancels for the most part.
    EXPECT_LT(difference.high - difference.low, mean.high - mean.low);
  }
  EXPECT_GT(means / double(sets), 0.89);
  EXPECT_GT(differences / double(sets), 0.89);
}

TEST(EpisodeStatistics, AnIntervalIsAFunctionOfTheValues) {
  const std::vector<double> values = {3, 1, 4, 1, 5, 9, 2, 6};
  const Interval a = InterquartileInterval(values), b = InterquartileInterval(values);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_EQ(InterquartileInterval({4}).low, 4);
  EXPECT_EQ(InterquartileInterval({}).high, 0);
}

TEST(EpisodeStatistics, AProfileFallsFromAllToTheBest) {
  const Profile p = ProfileOf({{0, 9}, {3, 6}});
  ASSERT_EQ(p.at_least.size(), 10u);
  EXPECT_EQ(p.at_least.front(), 0);
  EXPECT_EQ(p.at_least.back(), 9);
  EXPECT_EQ(p.share[0], std::vector<double>({1, .5, .5, .5, .5, .5, .5, .5, .5, .5}));
  EXPECT_EQ(p.share[1], std::vector<double>({1, 1, 1, 1, .5, .5, .5, 0, 0, 0}));
  EXPECT_TRUE(ProfileOf({{}, {}}).at_least.empty());
}

}  // namespace
}  // namespace ronchi
