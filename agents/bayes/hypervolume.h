// Several objectives at once: which points are best in the sense of Pareto, how much they dominate,
// and what is left. All objectives are maximised; a volume is counted from a reference point, which
// is worse than whatever is of interest.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace ronchi::agents {

// Of the rows of `values` [n, m] those that are above `reference` [m] in everything and that no
// other row equals or exceeds in everything (of equal rows the first), by index, increasing.
std::vector<size_t> ParetoFront(const Eigen::MatrixXd& values, const Eigen::VectorXd& reference);

// A box of objectives, from `low` to `high` (infinite where nothing bounds it).
struct ObjectiveBox {
  Eigen::VectorXd low, high;
};

// What is above the reference and not dominated by the rows of `front`, as boxes that do not
// overlap: n + 1 of two objectives, at most (n + 1)(n + 2)/2 of three. `front` [n, m], n may be 0.
// InvalidArgument is our own mistake: m is 2 or 3.
std::vector<ObjectiveBox> NonDominatedBoxes(const Eigen::MatrixXd& front,
                                            const Eigen::VectorXd& reference);

// What the rows of `values` [n, m] dominate of that above the reference; m is 2 or 3.
double Hypervolume(const Eigen::MatrixXd& values, const Eigen::VectorXd& reference);

}  // namespace ronchi::agents
