#include "agents/bayes/acquisition_optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::agents {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Σ of peaks, each of its own height and width.
struct Peaks {
  std::vector<VectorXd> at;
  std::vector<double> height, width;
  double operator()(const VectorXd& x, VectorXd* gradient) const {
    double sum = 0;
    if (gradient) gradient->setZero(x.size());
    for (size_t i = 0; i < at.size(); ++i) {
      const VectorXd d = (x - at[i]) / width[i];
      const double value = height[i] * std::exp(-0.5 * d.squaredNorm());
      sum += value;
      if (gradient) *gradient -= value * d / width[i];
    }
    return sum;
  }
  BoundedMaximum Maximum(const MatrixXd& extra, uint64_t seed = 1) const {
    const BatchFunction many = [this](const MatrixXd& points) {
      VectorXd values(points.rows());
      for (Eigen::Index i = 0; i < points.rows(); ++i) {
        values[i] = (*this)(points.row(i).transpose(), nullptr);
      }
      return values;
    };
    return MaximizeOverCube(many, *this, 2, extra, {.seed = seed, .name = "test"});
  }
};

VectorXd Point(double x, double y) { return Eigen::Vector2d(x, y); }

TEST(AcquisitionOptimizer, FindsTheHighestOfManyPeaks) {
  Peaks peaks;
  for (int i = 0; i < 5; ++i) {
    peaks.at.push_back(Point(0.1 + 0.2 * i, 0.9 - 0.15 * i));
    peaks.height.push_back(i == 3 ? 1.2 : 1);
    peaks.width.push_back(0.05);
  }
  const BoundedMaximum found = peaks.Maximum(MatrixXd(0, 2));
  // Neighbours are five widths away and pull by e^{-12}; a value within 1e-5 of the top is within
  // √(2e-5/1.2) of a width.
  EXPECT_NEAR((found.x - peaks.at[3]).norm(), 0, 0.05 * 0.006);
  EXPECT_NEAR(found.value, 1.2, 2e-5);
}

// A needle of a thousandth of the cube's side, which 512 points miss: only who is told of its place
// finds it, from a width away.
TEST(AcquisitionOptimizer, TriesTheExtraPoints) {
  const Peaks peaks{{Point(0.7, 0.7), Point(0.123, 0.456)}, {0.5, 3}, {0.3, 1e-3}};
  EXPECT_NEAR(peaks.Maximum(MatrixXd(0, 2)).value, 0.5, 1e-3);
  MatrixXd extra(1, 2);
  extra << 0.1235, 0.4555;
  const BoundedMaximum found = peaks.Maximum(extra);
  EXPECT_GT(found.value, 2.9);
  EXPECT_NEAR((found.x - peaks.at[1]).norm(), 0, 1e-3);
}

TEST(AcquisitionOptimizer, StaysInTheCubeAndIsAFunctionOfItsKey) {
  const Peaks beyond{{Point(1.3, -0.4)}, {1}, {0.5}};
  const BoundedMaximum found = beyond.Maximum(MatrixXd(0, 2));
  EXPECT_EQ(found.x, Point(1, 0));
  const Peaks peaks{{Point(0.7, 0.7)}, {0.5}, {0.3}};
  EXPECT_EQ(peaks.Maximum(MatrixXd(0, 2), 5).x, peaks.Maximum(MatrixXd(0, 2), 5).x);
}

TEST(PointsAbout, LieAboutEachCenterWithinTheCube) {
  Eigen::MatrixXd centers(2, 3);
  centers << 0.5, 0.5, 0.5, 1, 0, 0.2;
  const Eigen::MatrixXd points = PointsAbout(centers, {.seed = 1, .name = "about"});
  ASSERT_EQ(points.rows(), 32);
  EXPECT_TRUE((points.array() >= 0).all() && (points.array() <= 1).all());
  // Those of the first center are the even ones, which are near (0.01): five deviations.
  for (Eigen::Index i = 0; i < 32; i += 2) {
    EXPECT_LT((points.row(i) - centers.row(0)).cwiseAbs().maxCoeff(), 0.05);
  }
  EXPECT_EQ(points, PointsAbout(centers, {.seed = 1, .name = "about"}));
  EXPECT_EQ(PointsAbout(Eigen::MatrixXd(0, 3), {}).rows(), 0);
}

}  // namespace
}  // namespace ronchi::agents
