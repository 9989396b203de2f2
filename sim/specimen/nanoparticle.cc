#include "sim/specimen/nanoparticle.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "core/random.h"

namespace ronchi::sim {
namespace {

// Atoms on a face are inside whatever the round-off of their places.
constexpr double kRoundOff_A = 1e-6;

Eigen::Matrix3d Lattice(const Crystal& c) {
  return Eigen::Map<const Eigen::Matrix3d>(c.lattice_A[0].data());
}

bool IsCubic(const Eigen::Matrix3d& lattice) {
  const double a2 = lattice.col(0).squaredNorm();
  return (lattice.transpose() * lattice - a2 * Eigen::Matrix3d::Identity()).cwiseAbs().maxCoeff() <
         1e-4 * a2;
}

// Uniform on SO(3) (Shoemake, Graphics Gems III, 124 (1992)).
Eigen::Matrix3d RandomRotation(uint64_t seed) {
  RandomStream random({.seed = seed, .name = "sim.nanoparticle"});
  const double u = random.Uniform(), v = 2 * kPi * random.Uniform();
  const double w = 2 * kPi * random.Uniform();
  const Eigen::Quaterniond q(std::sqrt(u) * std::cos(w), std::sqrt(1 - u) * std::sin(v),
                             std::sqrt(1 - u) * std::cos(v), std::sqrt(u) * std::sin(w));
  return q.normalized().toRotationMatrix();
}

// Takes `direction` to z and the part of `side` across it to x.
Eigen::Matrix3d Orient(const Eigen::Vector3d& direction, const Eigen::Vector3d& side) {
  const Eigen::Vector3d z = direction.normalized();
  const Eigen::Vector3d x = (side - side.dot(z) * z).normalized();
  Eigen::Matrix3d rows;
  rows.row(0) = x, rows.row(1) = z.cross(x), rows.row(2) = z;
  return rows;
}

absl::StatusOr<Eigen::Matrix3d> Rotation(const Eigen::Matrix3d& lattice,
                                         const NanoparticleOptions& options) {
  Eigen::Matrix3d r;
  if (!options.orientation) {
    r = RandomRotation(options.seed);
  } else {
    const LatticeDirection& n = *options.orientation;
    const Eigen::Vector3d z = lattice * Eigen::Vector3d(n[0], n[1], n[2]);
    if (z.norm() == 0) return absl::InvalidArgumentError("[0, 0, 0] is no direction");
    const bool along_a = n[1] == 0 && n[2] == 0;
    r = Orient(z, lattice.col(along_a ? 1 : 0));
  }
  return Eigen::AngleAxisd(options.rotate_deg * kPi / 180, Eigen::Vector3d::UnitZ()) * r;
}

}  // namespace

ParticleShape ParticleShape::Sphere(double diameter_A) {
  return {.kind = Kind::kSphere, .radius_A = diameter_A / 2};
}

ParticleShape ParticleShape::TruncatedOctahedron(double diameter_A, double gamma_100_over_111) {
  ParticleShape s{.kind = Kind::kTruncatedOctahedron,
                  .distance_100_A = gamma_100_over_111,
                  .distance_111_A = 1};
  const double scale = std::cbrt(kPi / 6 / s.Volume_A3()) * diameter_A;
  s.distance_100_A *= scale;
  s.distance_111_A *= scale;
  return s;
}

bool ParticleShape::Inside(const Vector3& r) const {
  if (kind == Kind::kSphere) return std::hypot(r[0], r[1], r[2]) <= radius_A + kRoundOff_A;
  const double x = std::fabs(r[0]), y = std::fabs(r[1]), z = std::fabs(r[2]);
  return std::max({x, y, z}) <= distance_100_A + kRoundOff_A &&
         x + y + z <= std::sqrt(3) * (distance_111_A + kRoundOff_A);
}

// The octahedron |x| + |y| + |z| ≤ s has 4s³/3; beyond each face |x| = h a pyramid of 2(s - h)³/3
// is cut off; where two of them meet (s > 2h) a piece of (s - 2h)³/3 was taken twice, at 12 edges.
double ParticleShape::Volume_A3() const {
  if (kind == Kind::kSphere) return 4 * kPi / 3 * std::pow(radius_A, 3);
  const double s = std::sqrt(3) * distance_111_A, h = distance_100_A;
  return 4. / 3 * std::pow(s, 3) - 4 * std::pow(std::max(0.0, s - h), 3) +
         4 * std::pow(std::max(0.0, s - 2 * h), 3);
}

double ParticleShape::Reach_A() const {
  if (kind == Kind::kSphere) return radius_A;
  const double s = std::sqrt(3) * distance_111_A, h = std::min(distance_100_A, s);
  return std::hypot(h, std::min(h, s - h), std::max(0.0, s - 2 * h));  // a corner
}

absl::StatusOr<Nanoparticle> MakeNanoparticle(const Crystal& crystal,
                                              const NanoparticleOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckLattice(crystal.lattice_A));
  const Eigen::Matrix3d lattice = Lattice(crystal);
  Eigen::Matrix3d own = Eigen::Matrix3d::Identity();  // Cartesian → the axes of the shape
  if (options.shape.kind == ParticleShape::Kind::kTruncatedOctahedron) {
    if (!IsCubic(lattice)) {
      return absl::InvalidArgumentError("a truncated octahedron needs a cubic cell");
    }
    own = lattice.colwise().normalized().transpose();
  }
  const double reach = options.shape.Reach_A();
  const double atoms =
      double(crystal.atoms.size()) * options.shape.Volume_A3() / crystal.Volume_A3();
  if (atoms > kMostAtoms) {
    return absl::InvalidArgumentError(
        absl::StrFormat("makes %.3g atoms; allowed: up to %g", atoms, kMostAtoms));
  }
  RONCHI_ASSIGN_OR_RETURN(const Eigen::Matrix3d rotation, Rotation(lattice, options));
  const Eigen::Matrix3d reciprocal = lattice.inverse();
  const auto place = [](const Atom& a) { return Eigen::Vector3d(a.x_A, a.y_A, a.z_A); };
  const Eigen::Vector3d centre = place(crystal.atoms.front());
  Nanoparticle particle;
  const Eigen::Matrix3d axes = own * rotation.transpose();
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) particle.shape_axes[i][j] = axes(int(i), int(j));
  }
  Specimen& out = particle.specimen;
  out.title = crystal.title;
  out.summary = crystal.summary;
  out.cell_A.fill(2 * (reach + options.vacuum_A));
  const Eigen::Vector3d middle = Eigen::Vector3d::Constant(out.cell_A[0] / 2);
  for (Atom a : crystal.atoms) {
    const Eigen::Vector3d origin = place(a) - centre;
    // Copies n with |origin + lattice n| ≤ reach: n lies within reach·|a*| of -a*·origin.
    const Eigen::Vector3d at = -(reciprocal * origin);
    int low[3], high[3];
    for (int i : {0, 1, 2}) {
      const double most = reach * reciprocal.row(i).norm() + 1e-6;
      low[i] = int(std::ceil(at[i] - most));
      high[i] = int(std::floor(at[i] + most));
    }
    for (int i = low[0]; i <= high[0]; ++i) {
      for (int j = low[1]; j <= high[1]; ++j) {
        for (int k = low[2]; k <= high[2]; ++k) {
          const Eigen::Vector3d r = origin + lattice * Eigen::Vector3d(i, j, k);
          const Eigen::Vector3d in_shape = own * r;
          if (!options.shape.Inside({in_shape[0], in_shape[1], in_shape[2]})) continue;
          const Eigen::Vector3d turned = rotation * r + middle;
          a.x_A = turned[0];
          a.y_A = turned[1];
          a.z_A = turned[2];
          out.atoms.push_back(a);
        }
      }
    }
  }
  if (out.atoms.empty()) return absl::InvalidArgumentError("no atom lies inside the shape");
  return particle;
}

}  // namespace ronchi::sim
