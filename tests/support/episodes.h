// Episodes of an environment under some way to act, and their figures with standard errors: for
// statistical tests and for the baselines of the benchmarks.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "agents/policy.h"
#include "env/environment.h"

namespace ronchi::testing_support {

// What an agent does with an observation; `Begin` is called with each episode's number.
struct Actor {
  std::function<void(uint64_t)> begin = [](uint64_t) {};
  std::function<std::vector<float>(const env::Observation&)> act;
};

inline Actor Of(std::shared_ptr<agents::Policy> policy) {
  return {.begin = [policy](uint64_t episode) { policy->Reset(episode); },
          .act = [policy](const env::Observation& o) { return *policy->Act(o); }};
}

struct Figure {
  double mean = 0, error = 0;  // standard error of the mean
};
inline Figure FigureOf(const std::vector<double>& values) {
  Figure f;
  const double n = double(values.size());
  for (double v : values) f.mean += v / n;
  double variance = 0;
  for (double v : values) variance += (v - f.mean) * (v - f.mean) / (n - 1);
  f.error = std::sqrt(variance / n);
  return f;
}
// By how many standard errors `a` is above `b`.
inline double StandardErrorsAbove(const Figure& a, const Figure& b) {
  return (a.mean - b.mean) / std::hypot(a.error, b.error);
}

// What is kept of a step, beside the return: anything, by the environment's last step.
using Watch = std::function<void(uint64_t episode, int step, const env::StepResult&)>;

// Returns of episodes 0 … n − 1 of one seed.
inline std::vector<double> Returns(env::Environment* environment, const Actor& actor, int n,
                                   uint64_t seed = 1, const Watch& watch = nullptr) {
  std::vector<double> returns;
  for (int episode = 0; episode < n; ++episode) {
    auto reset = environment->Reset(episode ? std::nullopt : std::optional<uint64_t>(seed));
    RONCHI_CHECK(reset.ok());
    actor.begin(uint64_t(episode));
    env::Observation seen = std::move(reset->observation);
    double sum = 0;
    for (int step = 0;; ++step) {
      auto result = environment->Step(actor.act(seen));
      RONCHI_CHECK(result.ok());
      sum += result->reward;
      if (watch) watch(uint64_t(episode), step, *result);
      if (result->terminated || result->truncated) break;
      seen = std::move(result->observation);
    }
    returns.push_back(sum);
  }
  return returns;
}

}  // namespace ronchi::testing_support
