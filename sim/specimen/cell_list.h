// Points in a box that is periodic in x and y and open in z, found by place: every point nearer
// than `reach_A` to a place lies in one of the (at most) 27 cells around it (Allen & Tildesley,
// Computer Simulation of Liquids (1987), 5.3).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/status.h"

namespace ronchi::sim {

class CellList {
 public:
  using Point = std::array<double, 3>;

  // Needs box sides of at least 2 reach in x and y, so that a point has one nearest image.
  CellList(const std::array<double, 3>& box_A, double reach_A) : box_(box_A) {
    RONCHI_CHECK(reach_A > 0 && box_A[0] >= 2 * reach_A && box_A[1] >= 2 * reach_A);
    for (size_t a = 0; a < 3; ++a) {
      // More than a thousand cells along a side save no more time.
      count_[a] = int(std::clamp(std::floor(box_A[a] / reach_A), 1.0, 1000.0));
    }
    first_.assign(size_t(count_[0]) * size_t(count_[1]) * size_t(count_[2]), kNone);
  }

  void Add(const Point& p) {
    size_t& first = first_[Index(Cell(p))];
    next_.push_back(first);
    first = points_.size();
    points_.push_back(p);
  }
  const std::vector<Point>& points() const { return points_; }

  // f(index, p - point, distance²) for each candidate, the nearest image; until f returns true.
  template <class F>
  bool Any(const Point& p, const F& f) const {
    const std::array<int, 3> cell = Cell(p);
    for (int i = 0; i < std::min(3, count_[0]); ++i) {
      for (int j = 0; j < std::min(3, count_[1]); ++j) {
        for (int k = std::max(0, cell[2] - 1); k <= std::min(count_[2] - 1, cell[2] + 1); ++k) {
          const std::array<int, 3> at = {(cell[0] + i + count_[0] - 1) % count_[0],
                                         (cell[1] + j + count_[1] - 1) % count_[1], k};
          for (size_t n = first_[Index(at)]; n != kNone; n = next_[n]) {
            const Point d = Difference(p, points_[n]);
            if (f(n, d, d[0] * d[0] + d[1] * d[1] + d[2] * d[2])) return true;
          }
        }
      }
    }
    return false;
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  std::array<int, 3> Cell(const Point& p) const {
    std::array<int, 3> c;
    for (size_t a = 0; a < 3; ++a) {
      const double turns = a < 2 ? std::floor(p[a] / box_[a]) : 0;
      c[a] = std::clamp(int((p[a] / box_[a] - turns) * count_[a]), 0, count_[a] - 1);
    }
    return c;
  }
  size_t Index(const std::array<int, 3>& c) const {
    return (size_t(c[0]) * size_t(count_[1]) + size_t(c[1])) * size_t(count_[2]) + size_t(c[2]);
  }
  Point Difference(const Point& p, const Point& q) const {
    Point d = {p[0] - q[0], p[1] - q[1], p[2] - q[2]};
    for (size_t a : {0, 1}) d[a] -= box_[a] * std::round(d[a] / box_[a]);
    return d;
  }

  std::array<double, 3> box_;
  std::array<int, 3> count_;
  std::vector<size_t> first_, next_;
  std::vector<Point> points_;
};

}  // namespace ronchi::sim
