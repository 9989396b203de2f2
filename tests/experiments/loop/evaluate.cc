// The figures of `ronchi evaluate` and their standard errors.
#include "experiments/loop/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi {
namespace {

std::vector<Evaluation::Episode> Episodes(const std::vector<double>& ratios) {
  std::vector<Evaluation::Episode> out;
  for (double r : ratios) out.push_back({.episode_return = 10 * r, .ratio = r});
  return out;
}

TEST(Evaluate, TheStandardErrorIsThatOfAMean) {
  // Mean 5; squares 9 + 1 + 1 + 9 = 20, over n - 1 = 3 and n = 4.
  const MeanAndError m = MeanOf({2, 4, 6, 8});
  EXPECT_DOUBLE_EQ(m.mean, 5);
  EXPECT_DOUBLE_EQ(m.error, std::sqrt(20.0 / 3 / 4));
  EXPECT_EQ(MeanOf({3}).error, 0);
  EXPECT_EQ(MeanOf({}).mean, 0);
}

TEST(Evaluate, FiguresOfAFewEpisodes) {
  const Evaluation::Figures f = FiguresOf(Episodes({0.2, 0.99, 0.5, 0.96}));
  EXPECT_DOUBLE_EQ(f.median_ratio, 0.5 * (0.5 + 0.96));
  EXPECT_DOUBLE_EQ(f.success, 0.5);
  EXPECT_DOUBLE_EQ(f.mean_return, 10 * (0.2 + 0.99 + 0.5 + 0.96) / 4);
  EXPECT_LE(f.median_low, f.median_ratio);
  EXPECT_GE(f.median_high, f.median_ratio);
  // All succeed: the share's error is small, not zero.
  const Evaluation::Figures all = FiguresOf(Episodes(std::vector<double>(20, 1.0)));
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
    const Evaluation::Figures f = FiguresOf(Episodes(ratios));
    means += std::fabs(f.mean_return - 5) < f.mean_return_se;
    medians += f.median_low <= 0.5 && 0.5 <= f.median_high;
  }
  EXPECT_NEAR(means / double(sets), 0.67, 0.04);  // Student's t of 19: 0.670
  EXPECT_GT(medians / double(sets), 0.68);
  EXPECT_LT(medians / double(sets), 0.90);
}

}  // namespace
}  // namespace ronchi
