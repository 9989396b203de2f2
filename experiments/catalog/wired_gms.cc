#include "absl/strings/str_cat.h"
#include "experiments/catalog/wired_address.h"
#include "experiments/catalog/wired_instruments.h"
#include "hw/drivers/gms/gms.h"

namespace ronchi {
namespace {

using hw::gms::GmsOptions;

// stage: {xy_um: [-900, 900], z_um: [-300, 300], tilt_mrad: [-500, 500]}; An axis without limits is another part's.
absl::Status ReadStage(const Config& node, GmsOptions* o) {
  ConfigReader r(node);
  const auto read = [&](const char* key, double unit, GmsOptions::Limits* to) {
    std::vector<double> pair = {to->min / unit, to->max / unit};
    r.Numbers(key, &pair, 2, {.min = -1e5, .max = 1e5});
    if (r.ok() && pair[0] > pair[1]) {
      r.Fail(key, "two numbers are needed, the smaller first");
      return;
    }
    *to = {pair[0] * unit, pair[1] * unit};
  };
  read("xy_um", 1e-6, &o->stage_m);
  read("z_um", 1e-6, &o->stage_z_m);
  read("tilt_mrad", 1e-3, &o->tilt_rad);
  return r.Done();
}

absl::Status ReadDetector(const Config& node, GmsOptions* o) {
  ConfigReader r(node);
  double inner_mrad = 0, outer_mrad = 0;
  int64_t signal = o->signal;
  r.Text("name", &o->detector);
  r.Integer("signal", &signal, {.min = 0, .max = 15});
  r.Number("inner_mrad", &inner_mrad, {.min = 0, .max = 1000});
  r.Number("outer_mrad", &outer_mrad, {.min = 0, .max = 1000});
  o->signal = int(signal);
  o->inner_rad = inner_mrad * 1e-3;
  o->outer_rad = outer_mrad * 1e-3;
  return r.Done();
}

absl::Status ReadCamera(const Config& node, GmsOptions* o) {
  ConfigReader r(node);
  int64_t x = 0, y = 0;
  double pixel_mrad = 0;
  r.Text("name", &o->camera);
  r.Integer("pixels_x", &x, {.min = 0, .max = 65536});
  r.Integer("pixels_y", &y, {.min = 0, .max = 65536});
  r.Number("pixel_mrad", &pixel_mrad, {.min = 0, .max = 1000});
  if (r.ok() && (x == 0) != (y == 0)) r.Fail("pixels_y", "as many as there are, like pixels_x");
  o->camera_pixels_x = size_t(x);
  o->camera_pixels_y = size_t(y);
  o->pixel_rad = pixel_mrad * 1e-3;
  return r.Done();
}

absl::StatusOr<GmsOptions> ReadGms(const Config& node) {
  GmsOptions o;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.address, ReadAddress(&r, node, "address"));
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  r.Number("answer_s", &o.answer_s, seconds);
  r.Number("move_s", &o.move_s, seconds);
  r.Number("field_at_magnification_1_m", &o.field_at_magnification_1_m, {.min = 0, .max = 1e3});
  RONCHI_RETURN_IF_ERROR(ReadStage(r.Child("stage"), &o));
  RONCHI_RETURN_IF_ERROR(ReadDetector(r.Child("detector"), &o));
  RONCHI_RETURN_IF_ERROR(ReadCamera(r.Child("camera"), &o));
  RONCHI_RETURN_IF_ERROR(r.Done());
  return o;
}

}  // namespace

InstrumentKeys GmsKeys() {
  return {{"address", "host:port of the bridge, usually 5555"},
          {"answer_s", "that a word of it may take; 10"},
          {"move_s", "that the stage may take; 120"},
          {"field_at_magnification_1_m", "side of the scanned field there; 0 (it cannot scan)"},
          {"stage", "xy_um, z_um, tilt_mrad: [least, most]; an axis without it is another part's"},
          {"detector", "of DigiScan: name (haadf), signal (0), inner_mrad, outer_mrad"},
          {"camera", "name (gatan), pixels_x, pixels_y, pixel_mrad; without it there is none"}};
}

absl::StatusOr<InstrumentMaker> PrepareGms(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const GmsOptions options, ReadGms(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::gms::MakeGms(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseGms(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const GmsOptions o, ReadGms(node));
  return absl::StrCat("Gatan Microscopy Suite at ", o.address.name);
}

}  // namespace ronchi
