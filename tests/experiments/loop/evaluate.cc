// The figures of `ronchi evaluate` and their standard errors.
#include "experiments/loop/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi {
namespace {

std::vector<EvaluatedEpisode> Episodes(const std::vector<double>& ratios) {
  std::vector<EvaluatedEpisode> out;
  for (double r : ratios) out.push_back({.episode_return = 10 * r, .ratio = r});
  return out;
}

TEST(Evaluate, FiguresOfAFewEpisodes) {
  const EvaluatedAgent::Figures f = FiguresOf(Episodes({0.2, 0.99, 0.5, 0.96}));
  EXPECT_DOUBLE_EQ(f.median_ratio, 0.5 * (0.5 + 0.96));
  EXPECT_DOUBLE_EQ(f.success, 0.5);
  EXPECT_DOUBLE_EQ(f.mean_return, 10 * (0.2 + 0.99 + 0.5 + 0.96) / 4);
  EXPECT_LE(f.median_low, f.median_ratio);
  EXPECT_GE(f.median_high, f.median_ratio);
  // All succeed: the share's error is small, not zero.
  const EvaluatedAgent::Figures all = FiguresOf(Episodes(std::vector<double>(20, 1.0)));
  EXPECT_EQ(all.success, 1);
  EXPECT_GT(all.success_se, 0);
  EXPECT_LT(all.success_se, 0.05);
}

// Over many sets of 20 episodes the stated errors hold the truth as often as a standard error does.
// 2000 sets: a share of 0.7 has an error of 0.01; the median's interval is by whole ranks, which
// makes it a little wider than one standard deviation (0.737 for 20 values, binomially).
TEST(Evaluate, TheErrorsCoverTheTruth) {
  RandomStream random({.seed = 3, .name = "test.evaluate"});
  int means = 0, medians = 0, sets = 2000;
  for (int s = 0; s < sets; ++s) {
    std::vector<double> ratios;
    for (int e = 0; e < 20; ++e) ratios.push_back(random.Uniform(0, 1));
    const EvaluatedAgent::Figures f = FiguresOf(Episodes(ratios));
    means += std::fabs(f.mean_return - 5) < f.mean_return_se;
    medians += f.median_low <= 0.5 && 0.5 <= f.median_high;
  }
  EXPECT_NEAR(means / double(sets), 0.67, 0.04);  // Student's t of 19: 0.670
  EXPECT_GT(medians / double(sets), 0.68);
  EXPECT_LT(medians / double(sets), 0.90);
}

EvaluatedEpisode Course(const std::vector<EvaluatedEpisode::Moment>& course) {
  return {.episode_return = course.back().gained,
          .time_s = course.back().time_s,
          .dose_e_per_A2 = course.back().dose_e_per_A2,
          .course = course};
}

// One agent gains 1 a step and spends 2 in dose and 1 s; the other 5 with a step of dose 10 and
// 0.5 s, of which it takes four.
TEST(Evaluate, AtEqualDoseAndTimeEitherCountsUpToTheSmaller) {
  EvaluatedAgent own, other;
  for (int e = 0; e < 3; ++e) {
    own.episodes.push_back(
        Course({{0, 0, 0}, {1, 2, 1}, {2, 4, 2}, {3, 6, 3}, {4, 8, 4}, {5, 10, 5}, {6, 12, 6}}));
    other.episodes.push_back(
        Course({{0, 0, 0}, {0.5, 10, 5}, {1, 20, 10}, {1.5, 30, 15}, {2, 40, 20}}));
  }
  const EvaluatedAgainst a = Compare(own, other);
  EXPECT_DOUBLE_EQ(a.advantage, 6 - 20);
  EXPECT_DOUBLE_EQ(a.interquartile.value, 6 - 20);
  EXPECT_DOUBLE_EQ(a.at_equal_dose.value, 6 - 5);   // by 12: 6 steps, one step
  EXPECT_DOUBLE_EQ(a.at_equal_time.value, 2 - 20);  // by 2 s: 2 steps, all
}

}  // namespace
}  // namespace ronchi
