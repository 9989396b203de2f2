#include "hw/server/tango_desk.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/server/tango_offers.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using wire::TangoValue;

absl::Status BadTango(const std::string& what) {
  return MakeError({ErrorKind::kBadCommand, what, "see docs/drivers/tango.md"});
}
absl::Status NoSuchTango(const std::string& device, const std::string& what) {
  return MakeError({ErrorKind::kCannot, device + " has no " + Printable(what), ""});
}

absl::StatusOr<double> NumberOfTango(const TangoValue& value) {
  const double* d = std::get_if<double>(&value);
  if (d && std::isfinite(*d)) return *d;
  return BadTango("a finite number is needed, not " + wire::TangoKindOf(value));
}
absl::StatusOr<std::vector<double>> NumbersOfTango(const TangoValue& value, size_t count) {
  const auto* v = std::get_if<std::vector<double>>(&value);
  bool good = v && v->size() == count;
  for (size_t i = 0; good && i < count; ++i) good = std::isfinite((*v)[i]);
  if (good) return *v;
  return BadTango(
      absl::StrCat(count, " finite numbers are needed, not ", wire::TangoKindOf(value)));
}

}  // namespace

TangoDesk::TangoDesk(Hub* hub, std::shared_ptr<TiledShelf> shelf)
    : column_(hub),
      corrector_(hub),
      shelf_(std::move(shelf)),
      camera_(TangoCamera(hub->description())),
      fov_m_(std::min(1e-8, hub->description().max_fov_m)),
      pixels_(int64_t(std::min<size_t>(256, hub->description().max_pixels))) {
  if (const DetectorInfo* c = camera_) {
    exposure_s_ = std::clamp(exposure_s_, c->min_dwell_s, c->max_dwell_s);
  }
}

std::vector<wire::TangoOffer> TangoDesk::Devices() const {
  return TangoOffers(column_.description());
}

TangoDesk::Value TangoDesk::Command(const std::string& device, const std::string& command,
                                    const TangoValue& in) {
  if (device == TangoDeviceName("corrector")) return Correct(command, in);
  if (device != TangoDeviceName("instrument")) return NoSuchTango(device, command);
  if (command == "Disconnect") return TangoValue();
  if (command == "blank_beam") {
    RONCHI_RETURN_IF_ERROR(column_.hub()->BlankNow());
    return TangoValue();
  }
  if (command == "unblank_beam") {
    RONCHI_RETURN_IF_ERROR(column_.hub()->Execute(Unblank{}).status());
    return TangoValue();
  }
  if (command == "get_beam_blanked") {
    RONCHI_ASSIGN_OR_RETURN(const bool blanked, column_.Blanked());
    return TangoValue(blanked);
  }
  if (absl::StrContains(command, "image") && !absl::StrContains(command, "shift")) {
    return Image(command, in);
  }
  return Knob(command, in);
}

TangoDesk::Value TangoDesk::Image(const std::string& command, const TangoValue& in) {
  if (command == "acquire_scanned_image") {
    const auto* detectors = std::get_if<std::vector<std::string>>(&in);
    if (!detectors) return BadTango("names of detectors are needed");
    return Scanned(*detectors);
  }
  if (command == "acquire_camera_image") return Exposed();
  const auto* index = std::get_if<int64_t>(&in);
  if (command != "get_image_data_cached" || !index) return NoSuchTango("instrument", command);
  return Cached(*index);
}

TangoDesk::Value TangoDesk::Knob(const std::string& command, const TangoValue& in) {
  const bool set = absl::StartsWith(command, "set_") || command == "move_stage";
  absl::StatusOr<double> number = 0.0;
  absl::Status done;
  if (command == "get_defocus") {
    number = column_.Property("optics.C10");
  } else if (command == "get_screen_current") {
    number = column_.Property("beam.current");
    if (number.ok()) *number *= 1e12;
  } else if (command == "get_fov") {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = fov_m_;
  } else if (command == "get_stage") {
    return Stage();
  } else if (command == "move_stage") {
    RONCHI_ASSIGN_OR_RETURN(const auto to, NumbersOfTango(in, 5));
    done = MoveStage(to);
  } else if (command == "place_beam") {
    RONCHI_ASSIGN_OR_RETURN(const auto at, NumbersOfTango(in, 2));
    RONCHI_RETURN_IF_ERROR(PlaceBeam(at));
    return TangoValue();
  } else if (command == "set_defocus") {
    RONCHI_ASSIGN_OR_RETURN(const double to, NumberOfTango(in));
    done = column_.SetProperty("optics.C10", to);
  } else if (command == "set_fov") {
    RONCHI_ASSIGN_OR_RETURN(const double to, NumberOfTango(in));
    if (!(to > 0) || !(to <= column_.description().max_fov_m)) {
      return MakeError(
          {ErrorKind::kOutOfLimits,
           absl::StrCat("a field of ", to, " m is not allowed; allowed: more than 0, at most ",
                        column_.description().max_fov_m, " m"),
           ""});
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    fov_m_ = to;
  } else if (const std::string stem = TangoPairStem(column_.description(), command);
             !stem.empty()) {
    if (!set) {
      RONCHI_ASSIGN_OR_RETURN(const auto at, column_.Pair(stem + ".x", stem + ".y"));
      return TangoValue(std::vector<double>(at.begin(), at.end()));
    }
    RONCHI_ASSIGN_OR_RETURN(const auto to, NumbersOfTango(in, 2));
    done = column_.SetPair(stem + ".x", stem + ".y", {to[0], to[1]});
  } else {
    return NoSuchTango("instrument", command);
  }
  RONCHI_RETURN_IF_ERROR(done);
  if (set) return TangoValue();
  RONCHI_RETURN_IF_ERROR(number.status());
  return TangoValue(*number);
}

// Axes that the instrument does not have stand at 0, and cannot be moved.
TangoDesk::Value TangoDesk::Stage() {
  std::vector<double> at(5, 0.0);
  for (size_t i = 0; i < at.size(); ++i) {
    if (!column_.Has(kServedTangoStage[i][0])) continue;
    RONCHI_ASSIGN_OR_RETURN(at[i], column_.Property(kServedTangoStage[i][0]));
    at[i] /= TangoStageScale(i);
  }
  return TangoValue(at);
}

absl::Status TangoDesk::MoveStage(const std::vector<double>& to) {
  RONCHI_ASSIGN_OR_RETURN(const TangoValue now, Stage());
  const auto& at = std::get<std::vector<double>>(now);
  std::vector<std::pair<std::string, double>> moves;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] != at[i]) moves.emplace_back(kServedTangoStage[i][0], to[i] * TangoStageScale(i));
  }
  return column_.SetAll(moves);
}

absl::Status TangoDesk::PlaceBeam(const std::vector<double>& at) {
  for (const double part : at) {
    if (!(part >= 0 && part <= 1)) {
      return MakeError({ErrorKind::kOutOfLimits,
                        absl::StrCat("place_beam: ", part, " is outside of the field, 0 … 1"), ""});
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  place_ = at;
  return absl::OkStatus();
}

TangoDesk::Value TangoDesk::Scanned(const std::vector<std::string>& detectors) {
  Scan scan;
  std::vector<std::string> known;
  for (const DetectorInfo& d : column_.description().detectors) {
    if (d.kind == DetectorKind::kScanned) known.push_back(d.name);
  }
  for (const std::string& asked : detectors) {
    const auto it = std::find_if(known.begin(), known.end(), [&](const std::string& name) {
      return absl::EqualsIgnoreCase(name, asked);
    });
    if (it == known.end()) {
      return MakeError({ErrorKind::kNoSuchName,
                        absl::StrCat("no detector '", Printable(asked), "'"),
                        absl::StrCat("there are: ", absl::StrJoin(known, ", "))});
    }
    scan.detectors.push_back(*it);
  }
  if (scan.detectors.empty()) scan.detectors.assign(known.begin(), known.begin() + !known.empty());
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const double left = region_[0], top = region_[1], width = region_[2], height = region_[3];
    scan.center_x_m = (left + width / 2 - 0.5) * fov_m_;
    scan.center_y_m = (top + height / 2 - 0.5) * fov_m_;
    scan.fov_x_m = width * fov_m_;
    scan.fov_y_m = height * fov_m_;
    scan.pixels_x = size_t(std::max(1.0, std::round(width * double(pixels_))));
    scan.pixels_y = size_t(std::max(1.0, std::round(height * double(pixels_))));
    scan.dwell_s = dwell_s_;
  }
  RONCHI_ASSIGN_OR_RETURN(std::vector<Frame> frames, column_.Take(scan));
  if (frames.size() == 1) return TangoValue(shelf_->Put(std::move(frames[0].counts)));
  Array<float> all({frames.size(), scan.pixels_y, scan.pixels_x});
  for (size_t i = 0; i < frames.size(); ++i) {
    std::copy(frames[i].counts.begin(), frames[i].counts.end(),
              all.begin() + long(i * scan.pixels_y * scan.pixels_x));
  }
  return TangoValue(shelf_->Put(std::move(all)));
}

TangoDesk::Value TangoDesk::Exposed() {
  if (!camera_) return NoSuchTango("instrument", "camera");
  Expose expose{.camera = camera_->name};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    expose.time_s = exposure_s_;
    expose.binning = size_t(binning_);
    expose.x_m = (place_[0] - 0.5) * fov_m_;
    expose.y_m = (place_[1] - 0.5) * fov_m_;
  }
  RONCHI_ASSIGN_OR_RETURN(std::vector<Frame> frames, column_.Take(expose));
  return TangoValue(shelf_->Put(std::move(frames[0].counts)));
}

// The latest acquisition: of several detectors the one with this index, else all of it.
TangoDesk::Value TangoDesk::Cached(int64_t index) {
  const auto image = shelf_->latest();
  if (!image) {
    return MakeError({ErrorKind::kImpossibleNow, "no image has been taken yet", "acquire one"});
  }
  const std::vector<size_t>& shape = image->shape();
  const bool several = shape.size() == 3;
  const size_t count = several ? shape[0] : 1;
  if (index < 0 || size_t(index) >= count) {
    return MakeError({ErrorKind::kNoSuchName, absl::StrCat("no image ", index, " of ", count), ""});
  }
  const size_t pixels = image->size() / count;
  const std::vector<size_t> one(shape.begin() + several, shape.end());
  const json head = {{"shape", one}, {"dtype", "float32"}};
  return TangoValue(wire::TangoEncoded{
      head.dump(),
      std::string(reinterpret_cast<const char*>(image->data() + size_t(index) * pixels),
                  pixels * sizeof(float))});
}

// "Fast 18"; "A1 1e-9 2e-9".
TangoDesk::Value TangoDesk::Correct(const std::string& command, const TangoValue& in) {
  const auto* text = std::get_if<std::string>(&in);
  const std::vector<std::string> words =
      absl::StrSplit(text ? *text : std::string(), absl::ByAnyChar(" ,"), absl::SkipEmpty());
  std::vector<double> numbers;
  for (size_t i = 1; i < words.size(); ++i) {
    double d = 0;
    if (!absl::SimpleAtod(words[i], &d) || !std::isfinite(d)) {
      return BadTango("'" + Printable(words[i].substr(0, 100)) + "' is no number");
    }
    numbers.push_back(d);
  }
  std::string method;
  json params = json::object();
  if (command == "get_info") {
    method = "getInfo";
  } else if (command == "measure_c1a1") {
    method = "measureC1A1";
  } else if (command == "acquire_tableau") {
    method = "acquireTableau";
    if (!words.empty()) params["tabType"] = words[0];
    if (!numbers.empty()) params["angle"] = numbers[0];
  } else if (command == "correct_aberration" && !words.empty()) {
    method = "correctAberration";
    params["name"] = words[0];
    if (!numbers.empty()) params["value"] = numbers;
  } else {
    return command == "correct_aberration" ? BadTango("the name of an aberration is needed")
                                           : NoSuchTango("corrector", command);
  }
  RONCHI_ASSIGN_OR_RETURN(const json result, corrector_.Call(method, params));
  return TangoValue(result.dump());
}

TangoDesk::Value TangoDesk::Read(const std::string& device, const std::string& attribute) {
  const std::string name = absl::AsciiStrToLower(attribute);
  if (device == TangoDeviceName("instrument") && name == "simulated") {
    return TangoValue(column_.description().simulated);
  }
  if (device == TangoDeviceName("stage")) {
    for (size_t i = 0; i < std::size(kServedTangoStage); ++i) {
      if (name != kServedTangoStage[i][1]) continue;
      RONCHI_ASSIGN_OR_RETURN(const double si, column_.Property(kServedTangoStage[i][0]));
      return TangoValue(si / TangoStageScale(i));
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (device == TangoDeviceName("scan") && name == "dwell_time") return TangoValue(dwell_s_);
  if (device == TangoDeviceName("scan") && name == "imsize") return TangoValue(pixels_);
  if (device == TangoDeviceName("scan") && name == "scan_region") return TangoValue(region_);
  if (device == TangoDeviceName("camera") && name == "exposure_time")
    return TangoValue(exposure_s_);
  if (device == TangoDeviceName("camera") && name == "binning") return TangoValue(binning_);
  if (device == TangoDeviceName("camera") && name == "imsize" && camera_) {
    return TangoValue(int64_t(camera_->pixels_x));
  }
  return NoSuchTango(device, attribute);
}

// Limits are libtango's to watch over, and the instrument's again when it is asked.
absl::Status TangoDesk::Write(const std::string& device, const std::string& attribute,
                              const TangoValue& value) {
  const std::string name = absl::AsciiStrToLower(attribute);
  if (device == TangoDeviceName("scan") && name == "scan_region") {
    RONCHI_ASSIGN_OR_RETURN(const auto r, NumbersOfTango(value, 4));
    if (!(r[0] >= 0 && r[1] >= 0 && r[2] > 0 && r[3] > 0 && r[0] + r[2] <= 1 && r[1] + r[3] <= 1)) {
      return MakeError({ErrorKind::kOutOfLimits,
                        "scan_region: left, top, width, height in parts of the field are needed",
                        "keep it inside of 0 … 1"});
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    region_ = r;
    return absl::OkStatus();
  }
  if (device == TangoDeviceName("stage")) {
    RONCHI_ASSIGN_OR_RETURN(const double to, NumberOfTango(value));
    for (size_t i = 0; i < std::size(kServedTangoStage); ++i) {
      if (name != kServedTangoStage[i][1]) continue;
      return column_.SetProperty(kServedTangoStage[i][0], to * TangoStageScale(i));
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    int64_t* const to = device == TangoDeviceName("scan") && name == "imsize"      ? &pixels_
                        : device == TangoDeviceName("camera") && name == "binning" ? &binning_
                                                                                   : nullptr;
    if (!to || *whole < 1 || *whole > 65536) return BadTango(attribute + ": 1 or more is needed");
    *to = *whole;
    return absl::OkStatus();
  }
  RONCHI_ASSIGN_OR_RETURN(const double number, NumberOfTango(value));
  double* const to = device == TangoDeviceName("scan") && name == "dwell_time"        ? &dwell_s_
                     : device == TangoDeviceName("camera") && name == "exposure_time" ? &exposure_s_
                                                                                      : nullptr;
  if (!to || !(number > 0)) return BadTango(attribute + ": more than 0 is needed");
  *to = number;
  return absl::OkStatus();
}

}  // namespace ronchi::hw
