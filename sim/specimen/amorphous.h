// Amorphous films: random places that keep a least distance.
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
  double min_distance_A = 1.4;
  uint64_t seed = 0;
};

// As many atoms as the density says, to the nearest, none nearer to another than the least
// distance; periodic in x and y, free at both faces. Random sequential addition; what finds no
// place that way (it jams at a packing fraction of 0.38: Torquato, Uche & Stillinger, Phys. Rev. E
// 74, 061308 (2006)) is put anywhere, and overlapping atoms push each other apart. There is no
// chemistry in it: the pair distribution is that of hard spheres.
// InvalidArgument: no atoms or above 10^7, a side below twice the distance, or a density out of
// reach (a packing fraction above 0.55, or no end of the pushing).
absl::StatusOr<Specimen> MakeAmorphous(const AmorphousOptions& options);

}  // namespace ronchi::sim
