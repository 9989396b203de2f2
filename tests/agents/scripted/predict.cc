#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

env::Spec DriftSpec() {
  env::Spec spec = PairSpec("shift", "A");
  spec.observation_space["center"] = spec.observation_space["shift"];
  spec.observation_space["time"] = {{1}, 0, 1e6f, "s", "time"};
  return spec;
}

// Where the site is at a time, and what is left of the way to it after each step.
std::vector<float> Misses(Policy& policy, const std::function<float(float)>& site, int steps) {
  std::vector<float> misses;
  float center = 0;
  for (int step = 0; step < steps; ++step) {
    const float time_s = 2 * float(step);
    const Action action =
        *policy.Act({{"center", Array<float>({2}, {center, -center})},
                     {"shift", Array<float>({2}, {site(time_s) - center, -site(time_s) + center})},
                     {"time", Array<float>({1}, time_s)}});
    center += action[0];
    EXPECT_FLOAT_EQ(action[1], -action[0]);  // the two directions are alike
    misses.push_back(site(time_s + 2) - center);
  }
  return misses;
}

// Two images fix a straight path: from then on the site is met to the round-off of float.
TEST(PredictScript, MeetsAStraightPathAfterTwoImages) {
  const auto policy = *MakeScript("predict", DriftSpec());
  const auto misses = Misses(
      *policy, [](float t) { return 7 + 1.5f * t; }, 12);
  EXPECT_FLOAT_EQ(misses[0], 3);  // the first image says nothing of the way
  for (size_t i = 1; i < misses.size(); ++i) EXPECT_NEAR(misses[i], 0, 2e-5) << i;
}

// On a parabola with acceleration a the filter settles at a lag of a T²/β, that is with
// β = α²/(2 − α) at α = 0.6 (Benedict & Bordner 1962).
TEST(PredictScript, LagsBehindAnAccelerationAsTheFilterDoes) {
  const auto policy = *MakeScript("predict", DriftSpec(), "{alpha: 0.6}");
  const auto misses = Misses(
      *policy, [](float t) { return 0.05f * t * t; }, 60);
  const double acceleration = 0.1, period_s = 2, beta = 0.36 / 1.4;
  // Places are floats of about 600.
  EXPECT_NEAR(misses.back(), acceleration * period_s * period_s / beta, 2e-3);
}

TEST(PredictScript, ForgetsTheEpisode) {
  const auto policy = *MakeScript("predict", DriftSpec());
  const auto site = [](float t) { return 7 + 1.5f * t; };
  const auto first = Misses(*policy, site, 4);
  policy->Reset(1);
  EXPECT_EQ(Misses(*policy, site, 4), first);
  EXPECT_NE(Misses(*policy, site, 4), first);  // not reset: it believes in a path
}

}  // namespace
}  // namespace ronchi::agents
