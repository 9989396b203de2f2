// Atoms in an orthogonal box that repeats in x and y; the beam travels along +z. Lengths in Å.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi::sim {

inline constexpr double kMostAtoms = 1e8;  // of what a config can ask for

struct StructureSummary;

struct Atom {
  int z = 0;  // atomic number
  double x_A = 0, y_A = 0, z_A = 0;
  double occupancy = 1;  // 0 … 1
  double rms_A = 0;      // one-dimensional rms thermal displacement; 0: none given
};

struct Specimen {
  std::array<double, 3> cell_A = {0, 0, 0};
  std::vector<Atom> atoms;
  std::string title;
  double strain = 0;  // largest principal strain that made the box orthogonal (sim/zone_axis.h)
  std::shared_ptr<const StructureSummary> summary;  // of the file it is made from; may be none

  // nx × ny × nz copies of the box, side by side.
  Specimen Repeated(int nx, int ny, int nz) const;
  // Turned about the beam by a multiple of 90 degrees, the only angles that keep the box periodic.
  // InvalidArgument for others.
  absl::StatusOr<Specimen> RotatedAboutBeam(double degrees) const;
  // One frozen configuration (Einstein model): every site displaced by independent normal deviates
  // of its element's rms (Å, one dimension), else of the atom's own rms_A. At a partly occupied
  // site (sim/specimen/occupants.h) one of the occupants stands, with occupancy 1, or none: what is
  // returned has whole atoms alone. A function of (seed, configuration) and the order of the atoms.
  Specimen Displaced(const std::map<int, double>& rms_A, uint64_t seed,
                     uint64_t configuration) const;
};

}  // namespace ronchi::sim
