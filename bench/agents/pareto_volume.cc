// What two or three objectives are dominated by after each evaluation, and processor time a step. A
// plain program: a volume is no time. One line of JSON a run:
//   {"problem": "branin_currin", "seed": 100000, "missing": [share of the largest volume …],
//   "cpu_ms": a step}
//
//   bench_agents_pareto_volume [PROBLEM … | all] [--seeds FIRST END]
//   bench_agents_pareto_volume --serve
// The second form lets another optimiser run on the same problems from the same starts
// (bench/python/bo_pareto.py): it answers "starts PROBLEM SEED" with {"starts": [[…] …],
// "evaluations": n, "reference": […]}, "value PROBLEM u1 u2 …" with {"values": […]}, and
// "missing PROBLEM y11 y12 … y21 …" with {"missing": share}.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "agents/bayes/pareto_optimizer.h"
#include "bench/agents/optimisation_problems.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

struct ParetoProblem {
  std::string name;
  size_t dimension = 2, initial = 6, evaluations = 40;
  VectorXd reference;
  double largest = 1;  // volume
  std::function<VectorXd(const VectorXd&)> f;
};

const std::vector<ParetoProblem>& Problems() {
  static const auto* const kAll = new std::vector<ParetoProblem>{
      {"branin_currin", 2, 6, 40, BraninCurrinReference(), 59.36011874867746, BraninCurrin},
      // The unit disc's and ball's share of the square and cube of 1.1.
      {"dtlz2_2", 4, 10, 40, VectorXd::Constant(2, -1.1), 1.21 - M_PI / 4,
       [](const VectorXd& u) { return Dtlz2(u, 2); }},
      {"dtlz2_3", 4, 10, 40, VectorXd::Constant(3, -1.1), 1.331 - M_PI / 6,
       [](const VectorXd& u) { return Dtlz2(u, 3); }}};
  return *kAll;
}

const ParetoProblem* Find(const std::string& name) {
  for (const ParetoProblem& p : Problems()) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

MatrixXd StartsOfPareto(const ParetoProblem& p, uint64_t seed) {
  return SobolPoints(p.initial, p.dimension, {.seed = seed, .name = "bench.pareto.starts"});
}

void Run(const ParetoProblem& p, uint64_t seed) {
  auto optimizer = *ParetoOptimizer::Create(
      p.dimension, p.reference, {.n_initial = p.initial, .prior = GpPrior::Broad(p.dimension)},
      seed);
  const MatrixXd starts = StartsOfPareto(p, seed);
  std::vector<double> missing;
  std::clock_t used = 0;
  for (size_t n = 0; n < p.evaluations; ++n) {
    const std::clock_t before = std::clock();
    const VectorXd x =
        n < p.initial ? VectorXd(starts.row(Index(n)).transpose()) : *optimizer.Ask();
    used += std::clock() - before;
    const VectorXd y = p.f(x);
    RONCHI_CHECK(optimizer.Tell(x, {y.data(), size_t(y.size())}).ok());
    missing.push_back(1 - optimizer.Volume() / p.largest);
  }
  const double steps = double(p.evaluations - p.initial);
  const nlohmann::json line = {{"problem", p.name},
                               {"seed", seed},
                               {"missing", missing},
                               {"cpu_ms", 1e3 * double(used) / CLOCKS_PER_SEC / steps}};
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

nlohmann::json Answer(const std::string& line) {
  std::istringstream words(line);
  std::string what, name;
  words >> what >> name;
  const ParetoProblem* p = Find(name);
  if (!p) return {{"error", "no problem '" + name + "'"}};
  std::vector<double> numbers;
  for (double one; words >> one;) numbers.push_back(one);
  if (what == "starts" && numbers.size() == 1) {
    const MatrixXd starts = StartsOfPareto(*p, uint64_t(numbers[0]));
    std::vector<std::vector<double>> rows;
    for (const auto& row : starts.rowwise()) rows.emplace_back(row.begin(), row.end());
    return {{"starts", rows},
            {"evaluations", p->evaluations},
            {"reference", std::vector<double>(p->reference.begin(), p->reference.end())}};
  }
  if (what == "value" && numbers.size() == p->dimension) {
    const VectorXd y = p->f(Eigen::Map<const VectorXd>(numbers.data(), Index(numbers.size())));
    return {{"values", std::vector<double>(y.begin(), y.end())}};
  }
  const size_t m = size_t(p->reference.size());
  if (what == "missing" && numbers.size() % m == 0) {
    using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const MatrixXd values =
        Eigen::Map<const Rows>(numbers.data(), Index(numbers.size() / m), Index(m));
    return {{"missing", 1 - Hypervolume(values, p->reference) / p->largest}};
  }
  return {{"error", "not understood: " + line}};
}

int Serve() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(line).dump() << std::endl;
  }
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  std::vector<const ParetoProblem*> problems;
  uint64_t first = 100000, end = 100010;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--serve") return Serve();
    if (arguments[i] == "--seeds" && i + 2 < arguments.size()) {
      first = std::strtoull(arguments[++i].c_str(), nullptr, 10);
      end = std::strtoull(arguments[++i].c_str(), nullptr, 10);
    } else if (const ParetoProblem* one = Find(arguments[i])) {
      problems.push_back(one);
    } else if (arguments[i] != "all") {
      std::fprintf(stderr, "no problem or option '%s'\n", arguments[i].c_str());
      return 2;
    }
  }
  if (problems.empty()) {
    for (const ParetoProblem& one : Problems()) problems.push_back(&one);
  }
  for (const ParetoProblem* problem : problems) {
    for (uint64_t seed = first; seed < end; ++seed) Run(*problem, seed);
  }
  return 0;
}

}  // namespace
}  // namespace ronchi::agents

int main(int argc, char** argv) { return ronchi::agents::Main({argv + 1, argv + argc}); }
