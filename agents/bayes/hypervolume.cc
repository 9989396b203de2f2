#include "agents/bayes/hypervolume.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/status.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

MatrixXd RowsOf(const MatrixXd& all, const std::vector<size_t>& picked, Index columns) {
  MatrixXd out(Index(picked.size()), columns);
  for (size_t i = 0; i < picked.size(); ++i) {
    out.row(Index(i)) = all.row(Index(picked[i])).head(columns);
  }
  return out;
}

// Strips along the first objective, each up from the highest point that it passes below.
std::vector<ObjectiveBox> Strips(const MatrixXd& points, const VectorXd& reference) {
  const MatrixXd front = RowsOf(points, ParetoFront(points, reference), 2);
  std::vector<Index> order(size_t(front.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::sort(order, {}, [&](Index i) { return front(i, 0); });
  std::vector<ObjectiveBox> boxes;
  double from = reference[0];
  for (const Index i : order) {
    boxes.push_back({Eigen::Vector2d(from, front(i, 1)), Eigen::Vector2d(front(i, 0), kUnbounded)});
    from = front(i, 0);
  }
  boxes.push_back({Eigen::Vector2d(from, reference[1]), Eigen::Vector2d(kUnbounded, kUnbounded)});
  return boxes;
}

// Slabs along the third objective, each with the points that reach above it.
struct Slab {
  double low = 0, high = 0;
  MatrixXd points;  // [n, 2]
};
std::vector<Slab> SlabsOf(const MatrixXd& front, const VectorXd& reference) {
  std::vector<double> levels(front.col(2).begin(), front.col(2).end());
  std::ranges::sort(levels);
  levels.erase(std::ranges::unique(levels).begin(), levels.end());
  levels.push_back(kUnbounded);
  std::vector<Slab> slabs;
  double low = reference[2];
  for (const double high : levels) {
    std::vector<size_t> above;
    for (Index i = 0; i < front.rows(); ++i) {
      if (front(i, 2) >= high) above.push_back(size_t(i));
    }
    slabs.push_back({low, high, RowsOf(front, above, 2)});
    low = high;
  }
  return slabs;
}

}  // namespace

std::vector<size_t> ParetoFront(const MatrixXd& values, const VectorXd& reference) {
  std::vector<size_t> front;
  for (Index i = 0; i < values.rows(); ++i) {
    bool best = (values.row(i).transpose().array() > reference.array()).all();
    for (Index k = 0; best && k < values.rows(); ++k) {
      const bool no_worse = (values.row(k).array() >= values.row(i).array()).all();
      const bool equal = values.row(k) == values.row(i);
      best = k == i || !no_worse || (equal && k > i);
    }
    if (best) front.push_back(size_t(i));
  }
  return front;
}

std::vector<ObjectiveBox> NonDominatedBoxes(const MatrixXd& front, const VectorXd& reference) {
  RONCHI_CHECK(reference.size() == 2 || reference.size() == 3);
  if (reference.size() == 2) return Strips(front, reference);
  std::vector<ObjectiveBox> boxes;
  for (const Slab& slab : SlabsOf(RowsOf(front, ParetoFront(front, reference), 3), reference)) {
    for (const ObjectiveBox& strip : Strips(slab.points, reference.head(2))) {
      ObjectiveBox box{VectorXd(3), VectorXd(3)};
      box.low << strip.low, slab.low;
      box.high << strip.high, slab.high;
      boxes.push_back(std::move(box));
    }
  }
  return boxes;
}

double Hypervolume(const MatrixXd& values, const VectorXd& reference) {
  RONCHI_CHECK(reference.size() == 2 || reference.size() == 3);
  const auto area = [](const MatrixXd& points, const VectorXd& from) {
    double sum = 0;
    for (const ObjectiveBox& strip : Strips(points, from)) {
      if (strip.high[0] < kUnbounded) {
        sum += (strip.high[0] - strip.low[0]) * (strip.low[1] - from[1]);
      }
    }
    return sum;
  };
  const std::vector<size_t> front = ParetoFront(values, reference);
  if (reference.size() == 2) return area(RowsOf(values, front, 2), reference);
  double volume = 0;
  for (const Slab& slab : SlabsOf(RowsOf(values, front, 3), reference)) {
    if (slab.high < kUnbounded) {
      volume += (slab.high - slab.low) * area(slab.points, reference.head(2));
    }
  }
  return volume;
}

}  // namespace ronchi::agents
