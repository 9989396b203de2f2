#include "agents/bayes/bounded_maximum.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::agents {
namespace {

using Eigen::Vector3d;
using Eigen::VectorXd;

// −Σ wᵢ (xᵢ − cᵢ)²: in a box its maximum is c, brought into the box element by element.
struct Hill {
  VectorXd centre, weight;
  double operator()(const VectorXd& x, VectorXd* gradient) const {
    const VectorXd d = x - centre;
    if (gradient) *gradient = -2 * weight.cwiseProduct(d);
    return -weight.dot(d.cwiseProduct(d));
  }
};

TEST(BoundedMaximum, OfAHillOutsideTheBoxIsTheNearestPoint) {
  const Hill hill{Vector3d(0.3, -2, 5), Vector3d(1, 10, 0.1)};
  const VectorXd low = Vector3d(0, 0, 0), high = Vector3d(1, 1, 1);
  const BoundedMaximum found =
      MaximizeBounded(hill, Vector3d(9, 9, -9), low, high, {.value_tolerance = 1e-12});
  EXPECT_NEAR(found.x[0], 0.3, 1e-5);  // a value of 1e-12 of a parabola: 1e-6
  EXPECT_EQ(found.x[1], 0);
  EXPECT_EQ(found.x[2], 1);
  EXPECT_EQ(found.value, hill(found.x, nullptr));
}

// Rosenbrock's valley, upside down: curved, with its top at (1, 1).
TEST(BoundedMaximum, FollowsACurvedRidge) {
  const SmoothFunction valley = [](const VectorXd& x, VectorXd* gradient) {
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    if (gradient) *gradient = Eigen::Vector2d(2 * a + 400 * x[0] * b, -200 * b);
    return -(a * a + 100 * b * b);
  };
  const BoundedMaximum found =
      MaximizeBounded(valley, Eigen::Vector2d(-1.2, 1), Eigen::Vector2d(-2, -2),
                      Eigen::Vector2d(2, 2), {.max_evaluations = 200, .value_tolerance = 1e-14});
  EXPECT_NEAR(found.x[0], 1, 1e-4);
  EXPECT_NEAR(found.x[1], 1, 2e-4);
  EXPECT_LE(found.evaluations, 200);
}

// Where there is nothing to gain, the start is the best that was seen.
TEST(BoundedMaximum, IsNeverWorseThanItsStart) {
  int calls = 0;
  const SmoothFunction noise = [&](const VectorXd&, VectorXd* gradient) {
    *gradient = VectorXd::Ones(1);  // a slope that is not there
    return ++calls == 1 ? 1.0 : 0.0;
  };
  const VectorXd low = VectorXd::Zero(1), high = VectorXd::Ones(1),
                 start = VectorXd::Constant(1, 0.5);
  const BoundedMaximum found = MaximizeBounded(noise, start, low, high, {.max_evaluations = 10});
  EXPECT_EQ(found.value, 1);
  EXPECT_EQ(found.x[0], 0.5);
  EXPECT_EQ(found.evaluations, calls);
}

TEST(BoundedMaximum, OfABoxThatIsAPointIsThatPoint) {
  const Hill hill{Vector3d(0.3, -2, 5), Vector3d(1, 10, 0.1)};
  const VectorXd point = Vector3d(0.5, 0.5, 0.5);
  const BoundedMaximum found = MaximizeBounded(hill, Vector3d(0, 0, 0), point, point);
  EXPECT_EQ(found.x, point);
  EXPECT_EQ(found.value, hill(point, nullptr));
}

}  // namespace
}  // namespace ronchi::agents
