#include "theory/belief/normal_equations.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::theory {
namespace {

// y = x + s g, where g is positive (its logarithm is the coordinate) and x grows by a rate. As
// many data as asked for, all of them alike.
class Sloped final : public ForwardModel {
 public:
  explicit Sloped(Eigen::Index data = 1) : data_(data) {}
  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition&) const override { return absl::OkStatus(); }
  Prediction Predict(const State& v, const Acquisition& at) const override {
    return {Eigen::VectorXd::Constant(data_, v[0] + at.Setting("s") * v[1]),
            Eigen::VectorXd::Constant(data_, kVariance)};
  }
  Prediction Linearise(const State& v, const Acquisition& at, Eigen::MatrixXd* j) const override {
    j->setZero(data_, 3);
    j->col(0).setOnes();
    j->col(1).setConstant(at.Setting("s"));
    return Predict(v, at);
  }
  static constexpr double kVariance = 0.25;

 private:
  const Eigen::Index data_;
  ParameterSet parameters_ =
      *ParameterSet::Create({{.name = "x"},
                             {.name = "g", .transform = Transform::kLog, .mean = 1, .sigma = 1},
                             {.name = "x_per_s", .rate_of = "x"}});
};
Acquisition Seen(double value, double s, double time_s, size_t data = 1) {
  return {.settings = {{"s", s}}, .time_s = time_s, .data = Array<float>({data}, float(value))};
}

// Of each acquisition the row (1, s e^c, t): straight from the derivatives.
TEST(NormalEquationsOf, SumTheRowsOfTheChainRule) {
  const Sloped model;
  const State at = Eigen::Vector3d(2, 0.5, -0.25);
  const double g = std::exp(0.5), from_s = 10;
  std::vector<Acquisition> all;
  Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
  Eigen::Vector3d score = Eigen::Vector3d::Zero();
  double chi2 = 0;
  for (int i = 0; i < 4; ++i) {
    const double s = 1.5 * i - 2, t = 2.0 * i, y = 3 - i;
    all.push_back(Seen(y, s, from_s + t));
    const Eigen::Vector3d row(1, s * g, t);
    const double residual = y - (2 - 0.25 * t + s * g);
    information += row * row.transpose() / Sloped::kVariance;
    score += row * residual / Sloped::kVariance;
    chi2 += residual * residual / Sloped::kVariance;
  }
  const NormalEquations n = Accumulate(model, all, at, from_s);
  EXPECT_LT((n.information - information).norm(), 1e-12 * information.norm());
  EXPECT_LT((n.score - score).norm(), 1e-12 * (1 + score.norm()));
  EXPECT_NEAR(n.chi2, chi2, 1e-12 * chi2);
  EXPECT_EQ(n.data, 4);
}

// Many data of one acquisition are summed in blocks, of which the last is not full.
TEST(NormalEquationsOf, ManyDataAreAsManyTimesOne) {
  const State at = Eigen::Vector3d(2, 0.5, -0.25);
  const std::vector<Acquisition> one = {Seen(1, 0.7, 3)}, many = {Seen(1, 0.7, 3, 1000)};
  const NormalEquations a = Accumulate(Sloped(), one, at, 0),
                        b = Accumulate(Sloped(1000), many, at, 0);
  EXPECT_LT((b.information - 1000 * a.information).norm(), 1e-9 * b.information.norm());
  EXPECT_LT((b.score - 1000 * a.score).norm(), 1e-9 * b.score.norm());
  EXPECT_EQ(b.data, 1000);
}

}  // namespace
}  // namespace ronchi::theory
