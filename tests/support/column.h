// A twin and the theory of it, for tests that close the loop.
#pragma once

#include <memory>

#include "hw/instrument/ground_truth.h"
#include "hw/twin/column/column_twin.h"
#include "hw/twin/column/image_model.h"
#include "theory/belief/belief.h"
#include "theory/forward/scanned_crystal.h"

namespace ronchi::testing_support {

inline hw::TwinOptions TwinFromYaml(const std::string& yaml = "preset: corrected_200kV") {
  const Config config = *Config::Parse(yaml, "test.yaml");
  absl::StatusOr<hw::TwinOptions> options = hw::ReadTwinOptions(config);
  if (!options.ok()) std::fprintf(stderr, "%s\n", options.status().ToString().c_str());
  RONCHI_CHECK(options.ok());
  return *options;
}

// The YAML of a column without hidden errors, walks, drift or noise of the current; `more` are keys
// of the prior, `keys` of the instrument.
inline std::string StillYaml(const std::string& more = "", const std::string& keys = "") {
  std::string yaml = "preset: corrected_200kV\n" + keys + "prior:\n";
  for (const char* name :
       {"C10_nm", "C12a_nm", "C12b_nm", "C21a_nm", "C21b_nm", "C23a_nm", "C23b_nm", "C30_um",
        "C10_walk_nm", "C12_walk_nm", "stage_walk_A", "drift_x_A_per_s", "drift_y_A_per_s",
        "shift_x_A", "shift_y_A", "current_noise", "dark_error_counts", "readout_counts"}) {
    if (more.find(std::string("  ") + name + ":") == std::string::npos) {
      yaml += std::string("  ") + name + ": [0, 0]\n";
    }
  }
  for (const char* name : {"current_ratio", "gain_ratio", "corrector_gain_ratio"}) {
    if (more.find(std::string("  ") + name + ":") == std::string::npos) {
      yaml += std::string("  ") + name + ": [1, 1]\n";
    }
  }
  return yaml + more;
}
inline std::unique_ptr<hw::Instrument> Still(const std::string& more = "",
                                             const std::string& keys = "") {
  return *hw::MakeTwin(TwinFromYaml(StillYaml(more, keys)), 3);
}

inline constexpr const char* kKnobs[] = {"optics.C10", "optics.C12.a", "optics.C12.b"};
constexpr double kFov_A = 15.62;
constexpr size_t kPixels = 64;
constexpr double kDwell_s = 5e-6;

inline std::shared_ptr<const theory::ScannedCrystal> ModelOf(
    const hw::TwinOptions& o,
    const std::vector<std::string>& knobs = {"C10_nm", "C12a_nm", "C12b_nm"}) {
  const auto images = *hw::MakeImageModel(o);
  return *theory::ScannedCrystal::Create(
      {.images = images,
       .field = theory::ScannedField::Square(kFov_A, kPixels),
       .electrons_per_pixel = o.nominal_current_A * kDwell_s / kElementaryCharge_C,
       .counting = {.counts_per_electron = o.counts_per_electron, .dark_counts = o.dark_counts}},
      *theory::ScannedCrystalParameters(o.prior, images->cell_A(), knobs));
}

// Sets the three coefficients (nm), scans two frames and gives their mean.
inline theory::Acquisition Acquire(hw::Instrument* twin, std::array<double, 3> settings_nm) {
  theory::Acquisition a;
  for (size_t i = 0; i < 3; ++i) {
    const auto reply = *twin->Execute(hw::Set{kKnobs[i], Nanometres(settings_nm[i])});
    a.settings[kKnobs[i]] = reply.readings[0].value.si;
  }
  hw::Scan scan{.fov_x_m = kFov_A * 1e-10,
                .fov_y_m = kFov_A * 1e-10,
                .pixels_x = kPixels,
                .pixels_y = kPixels,
                .dwell_s = kDwell_s,
                .frames = 2,
                .detectors = {"haadf"}};
  const hw::Reply reply = *twin->Execute(scan);
  a.time_s = reply.time_s;
  a.frames = 2;
  a.data = reply.frames[0].counts;
  for (size_t i = 0; i < a.data.size(); ++i) {
    a.data[i] = 0.5f * (a.data[i] + reply.frames[1].counts[i]);
  }
  return a;
}

}  // namespace ronchi::testing_support
