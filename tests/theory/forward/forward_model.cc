#include "theory/forward/forward_model.h"

#include <gtest/gtest.h>

namespace ronchi::theory {
namespace {

// Two data, x and 2x, where x grows by a rate; variances 1 and 4.
class Doubling final : public ForwardModel {
 public:
  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition&) const override { return absl::OkStatus(); }
  Prediction Predict(const State& v, const Acquisition&) const override {
    return {Eigen::Vector2d(v[0], 2 * v[0]), Eigen::Vector2d(1, 4)};
  }
  Prediction Linearise(const State& v, const Acquisition& at, Eigen::MatrixXd* j) const override {
    j->setZero(2, 2);
    j->col(0) << 1, 2;
    return Predict(v, at);
  }

 private:
  ParameterSet parameters_ =
      *ParameterSet::Create({{.name = "x"}, {.name = "x_per_s", .rate_of = "x"}});
};
Acquisition Pair(float a, float b, double time_s) {
  return {.settings = {}, .time_s = time_s, .data = Array<float>({2}, {a, b})};
}

TEST(ForwardModelBase, ChiSquareIsWeightedByTheVariance) {
  const Doubling model;
  const Acquisition at = Pair(4, 2, 0);
  EXPECT_EQ(DataOf(at), Eigen::Vector2d(4, 2));
  // (4 − 3)²/1 + (2 − 6)²/4.
  EXPECT_DOUBLE_EQ(ChiSquare(model.Predict(Eigen::Vector2d(3, 0), at), at), 5);
}

// Rates carry the values of the first acquisition to the later ones.
TEST(ForwardModelBase, AMatchIsMinusChiSquareAlongThePath) {
  const Doubling model;
  const std::vector<Acquisition> all = {Pair(3, 6, 10), Pair(5, 10, 14)};
  const ForwardModel::Match match = model.MakeMatch(all);
  State straight = Eigen::Vector2d(3, 0.5), still = Eigen::Vector2d(3, 0);
  EXPECT_DOUBLE_EQ(match(&straight), 0);
  EXPECT_DOUBLE_EQ(match(&still), -(4 + 4));
  EXPECT_EQ(straight, State(Eigen::Vector2d(3, 0.5)));  // it sets nothing by itself
}

TEST(ForwardModelBase, CountsHaveShotNoiseAndReadout) {
  const CountingOptions o{.counts_per_electron = 20, .dark_counts = 100, .readout_counts = 3};
  const Eigen::VectorXd v = CountingVariance(o, Eigen::Vector3d(300, 100, 0), 4);
  EXPECT_DOUBLE_EQ(v[0], (20 * 200 + 9) / 4.0);
  EXPECT_DOUBLE_EQ(v[1], (20 * 1 + 9) / 4.0);  // a twentieth of an electron
  EXPECT_DOUBLE_EQ(v[2], v[1]);                // below the dark level as well
}

TEST(ForwardModelBase, ASettingThatIsNotThereIsZero) {
  Acquisition a;
  a.settings["optics.C10"] = 3;
  EXPECT_EQ(a.Setting("optics.C10"), 3);
  EXPECT_EQ(a.Setting("optics.C30"), 0);
}

}  // namespace
}  // namespace ronchi::theory
