// Steps a second of AtomMove-v0 on the atom twin, one thread: a step parks the beam and measures
// the atoms, both through hw::Instrument::Execute. The greedy aim is computed by hand, so that no
// policy's time is counted. Resets are. Then the parts of a step by themselves.
#include "env/atom_move.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "hw/twin/sheet/sheet_twin.h"

namespace ronchi {
namespace {

// Aims at the neighbour that is nearest to the goal.
std::array<float, 2> Greedy(std::span<const float> observation) {
  const float *goal = observation.data(), *neighbours = goal + 2;
  std::array<float, 2> aim{};
  float least = INFINITY;
  for (size_t k = 0; k < 3; ++k) {
    const float x = neighbours[2 * k], y = neighbours[2 * k + 1];
    const float away = std::hypot(goal[0] - x, goal[1] - y);
    if (away < least) {
      least = away;
      aim = {std::clamp(x, -1.42f, 1.42f), std::clamp(y, -1.42f, 1.42f)};
    }
  }
  return aim;
}

void BM_AtomMove(benchmark::State& state) {
  const int level = int(state.range(0));
  const auto twin = *hw::MakeAtomTwin(hw::AtomTwinOptions::Level(level), 1);
  const auto task = *env::AtomMove::Create(twin.get(), {});
  std::vector<float> observation(task->spec().observation_size());
  RONCHI_CHECK(task->ResetInto(1, {}, observation).ok());
  double reward = 0;
  for (auto _ : state) {
    const auto outcome = task->StepInto(Greedy(observation), observation);
    RONCHI_CHECK(outcome.ok());
    reward += outcome->reward;
    if (outcome->terminated || outcome->truncated) {
      RONCHI_CHECK(task->ResetInto(std::nullopt, {}, observation).ok());
    }
  }
  benchmark::DoNotOptimize(reward);
  state.counters["steps_per_s"] =
      benchmark::Counter(double(state.iterations()), benchmark::Counter::kIsRate);
  state.SetLabel("level " + std::to_string(level));
}
BENCHMARK(BM_AtomMove)->Arg(1)->Arg(2)->Arg(3)->MinTime(1);

void BM_Reset(benchmark::State& state) {
  const auto twin = *hw::MakeAtomTwin(hw::AtomTwinOptions::Level(int(state.range(0))), 1);
  const auto task = *env::AtomMove::Create(twin.get(), {});
  std::vector<float> observation(task->spec().observation_size());
  for (auto _ : state) RONCHI_CHECK(task->ResetInto(std::nullopt, {}, observation).ok());
}
BENCHMARK(BM_Reset)->Arg(1)->Arg(3);

void Execute(benchmark::State& state, const hw::Command& command) {
  const auto twin = *hw::MakeAtomTwin({}, 1);
  RONCHI_CHECK(twin->Execute(hw::Unblank{}).ok());
  for (auto _ : state) benchmark::DoNotOptimize(twin->Execute(command));
}
void BM_Park(benchmark::State& state) { Execute(state, hw::Park{2e-10, 0, 1.5}); }
void BM_Measure(benchmark::State& state) { Execute(state, hw::Measure{"atoms", 0, 0, 1e-7}); }
void BM_Abort(benchmark::State& state) { Execute(state, hw::Abort{}); }
BENCHMARK(BM_Park);
BENCHMARK(BM_Measure);
BENCHMARK(BM_Abort);

void BM_Stream(benchmark::State& state) {
  uint64_t step = 0;
  for (auto _ : state) {
    RandomStream random({.seed = 1, .name = "atom.hops", .environment = 2, .step = ++step});
    benchmark::DoNotOptimize(random.Uniform());
  }
}
BENCHMARK(BM_Stream);

void BM_Rates(benchmark::State& state) {
  const hw::Graphene sheet(0.3, {0, 0});
  const hw::HopRates rates = hw::HopRates::Prior();
  for (auto _ : state) benchmark::DoNotOptimize(rates.Compute({1.4, 0.1}, sheet.Bonds_A({}), 0.5));
}
BENCHMARK(BM_Rates);

// The image that comes with a measurement.
void BM_Image(benchmark::State& state) {
  hw::AtomTwinOptions options;
  options.image_pixels = int(state.range(0));
  const auto twin = *hw::MakeAtomTwin(options, 1);
  RONCHI_CHECK(twin->Execute(hw::Unblank{}).ok());
  const hw::Command measure = hw::Measure{"atoms"};
  for (auto _ : state) benchmark::DoNotOptimize(twin->Execute(measure));
}
BENCHMARK(BM_Image)->Arg(64)->Arg(128);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
