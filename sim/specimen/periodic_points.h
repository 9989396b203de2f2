// Points in a lattice of any shape, found by distance, periodic images included: the cell is cut
// into boxes at least `reach_A` thick, and only those around a point are looked at.
#pragma once

#include <array>
#include <vector>

#include "sim/specimen/crystal.h"

namespace ronchi::sim {

class PeriodicPoints {
 public:
  // Along axes that are not periodic there are no images. Needs a lattice with a volume.
  PeriodicPoints(const std::array<Vector3, 3>& lattice_A, std::array<bool, 3> periodic,
                 std::vector<Vector3> points_A, double reach_A);

  // f(index, distance_A) for every point, and every image, within reach of point `i`; images of `i`
  // itself are among them, `i` is not. Until f returns true.
  template <class F>
  bool Any(size_t i, const F& f) const {
    std::array<int, 3> low, high;
    Range(i, &low, &high);
    std::array<int, 3> at;
    for (at[0] = low[0]; at[0] <= high[0]; ++at[0]) {
      for (at[1] = low[1]; at[1] <= high[1]; ++at[1]) {
        for (at[2] = low[2]; at[2] <= high[2]; ++at[2]) {
          Vector3 shift;
          bool same_cell = true;
          for (size_t n = first_[Box(at, &shift, &same_cell)]; n != kNone; n = next_[n]) {
            if (n == i && same_cell) continue;
            const double d = Distance(points_[i], points_[n], shift);
            if (d <= reach_ && f(n, d)) return true;
          }
        }
      }
    }
    return false;
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  void Range(size_t i, std::array<int, 3>* low, std::array<int, 3>* high) const;
  size_t Box(const std::array<int, 3>& at, Vector3* shift, bool* same_cell) const;
  static double Distance(const Vector3& p, const Vector3& q, const Vector3& shift);

  std::array<Vector3, 3> lattice_;
  std::array<bool, 3> periodic_;
  double reach_;
  std::vector<Vector3> points_;  // periodic coordinates wrapped into the cell
  std::array<int, 3> count_, range_;
  std::vector<std::array<int, 3>> box_;  // of each point
  std::vector<size_t> first_, next_;
};

// The shortest distance between two points that are further apart than `least_A`, images included;
// `pair` names them. 0 where there is none (a single point in a cell without images).
double ShortestDistance_A(const std::array<Vector3, 3>& lattice_A, std::array<bool, 3> periodic,
                          const std::vector<Vector3>& points_A, double least_A,
                          std::array<size_t, 2>* pair);

}  // namespace ronchi::sim
