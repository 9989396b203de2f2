#include "hw/instrument/description_check.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "hw/instrument/capability.h"

namespace ronchi::hw {
namespace {

absl::Status Contradiction(const std::string& what) {
  return absl::InvalidArgumentError("description: " + what);
}

absl::Status CheckProperty(const PropertyInfo& p) {
  if (p.name.empty()) return Contradiction("a property has no name");
  if (!(p.min <= p.max)) {
    return Contradiction(
        absl::StrCat("property '", p.name, "': min ", p.min, " above max ", p.max));
  }
  if (!(p.resolution >= 0) || !(p.settling_s >= 0) || !(p.max_rate >= 0)) {
    return Contradiction(p.name + ": resolution, settling time or rate below 0");
  }
  if (p.writable && !(p.max_step >= 0)) return Contradiction(p.name + ": no largest step");
  // A stage that turns further than half a turn, or goes further than a decimetre, tells degrees
  // for radians, or micrometres for metres.
  const double furthest = p.dimension == Dimension::kAngle ? M_PI : 0.1;
  const bool finite = std::isfinite(p.min) && std::isfinite(p.max);
  if (p.group == PropertyGroup::kStage && finite &&
      std::max(std::fabs(p.min), std::fabs(p.max)) > furthest) {
    return Contradiction(absl::StrCat(p.name, ": ", p.min, " … ", p.max,
                                      " in SI units is no way of a stage: are its units others?"));
  }
  if (p.unit.empty()) return absl::OkStatus();
  const auto unit = ParseQuantity("1 " + p.unit);
  if (unit.ok() && unit->dimension == p.dimension) return absl::OkStatus();
  return Contradiction(absl::StrCat(p.name, ": '", p.unit, "' is no unit of a ",
                                    std::string(DimensionName(p.dimension))));
}

}  // namespace

absl::Status CheckDescription(const Description& d) {
  if (d.id.empty()) return Contradiction("it has no id");
  std::set<std::string> names;
  for (const PropertyInfo& p : d.properties) {
    if (!names.insert("property " + p.name).second)
      return Contradiction("two properties " + p.name);
    RONCHI_RETURN_IF_ERROR(CheckProperty(p));
  }
  for (const DetectorInfo& x : d.detectors) {
    if (!names.insert("detector " + x.name).second) return Contradiction("two detectors " + x.name);
    if (!(x.min_dwell_s <= x.max_dwell_s) || x.pixels_x < 1 || x.pixels_y < 1) {
      return Contradiction("detector " + x.name + ": dwell or pixels");
    }
  }
  const std::vector<std::string>& known = CapabilityNames();
  for (const std::string& c : d.cannot) {
    if (std::find(known.begin(), known.end(), c) == known.end()) {
      return Contradiction("it cannot '" + c + "', which is no capability");
    }
  }
  if (d.min_dwell_s <= d.max_dwell_s) return absl::OkStatus();
  return Contradiction("min_dwell_s above max_dwell_s");
}

}  // namespace ronchi::hw
