#include "theory/belief/residual.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;
constexpr const char* kUnexplained = "unexplained";

std::vector<Index> Watched(const ParameterSet& parameters) {
  std::vector<Index> watched;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].watched) watched.push_back(Index(i));
  }
  return watched;
}

}  // namespace

std::vector<std::string> StreamsOf(const ParameterSet& parameters) {
  std::vector<std::string> names;
  for (Index i : Watched(parameters)) names.push_back(parameters.Label(size_t(i)));
  names.push_back(kUnexplained);
  return names;
}

double Residual::Largest() const {
  double largest = 0;
  for (const auto& [name, z] : streams) largest = std::max(largest, std::fabs(z));
  return largest;
}

Residual MakeResidual(const NormalEquations& e, const ParameterSet& parameters,
                      const Eigen::MatrixXd& covariance) {
  const std::vector<Index> watched = Watched(parameters);
  const Index n = Index(watched.size());
  const Eigen::MatrixXd information = e.information(watched, watched);
  const Eigen::VectorXd score = e.score(watched);
  const Eigen::LDLT<Eigen::MatrixXd> solver(information);
  const Eigen::VectorXd d = solver.solve(score);
  const Eigen::MatrixXd total =
      solver.solve(Eigen::MatrixXd::Identity(n, n)) + covariance(watched, watched);
  Residual out;
  for (Index i = 0; i < n; ++i) {
    out.streams.emplace_back(parameters.Label(size_t(watched[size_t(i)])),
                             d[i] / std::sqrt(total(i, i)));
  }
  const double freedom = double(std::max<Index>(1, e.data - n));
  out.streams.emplace_back(kUnexplained,
                           (e.chi2 - d.dot(score) - freedom) / std::sqrt(2 * freedom));
  out.chi2_per_datum = e.chi2 / double(e.data);
  return out;
}

}  // namespace ronchi::theory
