// Amorphous films: carbon as a network of bonds, anything as random places that keep a least
// distance.
#pragma once

#include <array>
#include <cstdint>

#include "core/status.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

struct AmorphousOptions {
  int element = 6;
  double density_g_cm3 = 2;
  std::array<double, 2> size_A = {0, 0};
  double thickness_A = 0;
  // kNetwork is carbon as it bonds (carbon_network.h); kSpheres keep a least distance and have no
  // chemistry in them: their pair distribution is that of hard spheres.
  enum class Structure { kSpheres, kNetwork } structure = Structure::kSpheres;
  double min_distance_A = 1.4;  // of spheres
  uint64_t seed = 0;
};

// Is this a film that MakeAmorphous can make as a network: of carbon, of a density and in a box
// that carbon_network.h allows?
bool CanBeNetwork(const AmorphousOptions& options);

// As many atoms as the density says, to the nearest; periodic in x and y, free at both faces.
// Spheres: none nearer to another than the least distance. Random sequential addition; what finds
// no place that way (it jams at a packing fraction of 0.38: Torquato, Uche & Stillinger, Phys. Rev.
// E 74, 061308 (2006)) is put anywhere, and overlapping atoms push each other apart. A network: as
// MakeCarbonNetwork has it, the last few kept for the program's life.
// InvalidArgument: no atoms or above 10^7, a side below twice the distance, a density out of reach
// (a packing fraction above 0.55, or no end of the pushing), or a network that cannot be.
absl::StatusOr<Specimen> MakeAmorphous(const AmorphousOptions& options);

}  // namespace ronchi::sim
