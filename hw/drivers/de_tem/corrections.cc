#include "hw/drivers/de_tem/corrections.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::de_tem {
namespace {

using wire::kHaiderTerms;

// Typical times of the corrector's own server.
constexpr double kCorrection_s = 0.5, kDefocus_s = 2, kTableau_s = 1, kTableauImage_s = 0.4;

const char* UnitOfOrder(const wire::HaiderTerm& term) {
  const int order = term.krivanek[1] - '0';
  return order < 3 ? "nm" : order < 5 ? "um" : "mm";
}

}  // namespace

Corrections::Corrections(const DeTemOptions& options, const Corrector* corrector)
    : options_(options), corrector_(corrector) {
  for (size_t t = 0; t < kHaiderTerms.size(); ++t) {
    if (!(options.corrections_m[t] > 0)) continue;
    for (size_t part = 0; part < wire::PartsOf(kHaiderTerms[t]); ++part) {
      parts_[wire::PropertyOf(kHaiderTerms[t], part)] = {t, part, 0};
    }
  }
}

std::vector<PropertyInfo> Corrections::Properties(const DeTemOptions& options) {
  std::vector<PropertyInfo> all;
  for (size_t t = 0; t < kHaiderTerms.size(); ++t) {
    const wire::HaiderTerm& term = kHaiderTerms[t];
    const double limit = wire::ToKrivanek(term, options.corrections_m[t]);
    for (size_t part = 0; limit > 0 && part < wire::PartsOf(term); ++part) {
      all.push_back({.name = wire::PropertyOf(term, part),
                     .dimension = Dimension::kLength,
                     .min = -limit,
                     .max = limit,
                     .max_step = 2 * limit,
                     .writable = true,
                     .meaning = absl::StrCat("corrections of ", std::string(term.name),
                                             " since it was connected, together"),
                     .unit = UnitOfOrder(term),
                     .settling_s = kCorrection_s,
                     .group = PropertyGroup::kOptics});
    }
  }
  return all;
}

std::vector<MeasurementInfo> Corrections::Measurements(const DeTemOptions& o) {
  const double tableau_s = kTableau_s + kTableauImage_s * kTableauTypes[o.tableau].images;
  return {{"defocus", kDefocus_s, kDefocus_s, o.field_m},
          {"aberrations", tableau_s, tableau_s, o.field_m}};
}

// A correction that may have been made is how far off it may be.
Reading Corrections::ReadingOf(const std::string& property) const {
  const Part& part = parts_.at(property);
  const auto doubt = in_doubt_.find(part.term);
  const double off_m = doubt == in_doubt_.end() ? 0 : doubt->second.by_m[part.part];
  return {property, Metres(part.at_m), off_m, 0};
}

absl::Status Corrections::Drive(const std::string& property, double to_m, double within_s) {
  Part& part = parts_.at(property);
  const wire::HaiderTerm& term = kHaiderTerms[part.term];
  const auto doubt = in_doubt_.find(part.term);
  if (doubt != in_doubt_.end()) {
    return MakeError(
        {ErrorKind::kHardware,
         absl::StrCat(property, ": whether the last correction of ", std::string(term.name),
                      " was made is not known (", doubt->second.why, ")"),
         "measure the aberrations, and open the corrector anew: it counts from where "
         "it stands then",
         Effect::kPerhaps});
  }
  const double by_m = to_m - part.at_m;
  if (by_m == 0) return absl::OkStatus();
  std::array<double, 2> value_m = {0, 0};
  value_m[part.part] = options_.correction_sign * wire::ToHaider(term, by_m);
  const absl::Status s = corrector_->Correct(std::string(term.name), value_m, within_s);
  if (s.ok()) {
    part.at_m = to_m;
  } else if (MayHaveHappened(s)) {
    Doubt& now = in_doubt_[part.term];
    now.why = ErrorOf(s).cause;
    now.by_m[part.part] = std::fabs(by_m);
  }
  return s;
}

absl::StatusOr<Estimate> Corrections::Measured(const std::string& what, double within_s) const {
  if (what == "defocus") {
    return corrector_->Measure("correctorMeasureC1A1", {}, what,
                               std::min(options_.measure_s, within_s));
  }
  const TableauType& type = kTableauTypes[options_.tableau];
  const double angle_rad =
      options_.tableau_angle_rad > 0 ? options_.tableau_angle_rad : type.angle_rad;
  return corrector_->Measure("correctorAcquireTableau",
                             {{"tabType", std::string(type.name)},
                              {"angle", NumberText(angle_rad * 1e3)},
                              {"maxFit", options_.tableau_max_fit}},
                             what, std::min(options_.tableau_s, within_s));
}

}  // namespace ronchi::hw::de_tem
