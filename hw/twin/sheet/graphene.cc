#include "hw/twin/sheet/graphene.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace ronchi::hw {

Graphene::Graphene(double rotation_rad, Vector2 origin_A) : origin_A_(origin_A) {
  for (size_t k = 0; k < 3; ++k) {
    const double angle = rotation_rad + 2 * std::numbers::pi / 3 * double(k);
    bonds_A_[0][k] = {kBond_A * std::cos(angle), kBond_A * std::sin(angle)};
    bonds_A_[1][k] = {-bonds_A_[0][k][0], -bonds_A_[0][k][1]};
  }
  const auto& e = bonds_A_[0];
  a1_A_ = {e[0][0] - e[1][0], e[0][1] - e[1][1]};
  a2_A_ = {e[0][0] - e[2][0], e[0][1] - e[2][1]};
}

Vector2 Graphene::Place_A(const Site& s) const {
  Vector2 at;
  for (size_t i = 0; i < 2; ++i) {
    at[i] = origin_A_[i] + s.m * a1_A_[i] + s.n * a2_A_[i] + (s.b ? bonds_A_[0][0][i] : 0);
  }
  return at;
}

Site Graphene::Neighbour(const Site& s, size_t bond) const {
  const int way = s.b ? 1 : -1;
  return {s.m + (bond == 1 ? way : 0), s.n + (bond == 2 ? way : 0), !s.b};
}

Site Graphene::Nearest(const Vector2& place_A) const {
  // Coordinates along a1, a2; the nearest site is at a corner of the cell or its B.
  const double x = place_A[0] - origin_A_[0], y = place_A[1] - origin_A_[1];
  const double det = a1_A_[0] * a2_A_[1] - a1_A_[1] * a2_A_[0];
  const int m = int(std::floor((x * a2_A_[1] - y * a2_A_[0]) / det));
  const int n = int(std::floor((y * a1_A_[0] - x * a1_A_[1]) / det));
  Site best;
  double least = std::numeric_limits<double>::infinity();
  for (int i = m - 1; i <= m + 1; ++i) {
    for (int j = n - 1; j <= n + 1; ++j) {
      for (bool b : {false, true}) {
        const Vector2 at = Place_A({i, j, b});
        const double dx = at[0] - place_A[0], dy = at[1] - place_A[1], away = dx * dx + dy * dy;
        if (away < least) {
          least = away;
          best = {i, j, b};
        }
      }
    }
  }
  return best;
}

}  // namespace ronchi::hw
