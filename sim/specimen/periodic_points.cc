#include "sim/specimen/periodic_points.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace ronchi::sim {

PeriodicPoints::PeriodicPoints(const std::array<Vector3, 3>& lattice_A,
                               std::array<bool, 3> periodic, std::vector<Vector3> points_A,
                               double reach_A)
    : lattice_(ReducedLattice(lattice_A, periodic)),
      periodic_(periodic),
      reach_(reach_A),
      points_(std::move(points_A)) {
  const Eigen::Matrix3d cell = Eigen::Map<const Eigen::Matrix3d>(lattice_[0].data());
  const Eigen::Matrix3d reciprocal = cell.inverse();  // rows a*, b*, c*
  // Not many more boxes than points: along each side the cube root of it.
  const int most = int(std::cbrt(8 * double(points_.size()))) + 2;
  size_t boxes = 1;
  for (size_t a = 0; a < 3; ++a) {
    const double height = 1 / reciprocal.row(int(a)).norm();
    count_[a] = int(std::clamp(std::floor(height / reach_), 1.0, double(most)));
    // Rounding must not hide what lies just within reach.
    range_[a] = int(std::ceil(reach_ * count_[a] / height * (1 + 1e-9)));
    boxes *= size_t(count_[a]);
  }
  first_.assign(boxes, kNone);
  next_.assign(points_.size(), kNone);
  box_.resize(points_.size());
  for (size_t n = 0; n < points_.size(); ++n) {
    Eigen::Vector3d p(points_[n][0], points_[n][1], points_[n][2]);
    const Eigen::Vector3d f = reciprocal * p;
    for (size_t a = 0; a < 3; ++a) {
      double part = f[int(a)];
      if (periodic_[a]) {
        const double turns = std::floor(part);
        p -= turns * cell.col(int(a));
        part -= turns;
      }
      box_[n][a] = int(std::clamp(std::floor(part * count_[a]), 0.0, count_[a] - 1.0));
    }
    points_[n] = {p[0], p[1], p[2]};
    size_t& first =
        first_[(size_t(box_[n][0]) * size_t(count_[1]) + size_t(box_[n][1])) * size_t(count_[2]) +
               size_t(box_[n][2])];
    next_[n] = first;
    first = n;
  }
}

void PeriodicPoints::Range(size_t i, std::array<int, 3>* low, std::array<int, 3>* high) const {
  for (size_t a = 0; a < 3; ++a) {
    (*low)[a] = box_[i][a] - range_[a];
    (*high)[a] = box_[i][a] + range_[a];
    if (periodic_[a]) continue;
    (*low)[a] = std::max((*low)[a], 0);
    (*high)[a] = std::min((*high)[a], count_[a] - 1);
  }
}

size_t PeriodicPoints::Box(const std::array<int, 3>& at, Vector3* shift, bool* same_cell) const {
  size_t index = 0;
  *shift = {0, 0, 0};
  for (size_t a = 0; a < 3; ++a) {
    int turns = at[a] / count_[a];
    if (at[a] % count_[a] < 0) --turns;
    *same_cell &= turns == 0;
    for (size_t c = 0; c < 3; ++c) (*shift)[c] += turns * lattice_[a][c];
    index = index * size_t(count_[a]) + size_t(at[a] - turns * count_[a]);
  }
  return index;
}

double PeriodicPoints::Distance(const Vector3& p, const Vector3& q, const Vector3& shift) {
  return std::hypot(p[0] - q[0] - shift[0], p[1] - q[1] - shift[1], p[2] - q[2] - shift[2]);
}

double ShortestDistance_A(const std::array<Vector3, 3>& lattice_A, std::array<bool, 3> periodic,
                          const std::vector<Vector3>& points_A, double least_A,
                          std::array<size_t, 2>* pair) {
  if (points_A.empty()) return 0;
  // No pair is nearer than its own images: the search ends there.
  double enough = 0;
  for (size_t a = 0; a < 3; ++a) {
    const Vector3& l = lattice_A[a];
    enough += std::hypot(l[0], l[1], l[2]);
  }
  for (double reach = 3;; reach *= 2) {
    const PeriodicPoints points(lattice_A, periodic, points_A, reach);
    double shortest = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < points_A.size(); ++i) {
      points.Any(i, [&](size_t j, double d) {
        if (d > least_A && d < shortest) {
          shortest = d;
          *pair = {std::min(i, j), std::max(i, j)};
        }
        return false;
      });
    }
    if (shortest <= reach) return shortest;
    if (reach > enough) return 0;
  }
}

}  // namespace ronchi::sim
