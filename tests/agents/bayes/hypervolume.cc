#include "agents/bayes/hypervolume.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd RandomValues(Index n, Index m, uint64_t seed) {
  RandomStream random({.seed = seed, .name = "test.hypervolume"});
  return MatrixXd::NullaryExpr(n, m, [&] { return random.Uniform(); });
}

// By inclusion and exclusion: the union of the boxes from the reference to each point.
double VolumeOfUnion(const MatrixXd& values, const VectorXd& reference) {
  double sum = 0;
  for (size_t set = 1; set < size_t(1) << values.rows(); ++set) {
    VectorXd corner = VectorXd::Constant(values.cols(), INFINITY);
    int members = 0;
    for (Index i = 0; i < values.rows(); ++i) {
      if (!(set >> i & 1)) continue;
      corner = corner.cwiseMin(values.row(i).transpose());
      ++members;
    }
    sum += (members % 2 == 1 ? 1 : -1) * (corner - reference).cwiseMax(0).prod();
  }
  return sum;
}

TEST(Hypervolume, IsThatOfTheUnionOfBoxes) {
  for (const Index m : {2, 3}) {
    for (uint64_t seed = 0; seed < 30; ++seed) {
      const MatrixXd values = RandomValues(1 + Index(seed % 9), m, seed);
      const VectorXd reference = VectorXd::Constant(m, 0.15);
      EXPECT_NEAR(Hypervolume(values, reference), VolumeOfUnion(values, reference), 1e-13);
    }
  }
  EXPECT_EQ(Hypervolume(MatrixXd(0, 3), VectorXd::Zero(3)), 0);
}

TEST(Hypervolume, BoxesHoldWhatIsNotDominatedOnce) {
  RandomStream random({.seed = 7, .name = "test.boxes"});
  for (const Index m : {2, 3}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const MatrixXd values = RandomValues(Index(seed), m, seed + 100);
      const VectorXd reference = VectorXd::Constant(m, 0.1);
      const auto boxes = NonDominatedBoxes(values, reference);
      for (int n = 0; n < 300; ++n) {
        const VectorXd y = VectorXd::NullaryExpr(m, [&] { return random.Uniform(0, 1.2); });
        bool open = (y.array() > reference.array()).all();
        for (Index i = 0; i < values.rows(); ++i) {
          open &= !(values.row(i).transpose().array() >= y.array()).all();
        }
        int held = 0;
        for (const ObjectiveBox& b : boxes) {
          held += (y.array() > b.low.array()).all() && (y.array() <= b.high.array()).all();
        }
        EXPECT_EQ(held, open ? 1 : 0);
      }
    }
  }
}

TEST(ParetoFront, LeavesOutWhatIsEqualledOrBelowTheReference) {
  MatrixXd values(6, 2);
  values << 1, 3, 2, 2, 2, 2, 1, 2, 3, 1, 5, -1;
  const VectorXd reference = VectorXd::Zero(2);
  EXPECT_EQ(ParetoFront(values, reference), (std::vector<size_t>{0, 1, 4}));
  EXPECT_TRUE(ParetoFront(MatrixXd(0, 2), reference).empty());
}

}  // namespace
}  // namespace ronchi::agents
