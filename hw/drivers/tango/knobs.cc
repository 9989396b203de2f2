#include "hw/drivers/tango/knobs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

bool IsOfPair(const std::string& property, const TangoPair& pair) {
  return property.starts_with(std::string(pair.stem) + ".");
}

}  // namespace

absl::StatusOr<double> TangoKnobs::Current() {
  if (options_.current_A > 0) return options_.current_A;
  RONCHI_ASSIGN_OR_RETURN(const double pA, microscope_->Number("get_screen_current"));
  if (pA >= 0 && pA <= 1e6) return pA * 1e-12;
  return microscope_->Nonsense("get_screen_current", absl::StrCat(pA, " pA cannot be"));
}

// Each thing once: axes that are asked for together stand where they stood at one moment.
absl::StatusOr<std::vector<Reading>> TangoKnobs::ReadAll(const std::vector<std::string>& names) {
  std::vector<double> stage;
  std::map<std::string, std::vector<double>> pairs;
  std::vector<Reading> out;
  for (const std::string& name : names) {
    double si = kNan;
    for (size_t i = 0; i < std::size(kTangoStage); ++i) {
      if (name != kTangoStage[i].property) continue;
      if (stage.empty()) {
        RONCHI_ASSIGN_OR_RETURN(stage, microscope_->Numbers("get_stage", 5));
      }
      si = stage[i] * stage_si_[i];
    }
    for (const TangoPair& pair : kTangoPairs) {
      if (!IsOfPair(name, pair)) continue;
      auto& both = pairs[pair.stem];
      if (both.empty()) {
        RONCHI_ASSIGN_OR_RETURN(both, microscope_->Numbers(pair.get, 2));
      }
      si = both[name.back() == 'y'];
    }
    if (name == "optics.C10") {
      RONCHI_ASSIGN_OR_RETURN(si, microscope_->Number("get_defocus"));
      si *= options_.defocus_sign;
    } else if (name == "scan.fov") {
      RONCHI_ASSIGN_OR_RETURN(si, microscope_->Number("get_fov"));
    } else if (name == "beam.current") {
      RONCHI_ASSIGN_OR_RETURN(si, Current());
    }
    out.push_back({name, {si, description_.FindProperty(name)->dimension}, 0, 0});
  }
  return out;
}

absl::StatusOr<Reading> TangoKnobs::Drive(const Set& set, double timeout_s) {
  const PropertyInfo& property = *description_.FindProperty(set.property);
  double to = set.value.si;
  if (set.relative) {  // it has no such move; somebody else's knob may turn meanwhile
    RONCHI_ASSIGN_OR_RETURN(const auto at, ReadAll({set.property}));
    to += at[0].value.si;
  }
  RONCHI_RETURN_IF_ERROR(CheckTarget(property, to));
  for (size_t i = 0; i < std::size(kTangoStage); ++i) {
    if (set.property != kTangoStage[i].property) continue;
    const double own_s = set.timeout_s > 0 ? set.timeout_s : options_.move_s;
    const double tolerance = set.tolerance > 0 ? set.tolerance : property.resolution;
    RONCHI_RETURN_IF_ERROR(SetStage(i, to, tolerance, std::min(own_s, timeout_s)));
  }
  for (const TangoPair& pair : kTangoPairs) {
    if (!IsOfPair(set.property, pair)) continue;
    RONCHI_RETURN_IF_ERROR(SetHalf(pair, set.property.back() == 'y', to));
  }
  if (set.property == "optics.C10") {
    RONCHI_RETURN_IF_ERROR(
        microscope_->Command("set_defocus", to * options_.defocus_sign).status());
  } else if (set.property == "scan.fov") {
    RONCHI_RETURN_IF_ERROR(microscope_->Command("set_fov", to).status());
  }
  // What it answers to a set says nothing: it is read back.
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Reading> back, ReadAll({set.property}));
  RONCHI_RETURN_IF_ERROR(CheckReadBack(property, set, to, back[0].value.si));
  return back[0];
}

// All axes are sent, the others as they stand. Until it is there, or has stopped elsewhere.
absl::Status TangoKnobs::SetStage(size_t axis, double to, double tolerance, double timeout_s) {
  const auto start = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  RONCHI_ASSIGN_OR_RETURN(std::vector<double> at, microscope_->Numbers("get_stage", 5));
  at[axis] = to / stage_si_[axis];
  RONCHI_RETURN_IF_ERROR(microscope_->Command("move_stage", at, timeout_s).status());
  std::vector<double> before;
  for (double moved_s = since(); since() - moved_s <= options_.still_s;) {
    RONCHI_ASSIGN_OR_RETURN(const std::vector<double> now, microscope_->Numbers("get_stage", 5));
    const double off = std::fabs(now[axis] * stage_si_[axis] - to);
    // What is read may tremble.
    const bool still =
        !before.empty() && std::fabs(now[axis] - before[axis]) * stage_si_[axis] <= tolerance;
    if (!still) moved_s = since();
    before = now;
    if (off <= tolerance && still) return absl::OkStatus();
    if (since() > timeout_s) {
      return MakeError(
          {ErrorKind::kTimeout,
           absl::StrFormat("%s: the stage is %g %s away after %g s", microscope_->url(), off,
                           axis >= 3 ? "rad" : "m", timeout_s),
           "read where it stands"});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return absl::OkStatus();  // it stands: CheckReadBack says how far away
}

absl::Status TangoKnobs::SetHalf(const TangoPair& pair, size_t half, double to) {
  RONCHI_ASSIGN_OR_RETURN(std::vector<double> both, microscope_->Numbers(pair.get, 2));
  both[half] = to;
  return microscope_->Command(pair.set, both).status();
}

}  // namespace ronchi::hw
