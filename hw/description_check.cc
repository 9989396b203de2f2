#include "hw/description_check.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "hw/capability.h"

namespace ronchi::hw {
namespace {

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError("description: " + what);
}

absl::Status Check(const PropertyInfo& p) {
  if (p.name.empty()) return Wrong("a property has no name");
  if (!(p.min <= p.max)) {
    return Wrong(absl::StrCat("property '", p.name, "': min ", p.min, " above max ", p.max));
  }
  if (!(p.resolution >= 0) || !(p.settling_s >= 0) || !(p.max_rate >= 0)) {
    return Wrong(p.name + ": resolution, settling time or rate below 0");
  }
  if (p.writable && !(p.max_step >= 0)) return Wrong(p.name + ": no largest step");
  if (p.unit.empty()) return absl::OkStatus();
  const auto unit = ParseQuantity("1 " + p.unit);
  if (unit.ok() && unit->dimension == p.dimension) return absl::OkStatus();
  return Wrong(absl::StrCat(p.name, ": '", p.unit, "' is no unit of a ",
                            std::string(DimensionName(p.dimension))));
}

}  // namespace

absl::Status CheckDescription(const Description& d) {
  if (d.id.empty()) return Wrong("it has no id");
  std::set<std::string> names;
  for (const PropertyInfo& p : d.properties) {
    if (!names.insert("property " + p.name).second) return Wrong("two properties " + p.name);
    RONCHI_RETURN_IF_ERROR(Check(p));
  }
  for (const DetectorInfo& x : d.detectors) {
    if (!names.insert("detector " + x.name).second) return Wrong("two detectors " + x.name);
    if (!(x.min_dwell_s <= x.max_dwell_s) || x.pixels_x < 1 || x.pixels_y < 1) {
      return Wrong("detector " + x.name + ": dwell or pixels");
    }
  }
  const std::vector<std::string>& known = CapabilityNames();
  for (const std::string& c : d.cannot) {
    if (std::find(known.begin(), known.end(), c) == known.end()) {
      return Wrong("it cannot '" + c + "', which is no capability");
    }
  }
  if (d.min_dwell_s <= d.max_dwell_s) return absl::OkStatus();
  return Wrong("min_dwell_s above max_dwell_s");
}

}  // namespace ronchi::hw
