#include "env/sheet_tracker.h"

#include <cmath>

namespace ronchi::env {
namespace {

Vector2 operator-(const Vector2& a, const Vector2& b) { return {a[0] - b[0], a[1] - b[1]}; }
double Dot(const Vector2& a, const Vector2& b) { return a[0] * b[0] + a[1] * b[1]; }

// Which of the bonds points most along v, and how far along it.
std::pair<size_t, double> Along(const std::array<Vector2, 3>& bonds, const Vector2& v) {
  size_t best = 0;
  double most = Dot(bonds[0], v);
  for (size_t k = 1; k < 3; ++k) {
    const double dot = Dot(bonds[k], v);
    if (dot > most) {
      most = dot;
      best = k;
    }
  }
  return {best, most};
}

}  // namespace

void SheetTracker::Start(const SeenAtoms& seen) {
  state_ = {.images = 1, .silicon_A = seen.silicon_A};
  for (size_t k = 0; k < 3; ++k) state_.bonds_A[k] = seen.neighbours_A[k] - seen.silicon_A;
}

void SheetTracker::Update(const SeenAtoms& seen) {
  State& s = state_;
  // Bonds of the other sublattice point the other way.
  const Vector2 first = seen.neighbours_A[0] - seen.silicon_A;
  const Vector2 back = {-first[0], -first[1]};
  const bool other = Along(s.bonds_A, back).second > Along(s.bonds_A, first).second;
  // What it has gone, less the bond between the sublattices, in lattice vectors.
  const Vector2 &b0 = s.bonds_A[0], a1 = b0 - s.bonds_A[1], a2 = b0 - s.bonds_A[2];
  Vector2 way = seen.silicon_A - s.silicon_A;
  const double bond = double(other) - double(s.site.other);
  for (size_t i = 0; i < 2; ++i) way[i] -= bond * b0[i];
  const double det = a1[0] * a2[1] - a1[1] * a2[0];
  s.site.m += int(std::lround((way[0] * a2[1] - way[1] * a2[0]) / det));
  s.site.n += int(std::lround((way[1] * a1[0] - way[0] * a1[1]) / det));
  s.site.other = other;
  s.silicon_A = seen.silicon_A;
  // What is seen of the bonds makes them better known.
  ++s.images;
  for (const Vector2& neighbour : seen.neighbours_A) {
    Vector2 v = neighbour - seen.silicon_A;
    if (other) v = {-v[0], -v[1]};
    Vector2& known = s.bonds_A[Along(s.bonds_A, v).first];
    for (size_t i = 0; i < 2; ++i) known[i] += (v[i] - known[i]) / s.images;
  }
}

Vector2 SheetTracker::To_A(const Site& to) const {
  const auto& b = state_.bonds_A;
  const Site& at = state_.site;
  const int m = to.m - at.m, n = to.n - at.n, bond = int(to.other) - int(at.other);
  Vector2 out;
  for (size_t i = 0; i < 2; ++i) {
    out[i] = m * (b[0][i] - b[1][i]) + n * (b[0][i] - b[2][i]) + bond * b[0][i];
  }
  return out;
}

}  // namespace ronchi::env
