// What the benchmarks of environments have in common: steps a second, and figures of episodes.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "env/environment.h"
#include "tests/support/episodes.h"

namespace ronchi {

// Steps of one episode after another, by the actions that `next` gives, as steps_per_s.
template <class Next>
void CountSteps(benchmark::State& state, env::Environment* task, const Next& next) {
  std::vector<float> observation(task->spec().observation_size());
  RONCHI_CHECK(task->ResetInto(1, {}, observation).ok());
  for (auto _ : state) {
    const auto outcome = task->StepInto(next(), observation);
    RONCHI_CHECK(outcome.ok());
    benchmark::DoNotOptimize(outcome->reward);
    if (outcome->terminated || outcome->truncated) {
      RONCHI_CHECK(task->ResetInto(std::nullopt, {}, observation).ok());
    }
  }
  state.counters["steps_per_s"] =
      benchmark::Counter(double(state.iterations()), benchmark::Counter::kIsRate);
}

// Mean and standard error of each, as "name" and "name_se".
inline void ShowFigures(benchmark::State& state,
                        const std::vector<std::pair<std::string, std::vector<double>>>& values) {
  for (const auto& [name, of] : values) {
    const testing_support::Figure figure = testing_support::FigureOf(of);
    state.counters[name] = figure.mean;
    state.counters[name + "_se"] = figure.error;
  }
}

}  // namespace ronchi
