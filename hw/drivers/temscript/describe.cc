#include "hw/drivers/temscript/describe.h"

#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/instrument/description_check.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

absl::Status AddStage(const TemscriptService& service, Description* d) {
  RONCHI_ASSIGN_OR_RETURN(const json limits, service.Get("stage_limits"));
  for (const TemscriptAxis& a : kTemscriptStage) {
    const json pair = limits.is_object() ? limits.value(a.key, json()) : json();
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) {
      return service.Nonsense("stage_limits", limits.dump());
    }
    if (pair[0] == pair[1]) continue;  // an axis that there is not
    const bool tilt = *a.key == 'a' || *a.key == 'b';
    d->properties.push_back({.name = a.property,
                             .dimension = tilt ? Dimension::kAngle : Dimension::kLength,
                             .min = pair[0],
                             .max = pair[1],
                             .writable = true,
                             .meaning = absl::StrCat("stage, ", a.key),
                             .unit = tilt ? "mrad" : "um",
                             .resolution = tilt ? kTemscriptStage_rad : kTemscriptStage_m,
                             .group = PropertyGroup::kStage});
  }
  return absl::OkStatus();
}

// What a column has not it answers with an error; what is wrong with the link is one here, too.
absl::StatusOr<bool> Has(const TemscriptService& service, const std::string& what) {
  const absl::Status s = service.Get(what).status();
  if (s.ok()) return true;
  const ErrorKind kind = ErrorOf(s).kind;
  if (kind == ErrorKind::kCannot || kind == ErrorKind::kHardware) return false;
  return s;
}

absl::Status AddBeam(const TemscriptOptions& options, const TemscriptService& service,
                     Description* d) {
  auto& p = d->properties;
  RONCHI_ASSIGN_OR_RETURN(const bool shifts, Has(service, "beam_shift"));
  RONCHI_ASSIGN_OR_RETURN(const bool focuses, Has(service, "probe_defocus"));
  RONCHI_ASSIGN_OR_RETURN(const bool converges, Has(service, "convergence_angle"));
  for (const char* axis : {"x", "y"}) {
    if (!shifts) break;
    p.push_back({.name = absl::StrCat("beam.shift.", axis),
                 .dimension = Dimension::kLength,
                 .min = -options.beam_shift_limit_m,
                 .max = options.beam_shift_limit_m,
                 .writable = true,
                 .meaning = absl::StrCat("beam shift, ", axis),
                 .unit = "nm",
                 .resolution = 1e-10,
                 .group = PropertyGroup::kOptics});
  }
  if (focuses && options.defocus_sign != 0) {
    p.push_back({.name = "optics.C10",
                 .dimension = Dimension::kLength,
                 .min = -options.defocus_limit_m,
                 .max = options.defocus_limit_m,
                 .writable = true,
                 .meaning = "probe_defocus; overfocus is positive",
                 .unit = "nm",
                 .resolution = 1e-11,
                 .group = PropertyGroup::kOptics});
  }
  p.push_back({.name = "beam.energy",
               .dimension = Dimension::kVoltage,
               .min = 0,
               .max = 3e6,
               .meaning = "accelerating voltage",
               .unit = "kV",
               .group = PropertyGroup::kHighTension});
  if (converges)
    p.push_back({.name = "beam.semiangle",
                 .dimension = Dimension::kAngle,
                 .min = 0,
                 .max = 1,
                 .meaning = "of convergence",
                 .unit = "mrad",
                 .group = PropertyGroup::kBeam});
  p.push_back({.name = "beam.current",
               .dimension = Dimension::kCurrent,
               .min = 0,
               .max = 1e-6,
               .meaning = options.current_A > 0 ? "as the config states it"
                                                : "onto the fluorescent screen, when it is down",
               .unit = "pA",
               .group = PropertyGroup::kBeam});
  return absl::OkStatus();
}

absl::Status AddScanning(const TemscriptOptions& options, const TemscriptService& service,
                         TemscriptDescription* out) {
  Description& d = out->description;
  d.max_pixels = options.frame_pixels;
  RONCHI_ASSIGN_OR_RETURN(const bool stem, service.Bool("stem_available"));
  const auto cannot_scan = [&] { d.cannot.push_back("scan"); };
  if (!stem || options.field_at_magnification_1_m <= 0) {
    cannot_scan();
    return absl::OkStatus();
  }
  RONCHI_ASSIGN_OR_RETURN(const json there, service.Get("stem_detectors"));
  if (!there.is_object()) return service.Nonsense("stem_detectors", there.dump());
  const auto add = [&](const std::string& theirs, const TemscriptOptions::Detector& ours) {
    out->detectors[ours.name] = theirs;
    d.detectors.push_back({.name = ours.name,
                           .inner_rad = ours.inner_rad,
                           .outer_rad = ours.outer_rad,
                           .saturation_counts = ours.saturation_counts,
                           .dark_counts = ours.dark_counts});
  };
  for (const auto& [theirs, ours] : options.detectors) {
    if (there.contains(theirs)) {
      add(theirs, ours);
      continue;
    }
    return MakeError({ErrorKind::kNoSuchName,
                      absl::StrCat(service.name(), " has no STEM detector '", theirs, "'"),
                      absl::StrCat("it has: ", there.dump())});
  }
  if (options.detectors.empty()) {
    for (const auto& [theirs, info] : there.items()) add(theirs, {theirs});
  }
  if (d.detectors.empty()) cannot_scan();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TemscriptDescription> DescribeTemscript(const TemscriptOptions& options,
                                                       const TemscriptService& service) {
  RONCHI_ASSIGN_OR_RETURN(const std::string family, service.Text("family"));
  RONCHI_ASSIGN_OR_RETURN(const std::string id, service.Text("microscope_id"));
  TemscriptDescription out;
  Description& d = out.description;
  d.id = "temscript:" + Printable(id);
  d.model = absl::StrCat(Printable(family), ", by temscript");
  // Its own microscope without hardware, and what `ronchi serve` serves of a simulation.
  d.simulated = family == "NULL" || family == kTemscriptSimulation;
  d.cannot = {"park",           "expose",      "measure",     "abort",
              "scan.points",    "scan.spiral", "scan.camera", "scan.lines",
              "scan.rectangle", "scan.offset", "cancel"};
  d.read_s = d.blank_s = 1e-3;
  RONCHI_RETURN_IF_ERROR(AddStage(service, &d));
  RONCHI_RETURN_IF_ERROR(AddBeam(options, service, &d));
  RONCHI_RETURN_IF_ERROR(AddScanning(options, service, &out));
  RONCHI_RETURN_IF_ERROR(CheckDescription(d));
  return out;
}

}  // namespace ronchi::hw
