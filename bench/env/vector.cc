// Steps a second of vectors of environments, over threads: a cheap one (half a microsecond a step,
// where handing out the work could eat the gain) and AberrationTuning-v1 with 64 × 64 pixels on the
// contracted engine. Arguments: environments, threads. steps_per_s counts those of all together, by
// the wall clock.
#include <benchmark/benchmark.h>

#include <numeric>

#include "core/parallel.h"
#include "env/aberration_tuning.h"
#include "env/vector_environment.h"
#include "env/wrapper.h"
#include "hw/twin/column/column_twin.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::env {
namespace {

absl::StatusOr<std::unique_ptr<Environment>> MakeTuning(uint64_t index) {
  const Config config = *Config::Parse("preset: corrected_200kV", "bench.yaml");
  RONCHI_ASSIGN_OR_RETURN(auto twin, hw::MakeTwin(*hw::ReadTwinOptions(config), 0));
  AberrationTuningOptions options;
  options.environment = index;
  RONCHI_ASSIGN_OR_RETURN(auto task, AberrationTuning::Create(twin.get(), options));
  return std::make_unique<Mounted>(std::move(twin), std::move(task));
}

EnvironmentFactory Cheap() { return testing_support::CheapFactory({.draws = 16}); }

void Count(benchmark::State& state, size_t steps) {
  state.counters["steps_per_s"] =
      benchmark::Counter(double(state.iterations()) * double(steps), benchmark::Counter::kIsRate);
}

void Step(benchmark::State& state, const EnvironmentFactory& make) {
  const size_t n = size_t(state.range(0));
  SetThreads(int(state.range(1)));
  const auto vector = *VectorEnvironment::Create(make, {.environments = n});
  RONCHI_CHECK(vector->Reset(1).ok());
  const std::vector<float> actions(n * vector->spec().action_space.size(), 0.5f);
  for (auto _ : state) {
    RONCHI_CHECK(vector->Step(actions).ok());
    benchmark::DoNotOptimize(vector->rewards().data());
  }
  Count(state, n);
}

// Batches of a quarter, answered while the rest goes on.
void SendRecv(benchmark::State& state, const EnvironmentFactory& make) {
  const size_t n = size_t(state.range(0)), batch = n / 4;
  SetThreads(int(state.range(1)));
  const auto vector = *VectorEnvironment::Create(make, {.environments = n, .batch = batch});
  RONCHI_CHECK(vector->Reset(1).ok());
  const size_t width = vector->spec().action_space.size();
  const std::vector<float> actions(n * width, 0.5f);
  std::vector<size_t> all(n);
  std::iota(all.begin(), all.end(), size_t{0});
  RONCHI_CHECK(vector->Send(all, actions).ok());
  for (auto _ : state) {
    const auto got = vector->Recv();
    RONCHI_CHECK(got.ok() && got->status.ok());
    RONCHI_CHECK(vector->Send(got->environments, std::span(actions).first(batch * width)).ok());
  }
  Count(state, batch);
}

// One environment after the other, without a vector: what the vector adds.
void BM_CheapLoop(benchmark::State& state) {
  const size_t n = size_t(state.range(0));
  std::vector<std::unique_ptr<Environment>> environments;
  std::vector<float> rows(n * 8);
  const auto row = [&](size_t i) { return std::span(rows).subspan(i * 8, 8); };
  for (size_t i = 0; i < n; ++i) {
    environments.push_back(*Cheap()(i));
    RONCHI_CHECK(environments[i]->ResetInto(1, {}, row(i)).ok());
  }
  const float action[] = {0.5f, 0.5f};
  std::vector<uint8_t> ended(n);
  for (auto _ : state) {
    for (size_t i = 0; i < n; ++i) {
      if (ended[i]) {
        RONCHI_CHECK(environments[i]->ResetInto(std::nullopt, {}, row(i)).ok());
        ended[i] = 0;
      } else {
        const auto outcome = environments[i]->StepInto(action, row(i));
        ended[i] = outcome->terminated || outcome->truncated;
      }
    }
  }
  Count(state, n);
}

void BM_Cheap(benchmark::State& state) { Step(state, Cheap()); }
void BM_CheapSendRecv(benchmark::State& state) { SendRecv(state, Cheap()); }
void BM_Tuning(benchmark::State& state) { Step(state, MakeTuning); }
void BM_TuningSendRecv(benchmark::State& state) { SendRecv(state, MakeTuning); }

BENCHMARK(BM_CheapLoop)->Arg(64)->Arg(1024)->Arg(8192)->UseRealTime();
BENCHMARK(BM_Cheap)->ArgsProduct({{64, 1024, 8192}, {1, 2}})->UseRealTime();
BENCHMARK(BM_CheapSendRecv)->ArgsProduct({{64, 1024, 8192}, {1, 2}})->UseRealTime();
BENCHMARK(BM_Tuning)->ArgsProduct({{16, 64}, {1, 2}})->UseRealTime()->MinTime(2);
BENCHMARK(BM_TuningSendRecv)->ArgsProduct({{16, 64}, {1, 2}})->UseRealTime()->MinTime(2);

}  // namespace
}  // namespace ronchi::env

BENCHMARK_MAIN();
