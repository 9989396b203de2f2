// What the devices tell of themselves, and what the config adds. Of hw/drivers/tango/tango.cc.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "hw/drivers/tango/part.h"
#include "hw/drivers/tango/tango.h"

namespace ronchi::hw {

// In the order of get_stage and move_stage.
struct TangoAxis {
  const char* property;
  const char* attributes[2];  // of the stage's device; asyncroscopy's own first
};
inline constexpr TangoAxis kTangoStage[] = {{"stage.x", {"x", "x"}},
                                            {"stage.y", {"y", "y"}},
                                            {"stage.z", {"z", "z"}},
                                            {"stage.alpha", {"alpha", "a"}},
                                            {"stage.beta", {"beta", "b"}}};
// Two properties that are set as one.
struct TangoPair {
  const char* stem;  // "image.shift": .x and .y
  const char* get;
  const char* set;
};
inline constexpr TangoPair kTangoPairs[] = {{"image.shift", "get_image_shift", "set_image_shift"},
                                            {"beam.tilt", "get_beam_tilt", "set_beam_tilt"}};

struct TangoParts {
  TangoParts(const TangoOptions& options, const TangoOpener& open);
  TangoPart microscope, blanker;  // the same device: one for BlankNow alone
  // Null: there is none.
  std::unique_ptr<TangoPart> scan, stage, camera, corrector;
};

struct TangoTraits {
  Description description;
  std::set<std::string> commands;                    // of the microscope
  std::array<double, 5> stage_si = {1, 1, 1, 1, 1};  // a unit of each axis, SI
  double dwell_si = 1, exposure_si = 1;              // of the attributes
  bool has_binning = false;
  std::map<std::string, std::string> detectors;  // ours → theirs
};
// Parts that are not there are left out of `parts`.
absl::StatusOr<TangoTraits> DescribeTango(const TangoOptions& options, TangoParts* parts);

}  // namespace ronchi::hw
