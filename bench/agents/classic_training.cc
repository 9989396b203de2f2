// For bench/python/rl_side_by_side.py: a training on a classic task, and what came of it.
//   bench_agents_classic_training TASK SEED
// TASK: sac (Pendulum-v1), ppo (CartPole-v1), or a name of `Settings` below. Prints a line of JSON:
// {"return": mean of 100 episodes, "cpu_s": of the training, "steps": number}.
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <string>

#include "agents/rl/ppo.h"
#include "agents/rl/sac.h"
#include "core/progress.h"
#include "tests/support/classic_tasks.h"

namespace ronchi::agents {
namespace {

using namespace testing_support;

struct Setting {
  EnvironmentFactory make;
  std::function<std::unique_ptr<Learner>()> learner;
};

std::map<std::string, Setting> Settings() {
  const PpoOptions pole = {.total_steps = 100000, .learning_rate = 1e-3};
  const PpoOptions acrobot = {.total_steps = 200000, .environments = 16, .learning_rate = 1e-3};
  const SacOptions pendulum = {
      .total_steps = 10000, .random_steps = 100, .batch = 100, .hidden = 64, .learning_rate = 1e-3};
  const SacOptions car = {.total_steps = 50000,
                          .random_steps = 1000,
                          .hidden = 64,
                          .target_rate = 0.01,
                          .noise_memory = 10};
  return {
      {"ppo", {ClassicFactory<CartPoleTask>(), [pole] { return MakePpoLearner(pole); }}},
      {"acrobot", {ClassicFactory<AcrobotTask>(), [acrobot] { return MakePpoLearner(acrobot); }}},
      {"sac", {ClassicFactory<PendulumTask>(), [pendulum] { return MakeSacLearner(pendulum); }}},
      {"car", {ClassicFactory<MountainCarTask>(), [car] { return MakeSacLearner(car); }}}};
}

double ProcessorSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// Over 100 episodes of an environment that no training has.
double MeanReturn(const EnvironmentFactory& make, Policy& policy) {
  const auto task = *make(1u << 20);
  double sum = 0;
  for (uint64_t episode = 0; episode < 100; ++episode) {
    policy.Reset(episode);
    env::Observation observation = task->Reset(episode)->observation;
    for (bool done = false; !done;) {
      const auto step = task->Step(*policy.Act(observation));
      sum += step->reward / 100;
      observation = step->observation;
      done = step->terminated || step->truncated;
    }
  }
  return sum;
}

int Train(const std::string& name, uint64_t seed) {
  Progress::SetStyle(Progress::Style::kOff);
  const auto settings = Settings();
  if (!settings.contains(name)) return 2;
  const Setting& setting = settings.at(name);
  const double start = ProcessorSeconds();
  const auto trained = setting.learner()->Train(setting.make, seed);
  const double seconds = ProcessorSeconds() - start;
  if (!trained.ok()) {
    std::fprintf(stderr, "%s\n", std::string(trained.status().message()).c_str());
    return 1;
  }
  std::printf("{\"return\": %.2f, \"cpu_s\": %.3f, \"steps\": %lld}\n",
              MeanReturn(setting.make, *trained->policy), seconds,
              static_cast<long long>(trained->summary.steps));
  return 0;
}

}  // namespace
}  // namespace ronchi::agents

int main(int argc, char** argv) {
  return argc == 3 ? ronchi::agents::Train(argv[1], std::strtoull(argv[2], nullptr, 10)) : 2;
}
