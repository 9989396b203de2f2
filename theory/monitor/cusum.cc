#include "theory/monitor/cusum.h"

#include <Eigen/LU>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <numbers>

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;
// The kernel is a Gaussian of width 1 over [0, h], h below 20: 100 nodes leave 1e-12.
using Rule = boost::math::quadrature::gauss<double, 100>;

double Density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); }
double Below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// L(s) = 1 + L(0) Φ(k − s − μ) + ∫₀ʰ L(x) φ(x + k − s − μ) dx, of the upper side; L(0).
double UpperRunLength(double k, double h, double mean) {
  const auto& half = Rule::abscissa();  // those that are not negative
  const auto& weights = Rule::weights();
  const Index n = 2 * Index(half.size());
  Eigen::VectorXd at(n + 1), weight(n + 1);
  for (Index i = 0; i < n; ++i) {
    const size_t j = size_t(i / 2);
    at[i] = h / 2 * (1 + (i % 2 ? -half[j] : half[j]));
    weight[i] = h / 2 * weights[j];
  }
  at[n] = 0;
  Eigen::MatrixXd equations = Eigen::MatrixXd::Identity(n + 1, n + 1);
  for (Index i = 0; i <= n; ++i) {
    for (Index j = 0; j < n; ++j) equations(i, j) -= weight[j] * Density(at[j] + k - at[i] - mean);
    equations(i, n) -= Below(k - at[i] - mean);
  }
  return equations.partialPivLu().solve(Eigen::VectorXd::Ones(n + 1))[n];
}

}  // namespace

double CusumRunLength(const Cusum& c, double shift) {
  return 1 / (1 / UpperRunLength(c.k, c.h, shift) + 1 / UpperRunLength(c.k, c.h, -shift));
}

Cusum BestCusum(double shift, double run_length) {
  Cusum c{.k = std::fabs(shift) / 2};
  double low = 0, high = 1;
  const auto short_of = [&](double h) {
    c.h = h;
    return CusumRunLength(c, 0) < run_length;
  };
  while (short_of(high) && high < 1e3) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (short_of(middle) ? low : high) = middle;
  }
  c.h = (low + high) / 2;
  return c;
}

}  // namespace ronchi::theory
