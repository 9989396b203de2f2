#include "agents/classical/nelder_mead_policy.h"

#include <gtest/gtest.h>

#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

std::unique_ptr<Policy> MakeNelderMead(const ToyEnvironment& toy) {
  return *NelderMeadPolicy::Create(toy.spec().observation_space, toy.spec().action_space);
}

// Without noise and from inside the peak the simplex must arrive.
TEST(NelderMeadPolicy, FindsAWideNoiselessPeak) {
  ToyEnvironment toy({.half_width_nm = 12, .noise = 0, .max_steps = 120}, 0);
  const auto policy = MakeNelderMead(toy);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    RunToyEpisode(toy, *policy, seed);
    // It goes on trying points about the best one after each restart, so the last settings are
    // near the optimum, not at it; the start is at 0.25 … 0.9 of the peak.
    EXPECT_GT(toy.Contrast(), 0.9 * ToyEnvironment::kPeak) << seed;
  }
}

TEST(NelderMeadPolicy, ImprovesOnTheStartWithNoise) {
  ToyEnvironment toy({.half_width_nm = 8}, 0);
  const auto policy = MakeNelderMead(toy);
  int better = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    (void)toy.Reset(seed);
    const double start = toy.Contrast();
    RunToyEpisode(toy, *policy, seed);
    better += toy.Contrast() > start;
  }
  EXPECT_GE(better, 18);  // a coin would give 18 or more with probability 2e-4
}

// Actions of 2 nm cannot reach the simplex's points at once: the values must still be those of the
// points asked for.
TEST(NelderMeadPolicy, WalksToPointsBeyondOneAction) {
  ToyEnvironment toy({.half_width_nm = 12, .noise = 0, .max_steps = 600, .action_nm = 2}, 0);
  const auto policy = MakeNelderMead(toy);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    RunToyEpisode(toy, *policy, seed);
    EXPECT_GT(toy.Contrast(), 0.9 * ToyEnvironment::kPeak) << seed;
  }
}

}  // namespace
}  // namespace ronchi::agents
