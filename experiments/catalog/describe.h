// `ronchi list`, `describe`, `doctor`: what there is, one thing in detail, what is wrong here.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi {

// Environments, agents, instruments, engines, forward models, monitors, alarm actions, recipes,
// structures: name → one line each, by group.
nlohmann::json ListEverything();
// One group of it alone, "engines". InvalidArgument: there is none, with the nearest.
absl::StatusOr<nlohmann::json> ListGroup(const std::string& group);

// NotFound: no such name; the message lists the names there are. An instrument's description
// measures the error of its image engine against multislice, which takes some seconds.
absl::StatusOr<nlohmann::json> DescribeThing(const std::string& name);

struct DoctorFinding {
  std::string what, finding;
  bool good = true;
};
std::vector<DoctorFinding> Examine();

}  // namespace ronchi
