// What every instrument promises, as checks that run against any of them: the twin, a wrapper, a
// driver, somebody's server. `ronchi conform` and the tests call it.
#pragma once

#include <string>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

enum class Outcome { kPass, kFail, kSkip };
std::string_view OutcomeName(Outcome outcome);  // "pass", "fail", "skip"

struct ConformanceCheck {
  std::string name;  // a sentence: "an unknown property is refused"
  Outcome outcome = Outcome::kSkip;
  std::string reason;  // of a failure: what was asked and answered; of a skip: why
};

struct ConformanceOptions {
  // Without it nothing that puts electrons on the specimen is asked for.
  bool may_expose = true;
  // Properties of these groups are moved by a small step and back, and asked to go where they must
  // not. The others are read only: a driver that should refuse and does not would drive them.
  std::vector<PropertyGroup> may_move = {PropertyGroup::kOptics};
  double fov_m = 1e-9;  // of the scans
  double dwell_s = 1e-6;
  size_t pixels = 8;
  double time_tolerance_s = 1e-9;  // of the instrument's clock
};

// The instrument is left blanked, its properties where they were. About twenty commands a property.
std::vector<ConformanceCheck> CheckConformance(Instrument* instrument,
                                               const ConformanceOptions& options = {});
// One line a check, failures first, then the count.
std::string ConformanceReport(const std::vector<ConformanceCheck>& checks);

}  // namespace ronchi::hw
