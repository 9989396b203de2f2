// Keys that several kinds of instruments on a wire have.
#pragma once

#include <map>
#include <string>

#include "core/config.h"
#include "hw/drivers/ceos/ceos.h"
#include "hw/wire/stream.h"

namespace ronchi {

// address: 10.0.0.7:8080. The key is needed; what is wrong with it is said by the reader's Done.
absl::StatusOr<hw::wire::Address> ReadAddress(ConfigReader* r, const Config& node,
                                              const std::string& key);

// Of a CEOS corrector, but for its address: limits_nm, tableau, field_nm, answer_s, measure_s.
absl::Status ReadCorrector(ConfigReader* r, hw::ceos::CeosOptions* options);

// detectors: {HAADF: {name: haadf, inner_mrad: 60, outer_mrad: 100, dark_counts: 5}}
template <class Detector>
absl::StatusOr<std::map<std::string, Detector>> ReadDetectors(const Config& list) {
  std::map<std::string, Detector> all;
  ConfigReader r(list);
  for (const std::string& theirs : list.Keys()) {
    Detector ours{.name = theirs};
    ConfigReader one(r.Child(theirs));
    double inner_mrad = 0, outer_mrad = 0;
    const NumberRange angles = {.min = 0, .max = 1000};
    one.Text("name", &ours.name);
    one.Number("inner_mrad", &inner_mrad, angles);
    one.Number("outer_mrad", &outer_mrad, angles);
    one.Number("dark_counts", &ours.dark_counts);
    one.Number("saturation_counts", &ours.saturation_counts, {.min = 0});
    RONCHI_RETURN_IF_ERROR(one.Done());
    ours.inner_rad = inner_mrad * 1e-3;
    ours.outer_rad = outer_mrad * 1e-3;
    all[theirs] = ours;
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  return all;
}

}  // namespace ronchi
