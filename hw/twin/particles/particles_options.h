// Everything that defines a map twin: what is known of the column and of the particles it looks at,
// and the prior of what is hidden. Read from YAML (`kind: map` in data/twins/*.yaml, or beside it).
#pragma once

#include <map>
#include <string>

#include "core/config.h"
#include "hw/twin/base/common_options.h"
#include "hw/twin/particles/plasmons.h"
#include "theory/parameters/prior.h"

namespace ronchi::hw {

struct MapDetectorOptions {
  double inner_rad = 0, outer_rad = 0;  // of eels: outer is the collection semiangle
  double counts_per_electron = 1, dark_counts = 0;
  double saturation_counts = 65535;
};

// The names and units of `prior`: DefaultMapPrior, docs/map_twin.md.
struct MapTwinOptions : CommonOptions {
  MapTwinOptions() { name = "map"; }
  double energy_eV = 60e3;
  double semiangle_rad = 0.030;
  double nominal_current_A = 5e-12;
  double field_nm = 120;  // side of the square that holds the particles, about the scan's origin
  MapDetectorOptions haadf{.inner_rad = 0.080, .outer_rad = 0.200};
  MapDetectorOptions eels{.outer_rad = 0.035, .saturation_counts = 1e9};
  EnergyAxis axis;
  ParticleOptions particles;
  PlasmonOptions plasmons;
  // Atoms by symbol, per nm³. In₂O₃ of 7.18 g/cm³; amorphous carbon of 2.0 g/cm³.
  std::map<std::string, double> particle_atoms_per_nm3 = {{"In", 31.2}, {"O", 46.7}};
  std::map<std::string, double> film_atoms_per_nm3 = {{"C", 100.3}};
  double defocus_limit_m = 500e-9, defocus_resolution_m = 1e-10;
  double settle_s = 0.05, flyback_s = 1e-4, frame_overhead_s = 0.02, blank_s = 1e-4;
};

// Every hidden number of a map twin, with the range it has when the config names none.
const std::map<std::string, theory::Range>& DefaultMapPrior();

// `preset` names a file in data/twins; its keys are defaults that the node's own keys override.
absl::StatusOr<MapTwinOptions> ReadMapTwinOptions(const Config& node);

}  // namespace ronchi::hw
