// Time of one image's decision by the GP policy (fit, acquisition and all), after n images of a
// task with so many knobs. Beyond 30 images hyper-parameters are fitted at every fifth, so five
// consecutive images are timed: divide by five.
#include <benchmark/benchmark.h>

#include "agents/bayes/gp_optimizer.h"
#include "agents/bayes/sobol.h"
#include "core/random.h"

namespace ronchi::agents {
namespace {

double Objective(const Eigen::VectorXd& x, RandomStream& noise) {
  const double q = ((x.array() - 0.4) / 0.2).square().sum();
  return 0.2 * std::exp(-0.69 * q) + 0.006 * noise.Normal();
}

void BM_GpFiveSteps(benchmark::State& state) {
  const size_t n = size_t(state.range(0)), d = size_t(state.range(1));
  const Eigen::MatrixXd points = SobolPoints(n, d, {.seed = 1, .name = "bench"});
  for (auto _ : state) {
    state.PauseTiming();
    RandomStream noise({.seed = 1, .name = "bench"});
    GpOptimizerOptions options;
    options.prior = GpPrior::Broad(d);
    GpOptimizer optimizer(d, options, 1);
    for (size_t i = 0; i < n; ++i) {
      const Eigen::VectorXd x = points.row(Eigen::Index(i)).transpose();
      RONCHI_CHECK(optimizer.Tell(x, Objective(x, noise)).ok());
    }
    (void)optimizer.Ask();  // the first fit
    state.ResumeTiming();
    for (int step = 0; step < 5; ++step) {
      const Eigen::VectorXd x = *optimizer.Ask();
      RONCHI_CHECK(optimizer.Tell(x, Objective(x, noise)).ok());
    }
  }
}
BENCHMARK(BM_GpFiveSteps)
    ->ArgNames({"n", "knobs"})
    ->Args({10, 3})
    ->Args({30, 3})
    ->Args({60, 3})
    ->Args({100, 3})
    ->Args({200, 3})
    ->Args({30, 6})
    ->Args({60, 6})
    ->Args({100, 6})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::agents

BENCHMARK_MAIN();
