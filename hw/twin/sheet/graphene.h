// A sheet of graphene as a lattice without end: sites by number, places in Å.
//
// Sublattice A has its bonds along e_k, B along −e_k; e_k = (cos, sin)(rotation + k·120°). With the
// bond length b the lattice vectors are a1 = b(e_0 − e_1), a2 = b(e_0 − e_2), and
//   place(m, n, A) = origin + m a1 + n a2,   place(m, n, B) = place(m, n, A) + b e_0.
// Bond k of a site leads along ±b e_k.
#pragma once

#include <array>
#include <cstddef>

namespace ronchi::hw {

using Vector2 = std::array<double, 2>;

// C–C in graphene, Å: a = 2.46 Å over √3 (Castro Neto et al., Rev. Mod. Phys. 81, 109 (2009)).
constexpr double kBond_A = 1.42;

struct Site {
  int m = 0, n = 0;
  bool b = false;  // on sublattice B
  bool operator==(const Site&) const = default;
};

class Graphene {
 public:
  Graphene() : Graphene(0, {0, 0}) {}
  // `origin_A`: where site (0, 0, A) is.
  Graphene(double rotation_rad, Vector2 origin_A);

  Vector2 Place_A(const Site& site) const;
  // From the site to its three neighbours.
  const std::array<Vector2, 3>& Bonds_A(const Site& site) const { return bonds_A_[site.b]; }
  Site Neighbour(const Site& site, size_t bond) const;
  // The site that stands nearest.
  Site Nearest(const Vector2& place_A) const;

  const Vector2& a1_A() const { return a1_A_; }
  const Vector2& a2_A() const { return a2_A_; }

 private:
  Vector2 origin_A_, a1_A_, a2_A_;
  std::array<std::array<Vector2, 3>, 2> bonds_A_;
};

}  // namespace ronchi::hw
