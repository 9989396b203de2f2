// Maximises a smooth function over the unit cube: many Sobol points at once, then bounded L-BFGS
// from the best of them. Serial; a function of its arguments.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "agents/bayes/bounded_maximum.h"
#include "core/random.h"

namespace ronchi::agents {

// [m, d] → [m]
using BatchFunction = std::function<Eigen::VectorXd(const Eigen::MatrixXd& points)>;

struct AcquisitionOptions {
  size_t raw_points = 512;  // BoTorch's usual number
  size_t starts = 10;
  BoundedMaximumOptions descent = {.max_evaluations = 40, .value_tolerance = 1e-5};
};

// `extra` [k, d] (k may be 0) are points tried beside the Sobol points, e.g. near the incumbent.
BoundedMaximum MaximizeOverCube(const BatchFunction& many, const SmoothFunction& one,
                                size_t dimension, const Eigen::MatrixXd& extra,
                                const StreamKey& key, const AcquisitionOptions& options = {});

// 32 points about the rows of `centers` [k, d] in turn, at a hundredth and a tenth of the cube and
// within it: Sobol points are sparse in many dimensions, and the best optimum often lies close by
// what is best so far. None about none.
Eigen::MatrixXd PointsAbout(const Eigen::MatrixXd& centers, const StreamKey& key);

}  // namespace ronchi::agents
