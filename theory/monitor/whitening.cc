#include "theory/monitor/whitening.h"

#include <Eigen/QR>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::theory {

using Index = Eigen::Index;

absl::StatusOr<Whitening> Whitening::Learn(std::span<const double> reference, int order) {
  if (order < 1) return absl::InvalidArgumentError("whitening: an order of at least 1 is needed");
  const size_t needed = 4 * size_t(order) + 4;
  if (reference.size() < needed) {
    return absl::InvalidArgumentError(absl::StrCat("whitening of order ", order, " needs at least ",
                                                   needed, " frames of reference, not ",
                                                   reference.size()));
  }
  for (double value : reference) {
    if (!std::isfinite(value)) {
      return absl::InvalidArgumentError(
          "whitening: a value is missing among the frames of reference");
    }
  }
  const Index rows = Index(reference.size()) - order;
  Eigen::MatrixXd past(rows, order + 1);
  Eigen::VectorXd now(rows);
  for (Index i = 0; i < rows; ++i) {
    past(i, 0) = 1;
    for (int k = 1; k <= order; ++k) past(i, k) = reference[size_t(i + order - k)];
    now[i] = reference[size_t(i + order)];
  }
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(past);
  const Eigen::VectorXd c = qr.solve(now);
  const Eigen::MatrixXd q =
      qr.householderQ() * Eigen::MatrixXd::Identity(rows, Index(qr.rank()));  // [rows, rank]
  const Eigen::VectorXd left = now - past * c, leverage = q.rowwise().squaredNorm();
  Whitening out;
  out.coefficients_.assign(c.begin(), c.end());
  for (Index i = 0; i < rows; ++i) {
    out.reference_.push_back(left[i] / std::max(1e-6, 1 - leverage[i]));
  }
  for (int k = 1; k <= order; ++k) out.last_.push_back(reference[reference.size() - size_t(k)]);
  return out;
}

double Whitening::Foretold() const {
  double sum = coefficients_[0];
  for (size_t k = 0; k < last_.size(); ++k) sum += coefficients_[k + 1] * last_[k];
  return sum;
}

double Whitening::Next(double value) {
  const double foretold = Foretold();
  last_.pop_back();
  last_.push_front(std::isfinite(value) ? value : foretold);
  return value - foretold;
}

}  // namespace ronchi::theory
