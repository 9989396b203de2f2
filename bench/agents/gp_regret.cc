// Simple regret of the GP optimiser on two standard functions, without noise, and CPU time a step:
// median over seeds of (known minimum − best value found). A plain program: regret is no time.
//   bench_agents_gp_regret [seeds = 20] [first seed = 100000]
// Seeds 0 … 59 served to choose the broad prior (agents/bayes/map_fit.h): report others.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

#include "agents/bayes/gp_optimizer.h"

namespace ronchi::agents {
namespace {

// Dixon & Szegö (1978), as in Surjanovic & Bingham's library; negated, over the unit cube.
double Branin(const Eigen::VectorXd& u) {
  const double x = 15 * u[0] - 5, y = 15 * u[1];
  const double a = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
  return -(a * a + 10 * (1 - 1 / (8 * M_PI)) * std::cos(x) + 10);
}
double Hartmann6(const Eigen::VectorXd& u) {
  constexpr double kA[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                               {0.05, 10, 17, 0.1, 8, 14},
                               {3, 3.5, 1.7, 10, 17, 8},
                               {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kP[4][6] = {{.1312, .1696, .5569, .0124, .8283, .5886},
                               {.2329, .4135, .8307, .3736, .1004, .9991},
                               {.2348, .1451, .3522, .2883, .3047, .6650},
                               {.4047, .8828, .8732, .5743, .1091, .0381}};
  constexpr double kWeight[4] = {1, 1.2, 3, 3.2};
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    double exponent = 0;
    for (int j = 0; j < 6; ++j) exponent += kA[i][j] * (u[j] - kP[i][j]) * (u[j] - kP[i][j]);
    sum += kWeight[i] * std::exp(-exponent);
  }
  return sum;
}

struct Problem {
  const char* name;
  std::function<double(const Eigen::VectorXd&)> f;
  size_t dimension, initial;
  double maximum;
  std::vector<size_t> report;  // numbers of evaluations
};

double Median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const size_t n = v.size();
  return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

void Run(const Problem& problem, int seeds, uint64_t first_seed) {
  std::vector<std::vector<double>> regrets(problem.report.size());
  const std::clock_t start = std::clock();
  for (int seed = 0; seed < seeds; ++seed) {
    GpOptimizerOptions options;
    options.n_initial = problem.initial;
    options.prior = GpPrior::Broad(problem.dimension);
    GpOptimizer optimizer(problem.dimension, options, first_seed + uint64_t(seed));
    double best = -INFINITY;
    for (size_t n = 1; n <= problem.report.back(); ++n) {
      const Eigen::VectorXd x = *optimizer.Ask();
      const double y = problem.f(x);
      optimizer.Tell(x, y);
      best = std::max(best, y);
      for (size_t i = 0; i < problem.report.size(); ++i) {
        if (problem.report[i] == n) regrets[i].push_back(problem.maximum - best);
      }
    }
  }
  const double steps = double(problem.report.back() - problem.initial) * seeds;
  const double ms = 1e3 * double(std::clock() - start) / CLOCKS_PER_SEC / steps;
  for (size_t i = 0; i < problem.report.size(); ++i) {
    std::vector<double>& r = regrets[i];
    std::sort(r.begin(), r.end());
    std::printf("%-10s N = %-3zu median regret %.2e  quartiles %.2e … %.2e  (%d seeds)\n",
                problem.name, problem.report[i], Median(r), r[r.size() / 4], r[r.size() * 3 / 4],
                seeds);
  }
  std::printf("%-10s %.2f ms CPU a step\n", problem.name, ms);
}

}  // namespace
}  // namespace ronchi::agents

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  const uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100000;
  using ronchi::agents::Run;
  Run({"Branin", ronchi::agents::Branin, 2, 6, -0.39788735772973816, {30}}, seeds, first);
  Run({"Hartmann6", ronchi::agents::Hartmann6, 6, 14, 3.32236801141551, {30, 45, 60}}, seeds,
      first);
}
