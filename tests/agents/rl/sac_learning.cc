// Does it learn what its peers do, as soon? On the classic tasks, over episodes it has not seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "agents/rl/sac.h"
#include "tests/support/classic_tasks.h"

namespace ronchi::agents {
namespace {

using testing_support::ClassicFactory;
using testing_support::MountainCarTask;
using testing_support::PendulumTask;

// The median over seeds 1 … n of the mean return of 100 episodes.
double MedianReturn(const char* name, const EnvironmentFactory& make, const SacOptions& options,
                    uint64_t seeds) {
  std::vector<double> means;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto trained = MakeSacLearner(options)->Train(make, seed);
    EXPECT_TRUE(trained.ok()) << trained.status();
    if (!trained.ok()) return -INFINITY;
    const auto task = *make(1000);  // no training has this number
    double sum = 0;
    for (uint64_t episode = 0; episode < 100; ++episode) {
      trained->policy->Reset(episode);
      env::Observation observation = task->Reset(episode)->observation;
      for (bool done = false; !done;) {
        const auto step = task->Step(*trained->policy->Act(observation));
        sum += step->reward / 100;
        observation = step->observation;
        done = step->terminated || step->truncated;
      }
    }
    std::printf("%s, seed %d: mean return %.1f\n", name, int(seed), sum);
    means.push_back(sum);
  }
  std::ranges::sort(means);
  return means[means.size() / 2];
}

// Stable-Baselines3's SAC has −157 ± 89 over episodes after 20,000 steps (rl-zoo3); the best there
// is has about −150.
TEST(SacLearning, SwingsThePendulumUpWithin10000Steps) {
  const SacOptions options = {
      .total_steps = 10000, .random_steps = 100, .batch = 100, .hidden = 64, .learning_rate = 1e-3};
  EXPECT_GE(MedianReturn("pendulum", ClassicFactory<PendulumTask>(), options, 5), -170);
}

// The car must be driven away from the goal first, for many steps together: noise that has no
// memory hardly moves it. rl-zoo3's SAC has 94.7 after 50,000 steps.
TEST(SacLearning, DrivesTheCarUpTheMountainByNoiseThatRemembers) {
  const SacOptions options = {.total_steps = 20000,
                              .random_steps = 1000,
                              .hidden = 64,
                              .target_rate = 0.01,
                              .noise_memory = 10};
  EXPECT_GE(MedianReturn("mountain car", ClassicFactory<MountainCarTask>(), options, 3), 90);
}

}  // namespace
}  // namespace ronchi::agents
