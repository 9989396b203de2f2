// Everything that defines a twin: the column's known numbers, the prior of its hidden ones, and
// what will befall it. Read from YAML (data/twins/*.yaml, or a recipe).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config.h"
#include "hw/twin/twin_prior.h"
#include "sim/specimen/specimen.h"

namespace ronchi::hw {

// After `at_scan` scans the hidden numbers named in `add` jump by that much.
struct TwinEvent {
  int at_scan = 0;
  std::map<std::string, double> add;
};

// A ring below the specimen. The calibration is what everybody knows; the true one is hidden.
struct TwinDetector {
  std::string name;
  double inner_rad = 0, outer_rad = 0;
  double counts_per_electron = 1, dark_counts = 0;
  double saturation_counts = 65535;
};

struct StageOptions {
  bool present = false;
  double range_m = 1e-3, z_range_m = 0.2e-3, resolution_m = 1e-10;  // x and y; z; all of them
  double speed_m_per_s = 1e-5;
  double tilt_range_rad = 0.5, tilt_resolution_rad = 1e-4, tilt_speed_rad_per_s = 0.02;
  double settle_s = 0.5;
};

struct ContaminationOptions {
  double mean_free_path_nm = 150;  // of carbon
  double signal_per_nm = 5e-5;     // what a nm of carbon adds, of the incident electrons
};

struct TwinOptions {
  std::string name = "twin";
  std::string specimen_file;
  int layers = 1;          // unit cells along the beam
  sim::Specimen specimen;  // one period across the beam
  enum class Engine { kContracted, kLinear } engine = Engine::kContracted;
  int phonon_configurations = 2;  // of the contracted engine
  uint64_t phonon_seed = 0;
  double box_A = 23;            // of the contracted engine, at least
  double thermal_rms_A = 0.08;  // of atoms for which the structure file has none
  double energy_eV = 200e3;
  double semiangle_rad = 0.018;
  // The first is HAADF, from the keys haadf_…, counts_per_electron, dark_counts, saturation_counts.
  std::vector<TwinDetector> detectors = {{"haadf", 0.06, 0.1}};
  double nominal_current_A = 50e-12;
  double counts_per_electron = 1;    // the first detector's
  double dark_counts = 0;            // likewise
  double corrector_limit_m = 50e-9;  // of C10 and C12
  double corrector_resolution_m = 1e-11;
  std::map<int, double> corrector_limits_m;  // of further terms, by index into kAberrationTerms
  double settle_s = 0.05, flyback_s = 1e-4, frame_overhead_s = 0.02, blank_s = 1e-4;
  StageOptions stage;
  ContaminationOptions contamination;
  bool real_time = false;  // commands take as long on the wall's clock as on the twin's
  theory::Prior prior;     // names and units: DefaultTwinPrior, docs/twin.md
  std::vector<TwinEvent> events;
};

// `preset` names a file in data/twins; its keys are defaults that the node's own keys override.
absl::StatusOr<TwinOptions> ReadTwinOptions(const Config& node);

}  // namespace ronchi::hw
