// A particle cut from a bulk crystal: a sphere or a truncated octahedron, turned at will.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"
#include "sim/specimen/zone_axis.h"

namespace ronchi::sim {

// Centred on the origin, in the crystal's own axes.
struct ParticleShape {
  enum class Kind { kSphere, kTruncatedOctahedron } kind = Kind::kSphere;
  double radius_A = 0;                            // sphere
  double distance_100_A = 0, distance_111_A = 0;  // truncated octahedron: centre to faces

  static ParticleShape Sphere(double diameter_A);
  // Wulff (Z. Krist. 34, 449 (1901)): distances of faces are as their surface energies. Of the
  // volume of a sphere of `diameter_A`. The ratio must lie in (1/√3, √3), cube to octahedron.
  static ParticleShape TruncatedOctahedron(double diameter_A, double gamma_100_over_111);

  bool Inside(const Vector3& r) const;  // faces belong to the particle
  double Volume_A3() const;
  double Reach_A() const;  // of the outermost point from the centre
};

struct NanoparticleOptions {
  ParticleShape shape;
  // The lattice direction along the beam; without one, a random orientation, uniform on SO(3).
  std::optional<LatticeDirection> orientation = LatticeDirection{0, 0, 1};
  double rotate_deg = 0;  // about the beam, after that; counterclockwise from x to y
  double vacuum_A = 5;    // on all sides of the sphere that the shape fits in
  uint64_t seed = 0;      // of the random orientation
};

struct Nanoparticle {
  Specimen specimen;
  std::array<Vector3, 3> shape_axes;  // rows: the axes of the shape in those of the box
};

// In the middle of a cubic box; an atom (the file's first) in the middle of the particle. With an
// orientation, a (b, if the beam runs along a) points along x as far as it can.
// InvalidArgument: a truncated octahedron of a crystal that is not cubic, no atom inside, above
// 10^8 atoms.
absl::StatusOr<Nanoparticle> MakeNanoparticle(const Crystal& crystal,
                                              const NanoparticleOptions& options);

}  // namespace ronchi::sim
