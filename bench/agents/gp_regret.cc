// Simple regret of the GP optimiser on standard problems, and processor time a step. A plain
// program: regret is no time. One line of JSON a run:
//   {"problem": "branin", "seed": 100000, "regret": [after each evaluation …], "cpu_ms": a step}
//
//   bench_agents_gp_regret [PROBLEM … | all] [--seeds FIRST END] [--noise SD [--oracle]] [--workers
//   Q] bench_agents_gp_regret --serve
// --noise adds normal noise of SD times the problem's range to what is told; "regret" is then that
// of the place of the highest posterior mean after all evaluations, one number. --oracle tells the
// optimiser the standard deviation, which it learns otherwise.
// --workers evaluates Q points at a time: the oldest is told, then the next is asked for beside
// those that are still being evaluated. The second form lets another optimiser run on the same
// problems from the same starts (bench/python/bo_regret.py): it answers lines of standard input,
// "starts PROBLEM SEED" with
// {"starts": [[…] …], "evaluations": n} and "value PROBLEM u1 u2 …" with {"regret": r}.
// Seeds below 1000 and from 1030 to 99999 may choose numbers of the optimiser: report others.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "agents/bayes/gp_optimizer.h"
#include "bench/agents/optimisation_problems.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

void Print(const OptimisationProblem& problem, uint64_t seed, const nlohmann::json& regret,
           std::clock_t used) {
  const double steps = double(problem.evaluations - problem.initial);
  const nlohmann::json line = {{"problem", problem.name},
                               {"seed", seed},
                               {"regret", regret},
                               {"cpu_ms", 1e3 * double(used) / CLOCKS_PER_SEC / steps}};
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

struct Noise {
  double of_range = 0;
  bool known = false;
};

// Of the values at 4096 Sobol points.
double RangeOf(const OptimisationProblem& problem) {
  const Eigen::MatrixXd points = SobolPoints(4096, problem.dimension, {.name = "bench.range"});
  double least = INFINITY;
  for (const auto& row : points.rowwise()) least = std::min(least, problem.f(row.transpose()));
  return problem.maximum - least;
}

void RunNoisy(const OptimisationProblem& problem, uint64_t seed, const Noise& noise) {
  const double sd = noise.of_range * RangeOf(problem);
  GpOptimizerOptions options;
  options.n_initial = problem.initial;
  options.prior = GpPrior::Broad(problem.dimension);
  if (noise.known) options.noise_sd = sd;
  GpOptimizer optimizer(problem.dimension, options, seed);
  RandomStream stream({.seed = seed, .name = "bench.noise"});
  const std::clock_t start = std::clock();
  for (size_t n = 0; n < problem.evaluations; ++n) {
    const Eigen::VectorXd x = *optimizer.Ask();
    RONCHI_CHECK(optimizer.Tell(x, problem.f(x) + stream.Normal(0, sd)).ok());
  }
  const double regret = problem.maximum - problem.f(*optimizer.BestMean());
  Print(problem, seed, regret, std::clock() - start);
}

void Run(const OptimisationProblem& problem, uint64_t seed, size_t workers) {
  GpOptimizerOptions options;
  options.n_initial = problem.initial;
  options.prior = GpPrior::Broad(problem.dimension);
  GpOptimizer optimizer(problem.dimension, options, seed);
  const Eigen::MatrixXd starts = StartsOf(problem, seed);
  std::vector<double> regrets;
  double best = -INFINITY;
  std::clock_t used = 0;
  std::vector<Eigen::VectorXd> pending;  // the oldest first
  for (size_t asked = 0; regrets.size() < problem.evaluations;) {
    const std::clock_t before = std::clock();
    for (; pending.size() < workers && asked < problem.evaluations; ++asked) {
      pending.push_back(
          asked < problem.initial
              ? Eigen::VectorXd(starts.row(Eigen::Index(asked)).transpose())
              : Eigen::VectorXd((*optimizer.AskBatch(1, pending)).row(0).transpose()));
    }
    used += std::clock() - before;
    const Eigen::VectorXd x = pending.front();
    pending.erase(pending.begin());
    const double y = problem.f(x);
    RONCHI_CHECK(optimizer.Tell(x, y).ok());
    best = std::max(best, y);
    regrets.push_back(problem.maximum - best);
  }
  Print(problem, seed, regrets, used);
}

nlohmann::json Answer(const std::string& line) {
  std::istringstream words(line);
  std::string what, name;
  words >> what >> name;
  const OptimisationProblem* problem = FindOptimisationProblem(name);
  if (!problem) return {{"error", "no problem '" + name + "'"}};
  if (what == "starts") {
    uint64_t seed = 0;
    words >> seed;
    const Eigen::MatrixXd starts = StartsOf(*problem, seed);
    std::vector<std::vector<double>> rows;
    for (const auto& row : starts.rowwise()) rows.emplace_back(row.begin(), row.end());
    return {{"starts", rows}, {"evaluations", problem->evaluations}};
  }
  Eigen::VectorXd u(Eigen::Index(problem->dimension));
  for (double& one : u) words >> one;
  if (what != "value" || !words) return {{"error", "not understood: " + line}};
  return {{"regret", problem->maximum - problem->f(u)}};
}

int Serve() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(line).dump() << std::endl;
  }
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  std::vector<const OptimisationProblem*> problems;
  uint64_t first = 100000, end = 100020;
  size_t workers = 1;
  Noise noise;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--serve") return Serve();
    if (arguments[i] == "--seeds" && i + 2 < arguments.size()) {
      first = std::strtoull(arguments[++i].c_str(), nullptr, 10);
      end = std::strtoull(arguments[++i].c_str(), nullptr, 10);
    } else if (arguments[i] == "--noise" && i + 1 < arguments.size()) {
      noise.of_range = std::strtod(arguments[++i].c_str(), nullptr);
    } else if (arguments[i] == "--workers" && i + 1 < arguments.size()) {
      workers = std::max<size_t>(1, std::strtoull(arguments[++i].c_str(), nullptr, 10));
    } else if (arguments[i] == "--oracle") {
      noise.known = true;
    } else if (const OptimisationProblem* one = FindOptimisationProblem(arguments[i])) {
      problems.push_back(one);
    } else if (arguments[i] != "all") {
      std::fprintf(stderr, "no problem or option '%s'\n", arguments[i].c_str());
      return 2;
    }
  }
  if (problems.empty()) {
    for (const OptimisationProblem& one : kOptimisationProblems) problems.push_back(&one);
  }
  for (const OptimisationProblem* problem : problems) {
    for (uint64_t seed = first; seed < end; ++seed) {
      if (noise.of_range > 0) {
        RunNoisy(*problem, seed, noise);
      } else {
        Run(*problem, seed, workers);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace ronchi::agents

int main(int argc, char** argv) { return ronchi::agents::Main({argv + 1, argv + argc}); }
