#include "hw/server/tango_offers.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "hw/instrument/capability.h"

namespace ronchi::hw {

using wire::TangoOffer;
using wire::TangoType;

const DetectorInfo* TangoCamera(const Description& d) {
  for (const DetectorInfo& x : d.detectors) {
    if (x.kind == DetectorKind::kCamera && Can(d, "expose")) return &x;
  }
  return nullptr;
}

std::string TangoPairStem(const Description& d, const std::string& command) {
  std::vector<std::string> stems;
  if (absl::EndsWith(command, "image_shift")) stems = {"image.shift", "beam.shift"};
  if (absl::EndsWith(command, "beam_tilt")) stems = {"beam.tilt"};
  for (const std::string& stem : stems) {
    if (d.FindProperty(stem + ".x") && d.FindProperty(stem + ".y")) return stem;
  }
  return "";
}

namespace {

TangoOffer MicroscopeOffer(const Description& d) {
  TangoOffer o{"ElectronMicroscope", TangoDeviceName("instrument"), {}, {}};
  const auto add = [&](bool there, const char* name, TangoType in, TangoType out) {
    if (there) o.commands.push_back({name, in, out});
  };
  const bool focus = (d.FindProperty("optics.C10") != nullptr),
             stage = (d.FindProperty("stage.x") != nullptr);
  const bool shift = !TangoPairStem(d, "image_shift").empty(),
             tilt = !TangoPairStem(d, "beam_tilt").empty();
  const bool scans = Can(d, "scan"), exposes = TangoCamera(d) != nullptr;
  const bool images = scans || exposes;
  const TangoType none = TangoType::kVoid, number = TangoType::kDouble, text = TangoType::kText,
                  numbers = TangoType::kDoubles;
  add(true, "Disconnect", none, none);
  add(scans, "acquire_scanned_image", TangoType::kTexts, text);
  add(exposes, "acquire_camera_image", none, text);
  add(images, "get_image_data_cached", TangoType::kLong64, TangoType::kEncoded);
  add(images, "place_beam", numbers, none);
  add(images, "get_fov", none, number);
  add(images, "set_fov", number, none);
  add(Can(d, "blank"), "blank_beam", none, none);
  add(Can(d, "unblank"), "unblank_beam", none, none);
  add(true, "get_beam_blanked", none, TangoType::kBool);  // asyncroscopy has none
  add(focus, "get_defocus", none, number);
  add(focus, "set_defocus", number, none);
  add(shift, "get_image_shift", none, numbers);
  add(shift, "set_image_shift", numbers, none);
  add(tilt, "get_beam_tilt", none, numbers);
  add(tilt, "set_beam_tilt", numbers, none);
  add((d.FindProperty("beam.current") != nullptr), "get_screen_current", none, number);
  add(stage, "get_stage", none, numbers);
  add(stage, "move_stage", numbers, none);
  o.attributes.push_back({{.name = "simulated"}, TangoType::kBool});
  return o;
}

TangoOffer ScanOffer(const Description& d) {
  TangoOffer o{"SCAN", TangoDeviceName("scan"), {}, {}};
  wire::TangoAttribute dwell{.name = "dwell_time", .unit = "s", .writable = true};
  dwell.min = std::max(1e-9, d.min_dwell_s);
  dwell.max = std::min(10.0, d.max_dwell_s);
  wire::TangoAttribute size{.name = "imsize", .unit = "px", .writable = true};
  size.min = 1;
  size.max = double(d.max_pixels);
  o.attributes.push_back({dwell, TangoType::kDouble});
  o.attributes.push_back({size, TangoType::kLong});
  o.attributes.push_back({{.name = "scan_region", .writable = true}, TangoType::kDoubles, 4});
  return o;
}

TangoOffer StageOffer(const Description& d) {
  TangoOffer o{"STAGE", TangoDeviceName("stage"), {}, {}};
  for (size_t i = 0; i < std::size(kServedTangoStage); ++i) {
    const PropertyInfo* p = d.FindProperty(kServedTangoStage[i][0]);
    if (!p) continue;
    wire::TangoAttribute a{
        .name = kServedTangoStage[i][1], .unit = i >= 3 ? "degrees" : "m", .writable = p->writable};
    a.min = p->min / TangoStageScale(i);
    a.max = p->max / TangoStageScale(i);
    o.attributes.push_back({a, TangoType::kDouble});
  }
  return o;
}

TangoOffer CameraOffer(const DetectorInfo& c) {
  TangoOffer o{"CAMERA", TangoDeviceName("camera"), {}, {}};
  wire::TangoAttribute time{.name = "exposure_time", .unit = "s", .writable = true};
  time.min = c.min_dwell_s;
  time.max = c.max_dwell_s;
  wire::TangoAttribute binning{.name = "binning", .writable = true};
  binning.min = 1;
  binning.max = double(c.pixels_x);
  o.attributes.push_back({time, TangoType::kDouble});
  o.attributes.push_back({binning, TangoType::kLong});
  o.attributes.push_back({{.name = "imsize", .unit = "px"}, TangoType::kLong});
  return o;
}

TangoOffer CorrectorOffer() {
  const TangoType none = TangoType::kVoid, text = TangoType::kText;
  return {"CORRECTOR",
          TangoDeviceName("corrector"),
          {{"get_info", none, text},
           {"acquire_tableau", text, text},
           {"measure_c1a1", none, text},
           {"correct_aberration", text, text}},
          {}};
}

}  // namespace

std::vector<TangoOffer> TangoOffers(const Description& d) {
  std::vector<TangoOffer> all = {MicroscopeOffer(d)};
  if (Can(d, "scan")) all.push_back(ScanOffer(d));
  if (d.FindProperty("stage.x")) all.push_back(StageOffer(d));
  if (const DetectorInfo* camera = TangoCamera(d)) all.push_back(CameraOffer(*camera));
  if (d.FindMeasurement("defocus") || d.FindMeasurement("aberrations")) {
    all.push_back(CorrectorOffer());
  }
  return all;
}

}  // namespace ronchi::hw
