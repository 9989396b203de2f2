// What a column says of itself over temscript, and what the config adds. Of temscript.cc.
#pragma once

#include <map>
#include <string>

#include "hw/drivers/temscript/service.h"
#include "hw/drivers/temscript/temscript.h"

namespace ronchi::hw {

struct TemscriptAxis {
  const char* property;
  const char* key;  // of temscript
};
inline constexpr TemscriptAxis kTemscriptStage[] = {{"stage.x", "x"},
                                                    {"stage.y", "y"},
                                                    {"stage.z", "z"},
                                                    {"stage.alpha", "a"},
                                                    {"stage.beta", "b"}};
// Where a goniometer without piezo stands after a move, against what was asked: the tolerance.
inline constexpr double kTemscriptStage_m = 1e-7, kTemscriptStage_rad = 1e-3;
// The family of a simulation that `ronchi serve` serves.
inline constexpr char kTemscriptSimulation[] = "SIMULATION";

struct TemscriptDescription {
  Description description;
  std::map<std::string, std::string> detectors;  // ours → temscript's
};
absl::StatusOr<TemscriptDescription> DescribeTemscript(const TemscriptOptions& options,
                                                       const TemscriptService& service);

}  // namespace ronchi::hw
