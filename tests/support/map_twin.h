// Map twins for tests.
#pragma once

#include <string>

#include "hw/twin/particles/particles_twin.h"

namespace ronchi::testing_support {

inline hw::MapTwinOptions MapFromYaml(const std::string& yaml = "preset: plasmonic_particles") {
  absl::StatusOr<hw::MapTwinOptions> options =
      hw::ReadMapTwinOptions(*Config::Parse(yaml, "test.yaml"));
  if (!options.ok()) std::fprintf(stderr, "%s\n", options.status().ToString().c_str());
  RONCHI_CHECK(options.ok());
  return *options;
}

// Nothing but counting is noisy, nothing moves, the probe is 0.5 nm wide and all is as calibrated.
inline std::string StillMap(const std::string& more) {
  return R"(preset: plasmonic_particles
prior:
  C10_nm: [0, 0]
  probe_fwhm_nm: [0.5, 0.5]
  film_nm: [5, 5]
  shift_x_nm: [0, 0]
  shift_y_nm: [0, 0]
  drift_x_nm_per_s: [0, 0]
  drift_y_nm_per_s: [0, 0]
  stage_walk_nm: [0, 0]
  current_ratio: [1, 1]
  current_noise: [0, 0]
  gain_ratio: [1, 1]
  dark_error_counts: [0, 0]
  readout_counts: [0, 0]
)" + more;
}

}  // namespace ronchi::testing_support
