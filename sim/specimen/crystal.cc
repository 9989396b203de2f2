#include "sim/specimen/crystal.h"

#include <Eigen/Dense>
#include <cmath>

#include "absl/strings/str_format.h"
#include "core/angle.h"

namespace ronchi::sim {
namespace {

// No crystal repeats in less than an ångström; what is much smaller is a slip in the units, and
// searches for boxes would not end.
constexpr double kShortestEdge_A = 0.1, kLongestEdge_A = 1e6;
// Volume over that of a box with the same edges. Real cells have above 0.1; below this the inverse
// of the lattice loses the digits that atoms are placed with.
constexpr double kLeastVolume = 1e-4;

Eigen::Matrix3d LatticeMatrix(const std::array<Vector3, 3>& lattice) {  // columns a, b, c
  return Eigen::Map<const Eigen::Matrix3d>(lattice[0].data());
}

}  // namespace

double Crystal::Volume_A3() const { return std::fabs(LatticeMatrix(lattice_A).determinant()); }

bool Crystal::IsBox() const {
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      if (i != j && std::fabs(lattice_A[i][j]) > 1e-6) return false;
    }
    if (lattice_A[i][i] <= 0) return false;
  }
  return true;
}

Vector3 Crystal::Fractional(const Atom& atom) const {
  const Eigen::Vector3d f =
      LatticeMatrix(lattice_A).inverse() * Eigen::Vector3d(atom.x_A, atom.y_A, atom.z_A);
  return {f[0], f[1], f[2]};
}

Vector3 Crystal::Lengths_A() const {
  const Eigen::Vector3d l = LatticeMatrix(lattice_A).colwise().norm();
  return {l[0], l[1], l[2]};
}

Vector3 Crystal::Angles_deg() const {
  const Eigen::Matrix3d m = LatticeMatrix(lattice_A).colwise().normalized();
  const auto angle = [&](int i, int j) { return std::acos(m.col(i).dot(m.col(j))) / kRadPerDeg; };
  return {angle(1, 2), angle(0, 2), angle(0, 1)};
}

absl::StatusOr<Specimen> Crystal::AsBox() const {
  if (!IsBox()) {
    const Vector3 l = Lengths_A(), angles = Angles_deg();
    return absl::InvalidArgumentError(absl::StrFormat(
        "the cell (%.5g, %.5g, %.5g Å; %.5g, %.5g, %.5g degrees) is not a box along x, y, z", l[0],
        l[1], l[2], angles[0], angles[1], angles[2]));
  }
  Specimen box{{lattice_A[0][0], lattice_A[1][1], lattice_A[2][2]}, atoms, title};
  box.summary = summary;
  return box;
}

absl::StatusOr<std::array<Vector3, 3>> LatticeFromCell(const Vector3& l, const Vector3& angles) {
  double cosine[3];
  for (size_t i = 0; i < 3; ++i) {
    if (!(angles[i] > 0 && angles[i] < 180)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "cell angle %g degrees is not allowed; allowed: between 0 and 180", angles[i]));
    }
    // Files write right angles as 90.000 at best; 1e-3 degrees moves no atom by 1e-4 of a cell.
    cosine[i] = std::fabs(angles[i] - 90) < 1e-3 ? 0 : std::cos(angles[i] * kRadPerDeg);
  }
  const double sine = std::sqrt(1 - cosine[2] * cosine[2]);
  const double cy = (cosine[0] - cosine[1] * cosine[2]) / sine;
  const double cz2 = 1 - cosine[1] * cosine[1] - cy * cy;
  if (!(cz2 > 0)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "cell angles %g, %g, %g degrees span no volume", angles[0], angles[1], angles[2]));
  }
  const std::array<Vector3, 3> lattice = {{{l[0], 0, 0},
                                           {l[1] * cosine[2], l[1] * sine, 0},
                                           {l[2] * cosine[1], l[2] * cy, l[2] * std::sqrt(cz2)}}};
  RONCHI_RETURN_IF_ERROR(CheckLattice(lattice));
  return lattice;
}

absl::Status CheckLattice(const std::array<Vector3, 3>& lattice_A) {
  double box = 1;
  for (const Vector3& v : lattice_A) {
    const double length = std::hypot(v[0], v[1], v[2]);
    if (!(length >= kShortestEdge_A && length < kLongestEdge_A)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("cell length %g Å is not allowed; allowed: %g … %g", length,
                          kShortestEdge_A, kLongestEdge_A));
    }
    box *= length;
  }
  const double volume = std::fabs(LatticeMatrix(lattice_A).determinant());
  if (!(volume > kLeastVolume * box)) {
    return absl::InvalidArgumentError("the cell's three vectors lie in one plane");
  }
  for (const Vector3& v : ReducedLattice(lattice_A)) {
    if (std::hypot(v[0], v[1], v[2]) < kShortestEdge_A) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the cell's three vectors lie nearly in one plane: the lattice repeats after %.2g Å",
          std::hypot(v[0], v[1], v[2])));
    }
  }
  return absl::OkStatus();
}

std::array<Vector3, 3> ReducedLattice(const std::array<Vector3, 3>& lattice_A,
                                      const std::array<bool, 3>& reduced) {
  std::array<Vector3, 3> l = lattice_A;
  const auto dot = [&](size_t i, size_t j) {
    return l[i][0] * l[j][0] + l[i][1] * l[j][1] + l[i][2] * l[j][2];
  };
  // Every pass that changes something shortens a vector; a few are enough for any real cell.
  bool changed = true;
  for (int pass = 0; changed && pass < 100; ++pass) {
    changed = false;
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) {
        if (i == j || !reduced[i] || !reduced[j] || dot(i, i) < dot(j, j)) continue;
        const double times = std::round(dot(i, j) / dot(j, j));
        if (times == 0) continue;
        Vector3 shorter;
        for (size_t c = 0; c < 3; ++c) shorter[c] = l[i][c] - times * l[j][c];
        if (std::hypot(shorter[0], shorter[1], shorter[2]) >= std::sqrt(dot(i, i))) continue;
        l[i] = shorter;
        changed = true;
      }
    }
  }
  return l;
}

}  // namespace ronchi::sim
