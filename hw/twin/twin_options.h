// Everything that defines a twin: the column's known numbers, the prior of its hidden ones, and
// what will befall it. Read from YAML (data/twins/*.yaml, or a recipe).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config.h"
#include "sim/specimen/specimen.h"
#include "theory/prior.h"

namespace ronchi::hw {

// After `at_scan` scans the hidden numbers named in `add` jump by that much.
struct TwinEvent {
  int at_scan = 0;
  std::map<std::string, double> add;
};

struct TwinOptions {
  std::string name = "twin";
  std::string specimen_file;
  int layers = 1;          // unit cells along the beam
  sim::Specimen specimen;  // one period across the beam
  enum class Engine { kContracted, kLinear } engine = Engine::kContracted;
  int phonon_configurations = 2;  // of the contracted engine
  uint64_t phonon_seed = 0;
  double thermal_rms_A = 0.08;    // of atoms for which the structure file has none
  double energy_eV = 200e3;
  double semiangle_rad = 0.018;
  double haadf_inner_rad = 0.06, haadf_outer_rad = 0.1;
  double nominal_current_A = 50e-12;
  double counts_per_electron = 1;  // the calibrated gain; the true one is hidden
  double dark_counts = 0;          // likewise
  double corrector_limit_m = 50e-9;
  double corrector_resolution_m = 1e-11;
  double settle_s = 0.05, flyback_s = 1e-4, frame_overhead_s = 0.02;
  theory::Prior prior;  // names and units: DefaultTwinPrior, docs/twin.md
  std::vector<TwinEvent> events;
};

// Every hidden number that a twin has, with the range it has when the config names none.
const std::map<std::string, theory::Range>& DefaultTwinPrior();

// `preset` names a file in data/twins; its keys are defaults that the node's own keys override.
absl::StatusOr<TwinOptions> ReadTwinOptions(const Config& node);

}  // namespace ronchi::hw
