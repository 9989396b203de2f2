// Of wired_instruments.h: Direct Electron's.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "experiments/catalog/wired_address.h"
#include "experiments/catalog/wired_instruments.h"
#include "hw/drivers/de/de.h"
#include "hw/drivers/de_tem/de_tem.h"

namespace ronchi {
namespace {

constexpr NumberRange kDeSeconds = {.min = 1e-3, .max = 1e6};

absl::StatusOr<hw::de::DeOptions> ReadDe(const Config& node) {
  hw::de::DeOptions o;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.server.address, ReadAddress(&r, node, "address"));
  double pixel_mrad = 0, field_nm = 0;
  r.Text("camera", &o.camera);
  r.Text("camera_there", &o.server.camera);
  r.Number("pixel_mrad", &pixel_mrad, {.min = 0, .max = 1000});
  r.Number("frames_per_second", &o.frames_per_second, {.min = 0, .max = 1e6});
  r.Number("time_tolerance", &o.time_tolerance, {.min = 0, .max = 0.5});
  r.Bool("numbered_results", &o.numbered_results);
  r.Number("field_nm", &field_nm, {.min = 0, .max = 1e9});
  r.Number("field_at_magnification_1_m", &o.field_at_magnification_1_m, {.min = 0, .max = 1e3});
  r.Number("connect_s", &o.server.connect_s, kDeSeconds);
  r.Number("answer_s", &o.server.answer_s, kDeSeconds);
  r.Number("late_s", &o.late_s, kDeSeconds);
  RONCHI_ASSIGN_OR_RETURN(o.detectors, ReadDetectors<hw::de::DeDetector>(r.Child("detectors")));
  if (r.ok() && field_nm > 0 && o.field_at_magnification_1_m > 0) {
    r.Fail("field_nm", "not beside field_at_magnification_1_m: one of them tells the field");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.pixel_rad = pixel_mrad * 1e-3;
  o.field_m = field_nm * 1e-9;
  return o;
}

absl::Status ReadDeTemLimits(const Config& node, hw::de_tem::DeTemLimits* limits) {
  ConfigReader r(node);
  struct Key {
    const char* name;
    double* si;
    double unit, max;
  };
  constexpr double kDegree = M_PI / 180;
  const Key keys[] = {{"stage_xy_um", &limits->stage_xy_m, 1e-6, 1e4},
                      {"stage_z_um", &limits->stage_z_m, 1e-6, 1e4},
                      {"stage_alpha_deg", &limits->stage_alpha_rad, kDegree, 180},
                      {"stage_beta_deg", &limits->stage_beta_rad, kDegree, 180},
                      {"defocus_nm", &limits->defocus_m, 1e-9, 1e6},
                      {"shift_nm", &limits->shift_m, 1e-9, 1e6},
                      {"magnification", &limits->magnification, 1, 1e9},
                      {"camera_length_mm", &limits->camera_length_m, 1e-3, 1e5}};
  for (const Key& key : keys) {
    // To six digits, as they are written.
    double value = std::round(*key.si / key.unit * 1e6) * 1e-6;
    r.Number(key.name, &value, {.min = 1e-3, .max = key.max});
    *key.si = value * key.unit;
  }
  return r.Done();
}

absl::Status ReadDeCorrector(const Config& node, hw::de_tem::DeTemOptions* o) {
  ConfigReader r(node);
  ConfigReader tableau(r.Child("tableau")), limits(r.Child("limits_nm"));
  std::vector<std::string> types;
  for (const auto& type : hw::de_tem::kTableauTypes) types.emplace_back(type.name);
  std::string type = types[o->tableau];
  double angle_mrad = 0, field_nm = o->field_m * 1e9;
  tableau.Choice("type", &type, types);
  tableau.Number("angle_mrad", &angle_mrad, {.min = 0, .max = 200});
  tableau.Number("answer_s", &o->tableau_s, kDeSeconds);
  tableau.Text("max_fit", &o->tableau_max_fit);
  const bool known = o->tableau_max_fit.empty() ||
                     hw::wire::HaiderIndex(o->tableau_max_fit) < hw::wire::kHaiderTerms.size();
  if (tableau.ok() && !known) tableau.Fail("max_fit", "an aberration is needed: C1, A1, A2, B2 …");
  for (size_t i = 0; i < o->corrections_m.size(); ++i) {
    double limit_nm = std::round(o->corrections_m[i] * 1e9);
    limits.Number(hw::wire::kHaiderTerms[i].name, &limit_nm, {.min = 0, .max = 1e7});
    o->corrections_m[i] = limit_nm * 1e-9;
  }
  r.Number("sign", &o->correction_sign, {.min = -1, .max = 1});
  r.Number("field_nm", &field_nm, {.min = 0.1, .max = 1e6});
  r.Number("measure_s", &o->measure_s, kDeSeconds);
  r.Number("correct_s", &o->correct_s, kDeSeconds);
  if (r.ok() && o->correction_sign != -1 && o->correction_sign != 1) {
    r.Fail("sign", "-1 (the value is taken out) or 1 is needed");
  }
  if (limits.ok() && o->corrections_m[0] > 0) {
    limits.Fail("C1", "only 0 is allowed: optics.C10 is the column's own focus");
  }
  RONCHI_RETURN_IF_ERROR(tableau.Done());
  RONCHI_RETURN_IF_ERROR(limits.Done());
  RONCHI_RETURN_IF_ERROR(r.Done());
  o->field_m = field_nm * 1e-9;
  o->tableau_angle_rad = angle_mrad * 1e-3;
  o->tableau = size_t(std::find(types.begin(), types.end(), type) - types.begin());
  return absl::OkStatus();
}

absl::StatusOr<hw::de_tem::DeTemOptions> ReadDeTem(const Config& node) {
  hw::de_tem::DeTemOptions o;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.address, ReadAddress(&r, node, "address"));
  double current_pA = 0, probe_nm = o.probe_m * 1e9;
  const std::vector<std::string> modes = {"as_it_is", "tem", "stem"};  // from −1 on
  std::string mode = modes[0];
  r.Choice("mode", &mode, modes);
  r.Number("answer_s", &o.answer_s, kDeSeconds);
  r.Number("move_s", &o.move_s, kDeSeconds);
  r.Number("poll_s", &o.poll_s, {.min = 1e-3, .max = 10});
  r.Number("defocus_sign", &o.defocus_sign, {.min = -1, .max = 1});
  r.Number("current_pA", &current_pA, {.min = 0, .max = 1e6});
  r.Number("probe_nm", &probe_nm, {.min = 0.01, .max = 1e4});
  if (r.ok() && o.defocus_sign != -1 && o.defocus_sign != 0 && o.defocus_sign != 1) {
    r.Fail("defocus_sign", "-1, 0 (it is left alone) or 1 is needed");
  }
  RONCHI_RETURN_IF_ERROR(ReadDeTemLimits(r.Child("limits"), &o.limits));
  RONCHI_RETURN_IF_ERROR(ReadDeCorrector(r.Child("corrector"), &o));
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.mode = int(std::find(modes.begin(), modes.end(), mode) - modes.begin()) - 1;
  o.current_A = current_pA * 1e-12;
  o.probe_m = probe_nm * 1e-9;
  return o;
}

absl::StatusOr<InstrumentMaker> PrepareDe(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::de::DeOptions options, ReadDe(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::de::MakeDe(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseDe(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::de::DeOptions o, ReadDe(node));
  return absl::StrCat("DE-Server at ", o.server.address.name);
}

absl::StatusOr<InstrumentMaker> PrepareDeTem(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::de_tem::DeTemOptions options, ReadDeTem(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::de_tem::MakeDeTem(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseDeTem(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::de_tem::DeTemOptions o, ReadDeTem(node));
  return absl::StrCat("column at ", o.address.name, " by DE-TEM-Channel");
}

}  // namespace

InstrumentKind DeKind() {
  return {
      "de",
      "a camera of Direct Electron, and its scans, by DE-Server; part of a composite "
      "(docs/drivers/de.md)",
      PrepareDe,
      SummariseDe,
      nullptr,
      "",
      nullptr,
      true,
      {{"address", "host:port of DE-Server, usually 13240"},
       {"camera", "its name here; de"},
       {"camera_there", "its name at the server; the first"},
       {"pixel_mrad", "across a pixel; 0 (not known)"},
       {"frames_per_second", "of the camera at least; 0 (as it stands)"},
       {"time_tolerance", "relative, of exposures and dwell times; 0.001"},
       {"numbered_results", "false where the server does not count acquisitions and frames; true"},
       {"field_nm", "side of the field that ±1 V scans; without it nothing is scanned"},
       {"field_at_magnification_1_m", "the same at magnification 1, of which the server tells"},
       {"detectors",
        "of scans, external1 … 4 and virtual0 … 4: name, inner_mrad, outer_mrad, dark_counts, "
        "saturation_counts; without it all"},
       {"connect_s", "for a connection; 5"},
       {"answer_s", "that a word of it may take; 10"},
       {"late_s", "beyond its exposure until a result is there; 10"}}};
}

InstrumentKind DeTemKind() {
  return {
      "de_tem",
      "a column, and its aberration corrector, by Direct Electron's DE-TEM-Channel "
      "(docs/drivers/de_tem.md)",
      PrepareDeTem,
      SummariseDeTem,
      nullptr,
      "",
      nullptr,
      true,
      {{"address", "host:port of its service, usually 5002"},
       {"answer_s", "that a word of it may take; 10"},
       {"move_s", "that the stage may take; 120"},
       {"poll_s", "between questions whether it is done; 0.05"},
       {"mode", "that the column is brought to when it is opened: as_it_is, tem, stem"},
       {"defocus_sign", "of optics.C10 against its defocus: 1, -1, 0 (left alone); 1"},
       {"current_pA", "of the beam; without it what the screen tells"},
       {"probe_nm", "the smallest probe of the optics; 0.1"},
       {"limits",
        "from -limit to limit: stage_xy_um 1000, stage_z_um 250, stage_alpha_deg 68.8, "
        "stage_beta_deg 29.8, defocus_nm 1000, shift_nm 1000; magnification, camera_length_mm"},
       {"corrector",
        "limits_nm, 0: not offered, {A1: 100, A2: 500, B2: 500, C3: 20000, A3: 10000, S3: 5000}; "
        "sign of a correction's value, -1; tableau: type, angle_mrad, max_fit, answer_s; field_nm "
        "100; "
        "measure_s 20; correct_s 10"}}};
}

}  // namespace ronchi
