#include "agents/bayes/acquisition_optimizer.h"

#include <algorithm>
#include <numeric>

#include "agents/bayes/sobol.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

BoundedMaximum MaximizeOverCube(const BatchFunction& many, const SmoothFunction& one,
                                size_t dimension, const MatrixXd& extra, const StreamKey& key,
                                const AcquisitionOptions& options) {
  const Index d = Index(dimension), n = Index(options.raw_points);
  MatrixXd points(n + extra.rows(), d);
  points.topRows(n) = SobolPoints(options.raw_points, dimension, key);
  if (extra.rows() > 0) points.bottomRows(extra.rows()) = extra;

  const VectorXd values = many(points);
  std::vector<Index> order(size_t(points.rows()));
  std::iota(order.begin(), order.end(), 0);
  const size_t starts = std::min(options.starts, order.size());
  std::partial_sort(
      order.begin(), order.begin() + std::ptrdiff_t(starts), order.end(),
      [&](Index a, Index b) { return values[a] != values[b] ? values[a] > values[b] : a < b; });

  const VectorXd low = VectorXd::Zero(d), high = VectorXd::Ones(d);
  BoundedMaximum best;
  for (size_t i = 0; i < starts; ++i) {
    BoundedMaximum end =
        MaximizeBounded(one, points.row(order[i]).transpose(), low, high, options.descent);
    if (i == 0 || end.value > best.value) best = std::move(end);
  }
  return best;
}

MatrixXd PointsAbout(const MatrixXd& centers, const StreamKey& key) {
  constexpr Index kPoints = 32;
  if (centers.rows() == 0) return MatrixXd(0, centers.cols());
  RandomStream stream(key);
  MatrixXd near(kPoints, centers.cols());
  for (Index i = 0; i < kPoints; ++i) {
    const double sigma = i % 2 == 0 ? 0.01 : 0.1;
    for (Index d = 0; d < near.cols(); ++d) {
      near(i, d) = std::clamp(centers(i % centers.rows(), d) + stream.Normal(0, sigma), 0.0, 1.0);
    }
  }
  return near;
}

}  // namespace ronchi::agents
