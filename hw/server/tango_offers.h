// Which of asyncroscopy's devices an instrument can be, and what they have. Of tango_desk.cc.
#pragma once

#include <numbers>
#include <string>
#include <vector>

#include "hw/instrument/description.h"
#include "hw/wire/tango.h"

namespace ronchi::hw {

// In the order of get_stage: metres, then degrees.
inline constexpr const char* kServedTangoStage[][2] = {{"stage.x", "x"},
                                                       {"stage.y", "y"},
                                                       {"stage.z", "z"},
                                                       {"stage.alpha", "alpha"},
                                                       {"stage.beta", "beta"}};
inline double TangoStageScale(size_t axis) { return axis >= 3 ? std::numbers::pi / 180 : 1; }
// "scan" → "asyncroscopy/scan/default"
inline std::string TangoDeviceName(const std::string& part) {
  return "asyncroscopy/" + part + "/default";
}

std::vector<wire::TangoOffer> TangoOffers(const Description& description);
// The one that is exposed; null: there is none.
const DetectorInfo* TangoCamera(const Description& description);
// Of "get_image_shift" and the like: the stem of the two properties; empty: there are none.
std::string TangoPairStem(const Description& description, const std::string& command);

}  // namespace ronchi::hw
