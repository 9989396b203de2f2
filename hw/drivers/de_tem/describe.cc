#include "hw/drivers/de_tem/describe.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/drivers/de_tem/corrections.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/description_check.h"

namespace ronchi::hw::de_tem {
namespace {

constexpr const char* kVendor = "INSTRUMENT_Type";
constexpr const char* kSimulatedCorrector = "de_twin";  // in what its corrector says of itself

// A column answers nothing to what it has not.
absl::Status AddKnobs(const DeTemOptions& options, const Channel& channel, DeTemDescription* out) {
  std::set<std::string> keys = {kVendor};
  const std::vector<Knob> all = KnobsOf(options);
  for (const Knob& knob : all) {
    if (!knob.single) keys.insert(knob.key);
  }
  const std::vector<std::string> list(keys.begin(), keys.end());
  RONCHI_ASSIGN_OR_RETURN(const auto values, channel.Batch(list));
  std::map<std::string, std::string> fields;
  for (size_t i = 0; i < list.size(); ++i) fields[list[i]] = values[i];
  for (const Knob& knob : all) {
    std::string field = knob.single ? "" : fields[knob.key];
    if (knob.single && options.current_A > 0) {
      field = "0";  // told by the config
    } else if (knob.single) {
      RONCHI_ASSIGN_OR_RETURN(const auto property, channel.Property(knob.key));
      field = property.first;
    }
    if (field.empty()) continue;
    RONCHI_RETURN_IF_ERROR(KnobValue(knob, field, channel).status());
    out->description.properties.push_back(knob.info);
    out->knobs[knob.info.name] = knob;
  }
  out->description.model =
      absl::StrCat(fields[kVendor].empty() ? "a column" : Printable(fields[kVendor].substr(0, 100)),
                   ", by DE-TEM-Channel at ", channel.name());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DeTemDescription> DescribeDeTem(const DeTemOptions& options, const Channel& channel,
                                               const Corrector& corrector) {
  DeTemDescription out;
  Description& d = out.description;
  RONCHI_RETURN_IF_ERROR(AddKnobs(options, channel, &out));
  RONCHI_ASSIGN_OR_RETURN(const bool corrects, corrector.Present());
  d.probe_m = options.probe_m;
  d.read_s = d.blank_s = 0.01;
  if (corrects) {
    for (PropertyInfo& p : Corrections::Properties(options)) d.properties.push_back(std::move(p));
    d.measurements = Corrections::Measurements(options);
    RONCHI_ASSIGN_OR_RETURN(const std::string info, corrector.Info());
    d.simulated = absl::StrContains(info, kSimulatedCorrector);
    absl::StrAppend(&d.model, "; corrector: ", Printable(info.substr(0, 60)));
  }
  for (const std::string& name : CapabilityNames()) {
    const bool scans = absl::StartsWith(name, "scan") || name == "park" || name == "expose";
    if (scans || name == "cancel" || (name == "measure" && !corrects)) d.cannot.push_back(name);
  }
  d.id = "de_tem:" + channel.name();
  RONCHI_RETURN_IF_ERROR(CheckDescription(d));
  return out;
}

}  // namespace ronchi::hw::de_tem
