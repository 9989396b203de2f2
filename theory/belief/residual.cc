#include "theory/belief/residual.h"

#include <Eigen/Cholesky>
#include <cmath>

namespace ronchi::theory {

std::vector<std::pair<std::string, double>> Residual::Streams() const {
  std::vector<std::pair<std::string, double>> streams;
  for (int i = 0; i < kObservable; ++i) streams.emplace_back(kParameterNames[i], z[i]);
  streams.emplace_back("unexplained", unexplained);
  return streams;
}

double Residual::Largest() const {
  double largest = std::fabs(unexplained);
  for (double value : z) largest = std::max(largest, std::fabs(value));
  return largest;
}

Residual MakeResidual(const Eigen::VectorXd& r, const Eigen::VectorXd& variance,
                      const Eigen::MatrixXd& jacobian,
                      const Eigen::Matrix<double, kParameters, kParameters>& covariance) {
  using Matrix = Eigen::Matrix<double, kObservable, kObservable>;
  const Eigen::VectorXd weight = variance.cwiseInverse();
  const auto j = jacobian.leftCols(kObservable);
  const Matrix information = j.transpose() * weight.asDiagonal() * j;
  const Eigen::Matrix<double, kObservable, 1> score = j.transpose() * weight.cwiseProduct(r);
  const Eigen::LDLT<Matrix> solver(information);
  const Eigen::Matrix<double, kObservable, 1> d = solver.solve(score);
  const Matrix total =
      solver.solve(Matrix::Identity()) + covariance.topLeftCorner<kObservable, kObservable>();
  Residual out;
  for (int i = 0; i < kObservable; ++i) out.z[i] = d[i] / std::sqrt(total(i, i));
  const double chi2 = r.cwiseAbs2().dot(weight);
  const double freedom = double(r.size() - kObservable);
  out.unexplained = (chi2 - d.dot(score) - freedom) / std::sqrt(2 * freedom);
  out.chi2_per_pixel = chi2 / double(r.size());
  return out;
}

}  // namespace ronchi::theory
