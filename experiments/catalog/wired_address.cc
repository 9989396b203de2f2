#include "experiments/catalog/wired_address.h"

#include <algorithm>
#include <cmath>

namespace ronchi {

absl::StatusOr<hw::wire::Address> ReadAddress(ConfigReader* r, const Config& node,
                                              const std::string& key) {
  std::string text;
  r->Text(key, &text, true);
  if (!node.Has(key)) return hw::wire::Address();  // said by Done
  const auto address = hw::wire::ParseAddress(text);
  if (!address.ok()) r->Fail(key, std::string(address.status().message()));
  return address.ok() ? *address : hw::wire::Address();
}

absl::Status ReadCorrector(ConfigReader* r, hw::ceos::CeosOptions* o) {
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  r->Number("answer_s", &o->answer_s, seconds);
  r->Number("measure_s", &o->measure_s, seconds);
  double field_nm = o->field_m * 1e9, angle_mrad = 0;
  r->Number("field_nm", &field_nm, {.min = 0.1, .max = 1e6});
  ConfigReader tableau(r->Child("tableau")), limits(r->Child("limits_nm"));
  std::vector<std::string> types;
  for (const auto& type : hw::ceos::kTableauTypes) types.emplace_back(type.name);
  std::string type = types[o->tableau];
  tableau.Choice("type", &type, types);
  tableau.Number("angle_mrad", &angle_mrad, {.min = 0, .max = 200});
  tableau.Number("answer_s", &o->tableau_s, seconds);
  for (size_t i = 0; i < o->limits_m.size(); ++i) {
    // To a hundredth of a metre: C5 of a lens that has none is some millimetres.
    double limit_nm = std::round(o->limits_m[i] * 1e9);
    limits.Number(hw::wire::kHaiderTerms[i].name, &limit_nm, {.min = 0, .max = 1e7});
    o->limits_m[i] = limit_nm * 1e-9;
  }
  RONCHI_RETURN_IF_ERROR(tableau.Done());
  RONCHI_RETURN_IF_ERROR(limits.Done());
  o->field_m = field_nm * 1e-9;
  o->tableau_angle_rad = angle_mrad * 1e-3;
  o->tableau = size_t(std::find(types.begin(), types.end(), type) - types.begin());
  return absl::OkStatus();
}

}  // namespace ronchi
