// y = a + s b + noise, s a setting: everything is known in closed form.
#pragma once

#include <cmath>

#include "core/angle.h"
#include "theory/forward/forward_model.h"

namespace ronchi::theory {

class LineModel final : public ForwardModel {
 public:
  static constexpr double kNoise = 0.4;
  // With one unknown: the line through the origin, y = s b.
  explicit LineModel(bool both = true)
      : parameters_(both ? *ParameterSet::Create({{.name = "a", .mean = 1, .sigma = 2},
                                                  {.name = "b", .mean = -0.5, .sigma = 3}})
                         : *ParameterSet::Create({{.name = "b", .mean = -0.5, .sigma = 3}})) {}
  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override {
    return at.data.size() == 1 ? absl::OkStatus() : absl::InvalidArgumentError("not one number");
  }
  Eigen::RowVectorXd Row(double s) const {
    return parameters_.size() == 2 ? Eigen::RowVectorXd(Eigen::RowVector2d(1, s))
                                   : Eigen::RowVectorXd::Constant(1, s);
  }
  Prediction Predict(const State& v, const Acquisition& at) const override {
    return {Row(at.Setting("s")) * v, Eigen::VectorXd::Constant(1, kNoise * kNoise / at.frames)};
  }
  Prediction Linearise(const State& v, const Acquisition& at, Eigen::MatrixXd* j) const override {
    *j = Row(at.Setting("s"));
    return Predict(v, at);
  }
  // ln N(y; X μ, X Σ Xᵀ + σ² 1).
  double LogEvidence(const std::vector<Acquisition>& all) const {
    const Eigen::Index n = Eigen::Index(all.size());
    Eigen::MatrixXd x(n, Eigen::Index(parameters_.size()));
    Eigen::VectorXd y(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      x.row(i) = Row(all[size_t(i)].Setting("s"));
      y[i] = all[size_t(i)].data[0];
    }
    const Eigen::MatrixXd covariance =
        x * parameters_.PriorSigma().cwiseAbs2().asDiagonal() * x.transpose() +
        kNoise * kNoise * Eigen::MatrixXd::Identity(n, n);
    const Eigen::VectorXd off = y - x * parameters_.PriorMean();
    const Eigen::LLT<Eigen::MatrixXd> factor(covariance);
    return -off.dot(factor.solve(off)) / 2 - factor.matrixLLT().diagonal().array().log().sum() -
           double(n) / 2 * std::log(2 * kPi);
  }

 private:
  ParameterSet parameters_;
};

inline Acquisition OneNumber(double value, double s) {
  return {.settings = {{"s", s}}, .data = Array<float>({1}, {float(value)})};
}

}  // namespace ronchi::theory
