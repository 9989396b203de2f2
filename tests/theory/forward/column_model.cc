// The measurement model's derivatives, and where a fit starts.
#include "theory/forward/column_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/column.h"
#include "theory/belief/start_search.h"

namespace ronchi::theory {
namespace {

using namespace testing_support;

const ColumnModel& Model() {
  static const ColumnModel model = ModelOf(TwinFromYaml());
  return model;
}

State Somewhere() {
  State s = State::Zero();
  s[kC10] = 42;
  s[kC12a] = -17;
  s[kC12b] = 23;
  s[kShiftX] = 1.1;
  s[kShiftY] = 0.4;
  s[kLogDose] = 0.05;
  s[kSource] = 0.8;
  return s;
}

// A symmetric difference with step h is off by O(h²): its distance from the derivative falls by 4
// as h is halved. Steps well above those inside (0.5 Å, 0.01 Å, 0.02 Å) and below the scale on
// which the image changes; 0.5 for the next order.
TEST(ColumnModel, DerivativesAreTheLimitOfDifferences) {
  const std::array<double, 3> settings = {-20, 5, 0};
  Eigen::MatrixXd jacobian;
  const Eigen::VectorXd here = Model().Linearise(Somewhere(), settings, &jacobian);
  ASSERT_EQ(jacobian.cols(), kSource + 1);
  EXPECT_EQ(here, Model().Predict(Somewhere(), settings));
  const double step[] = {16, 16, 16, 0.3, 0.3, 0.2, 0.2};
  for (int p = 0; p <= kSource; ++p) {
    auto error = [&](double h) {
      State up = Somewhere(), down = Somewhere();
      up[p] += h;
      down[p] -= h;
      const Eigen::VectorXd difference =
          (Model().Predict(up, settings) - Model().Predict(down, settings)) / (2 * h);
      return (difference - jacobian.col(p)).norm() / jacobian.col(p).norm();
    };
    const double coarse = error(step[p]), fine = error(step[p] / 2);
    EXPECT_GT(coarse, 1e-4) << kParameterNames[p];  // above single-precision noise
    EXPECT_NEAR(coarse / fine, 4, 0.5) << kParameterNames[p];
  }
}

// Settings and the column's own coefficients come in only as their sum.
TEST(ColumnModel, SettingsAddToTheColumn) {
  State moved = Somewhere();
  moved[kC10] -= 30;
  moved[kC12b] += 12;
  EXPECT_LT((Model().Predict(Somewhere(), {0, 0, 0}) - Model().Predict(moved, {30, 0, -12}))
                .cwiseAbs()
                .maxCoeff(),
            1e-4);  // single-precision transform of counts near 20
}

TEST(ColumnModel, VarianceIsShotNoiseAndReadoutOverFrames) {
  const ColumnModelOptions& o = Model().options();
  Eigen::VectorXd predicted(3);
  predicted << o.dark_counts, o.dark_counts + 40, o.dark_counts + 400;
  const Eigen::VectorXd one = Model().Variance(predicted, 1), four = Model().Variance(predicted, 4);
  EXPECT_NEAR(one[1], o.counts_per_electron * 40 + 0.25, 1e-9);
  EXPECT_NEAR(one[2], o.counts_per_electron * 400 + 0.25, 1e-9);
  EXPECT_GT(one[0], 0.25);  // a dark pixel may still see an electron
  EXPECT_LT((4 * four - one).cwiseAbs().maxCoeff(), 1e-9);
}

// Noise-free images of three settings: the best start lies within a grid step (30 Å) of the truth
// in every coefficient, and within half a raster step of the lattice shift.
TEST(SearchStarts, FindsTheBasin) {
  RandomStream random({.seed = 4, .name = "test.starts"});
  for (int trial = 0; trial < 3; ++trial) {
    State truth = Somewhere();
    truth[kC10] = random.Uniform(-100, 100);
    truth[kC12a] = random.Uniform(-80, 80);
    truth[kC12b] = random.Uniform(-80, 80);
    truth[kShiftX] = random.Uniform(0, 3.905);
    truth[kShiftY] = random.Uniform(0, 3.905);
    std::vector<Acquisition> images;
    for (double c10 : {-60., 0., 60.}) {
      Acquisition a{.settings_A = {c10, 0, 0}, .image = Array<float>({kPixels, kPixels})};
      const Eigen::VectorXd image = Model().Predict(truth, a.settings_A);
      for (size_t i = 0; i < a.image.size(); ++i) a.image[i] = float(image[Eigen::Index(i)]);
      images.push_back(a);
    }
    State center = State::Zero();
    center[kSource] = 0.8;
    const auto starts = SearchStarts(Model(), images, center, {100, 80, 80}, 6);
    ASSERT_EQ(starts.size(), 6u);
    for (int p : {kC10, kC12a, kC12b}) {
      EXPECT_NEAR(starts[0][p], truth[p], 30) << kParameterNames[p] << " trial " << trial;
    }
    for (int p : {kShiftX, kShiftY}) {
      EXPECT_NEAR(std::remainder(starts[0][p] - truth[p], 3.905), 0, 3.905 / 12)
          << kParameterNames[p] << " trial " << trial;
    }
    EXPECT_EQ(starts[0][kSource], 0.8);
  }
}

}  // namespace
}  // namespace ronchi::theory
