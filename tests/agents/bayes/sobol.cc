#include "agents/bayes/sobol.h"

#include <gtest/gtest.h>

namespace ronchi::agents {
namespace {

TEST(Sobol, FillsTheSquareMoreEvenlyThanChance) {
  const Eigen::MatrixXd points = SobolPoints(256, 2, {.seed = 1, .name = "test"});
  // A (0, m, 2)-net in base 2 with the digital shift: 16 × 16 cells hold one point each, save for
  // the one that Boost's sequence leaves out in place of its first.
  int occupied = 0;
  for (int cell = 0; cell < 256; ++cell) {
    for (Eigen::Index i = 0; i < 256; ++i) {
      if (int(points(i, 0) * 16) == cell / 16 && int(points(i, 1) * 16) == cell % 16) {
        ++occupied;
        break;
      }
    }
  }
  EXPECT_GE(occupied, 255);
  const Eigen::MatrixXd other = SobolPoints(256, 2, {.seed = 2, .name = "test"});
  EXPECT_GT((points - other).norm(), 1);
}

}  // namespace
}  // namespace ronchi::agents
