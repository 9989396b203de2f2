#include "hw/drivers/de_tem/knobs.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::de_tem {
namespace {

constexpr double kMicrometre_m = 1e-6, kDegree_rad = M_PI / 180;
// Where a goniometer stands after a move, against what was asked: the tolerance.
constexpr double kStage_m = 1e-7, kStage_rad = 1e-3;
// The batch tells six digits.
constexpr double kFocus_m = 1e-11, kShift_m = 1e-10, kPlain = 1e-5;
// Half of the largest step between magnifications or camera lengths that columns have, 2.5.
constexpr double kDetent = 1.6;

void AddStageKnobs(const DeTemLimits& limits, std::vector<Knob>* all) {
  const double limit[] = {limits.stage_xy_m, limits.stage_xy_m, limits.stage_z_m,
                          limits.stage_alpha_rad, limits.stage_beta_rad};
  const char* const names[] = {"x", "y", "z", "alpha", "beta"};
  const char* const axes[] = {"x", "y", "z", "a", "b"};
  for (size_t i = 0; i < 5; ++i) {
    const bool tilt = i >= 3;
    all->push_back({.info = {.name = absl::StrCat("stage.", names[i]),
                             .dimension = tilt ? Dimension::kAngle : Dimension::kLength,
                             .min = -limit[i],
                             .max = limit[i],
                             .writable = true,
                             .meaning = absl::StrCat("stage, ", axes[i]),
                             .unit = tilt ? "mrad" : "um",
                             .resolution = tilt ? kStage_rad : kStage_m,
                             .group = PropertyGroup::kStage},
                    .si = tilt ? kDegree_rad : kMicrometre_m,
                    .key = "STAGE_PositionFull",
                    .part = i,
                    .way = Knob::Way::kStage,
                    .method = "setStagePosition",
                    .argument = axes[i]});
  }
}

// Two numbers x and y, from −limit to limit; `si`: of their unit, 0 for plain numbers.
void AddPair(const char* name, const char* key, const char* method, double limit, double si,
             const char* meaning, std::vector<Knob>* all) {
  for (size_t part = 0; part < 2; ++part) {
    const char* axis = part == 0 ? "x" : "y";
    all->push_back({.info = {.name = absl::StrCat(name, ".", axis),
                             .dimension = si > 0 ? Dimension::kLength : Dimension::kNone,
                             .min = -limit,
                             .max = limit,
                             .writable = true,
                             .meaning = absl::StrCat(meaning, ", ", axis),
                             .unit = si > 0 ? "nm" : "",
                             .resolution = si > 0 ? kShift_m : kPlain,
                             .group = PropertyGroup::kOptics},
                    .si = si > 0 ? si : 1,
                    .key = key,
                    .part = part,
                    .way = Knob::Way::kPair,
                    .method = method,
                    .argument = axis});
  }
}

Knob ReadOnlyKnob(PropertyInfo info, double si, const char* key, bool single = false) {
  return {.info = std::move(info), .si = si, .key = key, .single = single};
}

void AddOptics(const DeTemOptions& o, std::vector<Knob>* all) {
  if (o.defocus_sign != 0) {
    all->push_back({.info = {.name = "optics.C10",
                             .dimension = Dimension::kLength,
                             .min = -o.limits.defocus_m,
                             .max = o.limits.defocus_m,
                             .writable = true,
                             .meaning = "the column's defocus; overfocus is positive",
                             .unit = "nm",
                             .resolution = kFocus_m,
                             .group = PropertyGroup::kOptics},
                    .si = o.defocus_sign * kMicrometre_m,
                    .key = "PROJ_Defocus",
                    .way = Knob::Way::kValue,
                    .method = "setDefocus",
                    .argument = "defocus-m"});  // in micrometres, whatever it is called
  }
  all->push_back({.info = {.name = "optics.magnification",
                           .min = 1,
                           .max = o.limits.magnification,
                           .writable = true,
                           .meaning = "the nearest that the column has",
                           .group = PropertyGroup::kOptics},
                  .key = "PROJ_Magnification",
                  .way = Knob::Way::kValue,
                  .method = "setMagnification",
                  .argument = "mag",
                  .stepped = kDetent});
  all->push_back({.info = {.name = "optics.camera_length",
                           .dimension = Dimension::kLength,
                           .min = 1e-3,
                           .max = o.limits.camera_length_m,
                           .writable = true,
                           .meaning = "the nearest that the column has",
                           .unit = "mm",
                           .group = PropertyGroup::kOptics},
                  .si = 1e-2,
                  .key = "PROJ_CameraLength",
                  .way = Knob::Way::kValue,
                  .method = "setCameraLength",
                  .argument = "cl-cm",
                  .stepped = kDetent});
  all->push_back({.info = {.name = "column.mode",
                           .min = 0,
                           .max = 1,
                           .writable = true,
                           .meaning = "a change disturbs focus and alignment",
                           .resolution = 0.5,
                           .group = PropertyGroup::kOther,
                           .choices = {"tem", "stem"}},
                  .key = "PROJ_TemStemMode",
                  .way = Knob::Way::kValue,
                  .method = "setTemStemMode",
                  .argument = "mode",
                  .whole = true});
}

void AddReadings(const DeTemOptions& o, std::vector<Knob>* all) {
  all->push_back(ReadOnlyKnob({.name = "beam.energy",
                               .dimension = Dimension::kVoltage,
                               .min = 0,
                               .max = 3e6,
                               .meaning = "accelerating voltage",
                               .unit = "kV",
                               .group = PropertyGroup::kHighTension},
                              1, "GUN_HT"));
  all->push_back(ReadOnlyKnob({.name = "beam.semiangle",
                               .dimension = Dimension::kAngle,
                               .min = 0,
                               .max = 1,
                               .meaning = "of convergence",
                               .unit = "mrad",
                               .group = PropertyGroup::kBeam},
                              1e-3, "ILLUM_ConvergenceAngle"));
  all->push_back(ReadOnlyKnob({.name = "column.valves",
                               .min = 0,
                               .max = 1,
                               .meaning = "between gun and specimen",
                               .group = PropertyGroup::kValves,
                               .choices = {"closed", "open"}},
                              1, "VACUUM_ColumnValvesOpen"));
  all->push_back(ReadOnlyKnob(
      {.name = "beam.current",
       .dimension = Dimension::kCurrent,
       .min = 0,
       .max = 1e-6,
       .meaning = o.current_A > 0 ? "as the config states it" : "onto the fluorescent screen",
       .unit = "pA",
       .group = PropertyGroup::kBeam},
      1e-12, "ScreenCurrent", true));
}

}  // namespace

std::vector<Knob> KnobsOf(const DeTemOptions& o) {
  std::vector<Knob> all;
  AddStageKnobs(o.limits, &all);
  AddOptics(o, &all);
  AddPair("beam.shift", "ILLUM_BeamShift", "setBeamShift", o.limits.shift_m, kMicrometre_m,
          "beam shift", &all);
  AddPair("image.shift", "ILLUM_ImageShift", "setImageShift", o.limits.shift_m, kMicrometre_m,
          "image shift", &all);
  AddPair("beam.tilt", "ILLUM_BeamTilt", "setBeamTilt", 1, 0, "beam tilt, of its range", &all);
  AddPair("condenser.stigmator", "ILLUM_CondenserStig", "setCondenserStig", 1, 0,
          "stigmator of the condenser, of its range", &all);
  AddPair("objective.stigmator", "PROJ_ObjStig", "setObjectiveStig", 1, 0,
          "stigmator of the objective, of its range", &all);
  AddReadings(o, &all);
  return all;
}

absl::StatusOr<double> KnobValue(const Knob& knob, const std::string& field,
                                 const Channel& channel) {
  const std::vector<std::string> parts = absl::StrSplit(field, ';');
  double value = 0;
  const bool number = knob.part < parts.size() && absl::SimpleAtod(parts[knob.part], &value) &&
                      std::isfinite(value);
  const size_t choices = knob.info.choices.size();
  const bool chosen =
      choices == 0 || (value >= 0 && value < double(choices) && value == std::floor(value));
  if (number && chosen) return value * knob.si;
  return channel.Nonsense(knob.key, absl::StrCat("no such value: '", field, "'"));
}

int StageMask(size_t axis) { return 1 << axis; }

}  // namespace ronchi::hw::de_tem
