// Against integration over the objectives, box by box: Gauss–Legendre of twelve points.
#include "agents/bayes/log_ehvi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/random.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Node {
  double at = 0, weight = 0;
};

// Abramowitz & Stegun 25.4.30, n = 12.
constexpr std::array<double, 6> kAt = {0.125233408511469, 0.367831498998180, 0.587317954286617,
                                       0.769902674194305, 0.904117256370475, 0.981560634246719};
constexpr std::array<double, 6> kWeight = {0.249147045813403, 0.233492536538355, 0.203167426723066,
                                           0.160078328543346, 0.106939325995318, 0.047175336386512};

// Of a normal density, from `from` to 8.5 standard deviations above the mean, in pieces of at
// most 1.2 that end where the front's points do.
std::vector<Node> NodesOf(double mean, double sigma, double from, std::vector<double> ends) {
  const double to = mean + 8.5 * sigma;
  ends.push_back(std::max(from, mean - 8.5 * sigma));
  ends.push_back(to);
  std::erase_if(ends, [&](double e) { return e < from || e > to; });
  std::ranges::sort(ends);
  std::vector<Node> nodes;
  for (size_t i = 0; i + 1 < ends.size(); ++i) {
    const int pieces = 1 + int((ends[i + 1] - ends[i]) / (1.2 * sigma));
    const double half = (ends[i + 1] - ends[i]) / pieces / 2;
    for (int p = 0; p < pieces; ++p) {
      const double middle = ends[i] + half * (2 * p + 1);
      for (size_t k = 0; k < kAt.size(); ++k) {
        for (const int sign : {-1, 1}) {
          const double y = middle + sign * half * kAt[k], z = (y - mean) / sigma;
          nodes.push_back(
              {y, half * kWeight[k] * std::exp(-z * z / 2) / (sigma * std::sqrt(2 * M_PI))});
        }
      }
    }
  }
  return nodes;
}

// What y adds: its box less what others dominate of it.
double Improvement(const MatrixXd& front, const VectorXd& reference, const VectorXd& y) {
  MatrixXd within = front;
  for (Index i = 0; i < within.rows(); ++i) {
    within.row(i) = within.row(i).cwiseMin(y.transpose());
  }
  return (y - reference).cwiseMax(0).prod() - Hypervolume(within, reference);
}

double Integrated(const MatrixXd& front, const VectorXd& reference, const VectorXd& mean,
                  const VectorXd& sigma) {
  std::vector<std::vector<Node>> nodes;
  for (Index k = 0; k < mean.size(); ++k) {
    nodes.push_back(
        NodesOf(mean[k], sigma[k], reference[k], {front.col(k).begin(), front.col(k).end()}));
  }
  VectorXd y(mean.size());
  const std::function<double(size_t)> sum_from = [&](size_t k) {
    if (k == nodes.size()) return Improvement(front, reference, y);
    double sum = 0;
    for (const Node& node : nodes[k]) {
      y[Index(k)] = node.at;
      sum += node.weight * sum_from(k + 1);
    }
    return sum;
  };
  return sum_from(0);
}

struct EhviCase {
  MatrixXd front;
  VectorXd reference, mean, sigma;
};

EhviCase RandomCase(Index n, Index m, uint64_t seed) {
  RandomStream random({.seed = seed, .name = "test.ehvi"});
  const auto draw = [&](double from, double to) {
    return VectorXd::NullaryExpr(m, [&] { return random.Uniform(from, to); }).eval();
  };
  EhviCase c{MatrixXd(n, m), draw(-0.2, 0), draw(-0.5, 1.2), draw(0.1, 0.6)};
  for (Index i = 0; i < n; ++i) c.front.row(i) = draw(0, 1).transpose();
  return c;
}

TEST(LogEhvi, IsTheIntegralOfWhatIsAdded) {
  for (const auto [n, m, seeds] : {std::array<int, 3>{5, 2, 6}, {0, 2, 1}, {2, 3, 1}}) {
    for (int seed = 0; seed < seeds; ++seed) {
      const EhviCase c = RandomCase(n, m, uint64_t(seed));
      const double exact =
          std::exp(ComputeLogEhvi(NonDominatedBoxes(c.front, c.reference), c.mean, c.sigma).value);
      EXPECT_NEAR(exact, Integrated(c.front, c.reference, c.mean, c.sigma), 1e-10)
          << n << " " << m << " " << seed;
    }
  }
}

// Also where there is nothing to hope for, and where two members of the front are close.
TEST(LogEhvi, DerivativesAreItsSlopes) {
  for (const Index m : {2, 3}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      EhviCase c = RandomCase(6, m, seed);
      if (seed % 3 == 1) c.mean.array() -= 20;
      if (seed % 3 == 2) c.front.row(1) = c.front.row(0).array() * (1 + 1e-7);
      const auto boxes = NonDominatedBoxes(c.front, c.reference);
      const LogEhvi e = ComputeLogEhvi(boxes, c.mean, c.sigma);
      ASSERT_TRUE(std::isfinite(e.value));
      for (Index k = 0; k < m; ++k) {
        for (VectorXd* moved : {&c.mean, &c.sigma}) {
          constexpr double kStep = 1e-6;
          const double was = (*moved)[k];
          (*moved)[k] = was + kStep;
          const double up = ComputeLogEhvi(boxes, c.mean, c.sigma).value;
          (*moved)[k] = was - kStep;
          const double down = ComputeLogEhvi(boxes, c.mean, c.sigma).value;
          (*moved)[k] = was;
          const double slope = moved == &c.mean ? e.d_mean[k] : e.d_sigma[k];
          EXPECT_NEAR((up - down) / (2 * kStep), slope, 2e-5 * (1 + std::fabs(slope)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace ronchi::agents
