#include <cmath>
#include <numbers>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "experiments/catalog/wired_address.h"
#include "experiments/catalog/wired_instruments.h"
#include "hw/drivers/tango/tango.h"

namespace ronchi {
namespace {

// "a/b/c": domain, family, member; or "none".
bool IsDeviceName(const std::string& name) {
  if (name == "none") return true;
  size_t slashes = 0;
  for (const char c : name) {
    if (c == '/') ++slashes;
    if (uint8_t(c) <= ' ' || uint8_t(c) > '~' || c == '#' || c == ':') return false;
  }
  return slashes == 2 && name.size() <= 255 && !name.starts_with('/') && !name.ends_with('/') &&
         name.find("//") == std::string::npos;
}

absl::Status ReadTangoDevices(const Config& node, hw::TangoOptions* o) {
  ConfigReader r(node);
  for (const auto& [part, device] : hw::kTangoDevices) {
    std::string name = device;
    r.Text(part, &name);
    if (!IsDeviceName(name))
      r.Fail(part, "a device is needed, as asyncroscopy/scan/default; or none");
    if (std::string(part) == "microscope" && name == "none") r.Fail(part, "it is needed");
    o->devices[part] = name;
  }
  return r.Done();
}

absl::Status ReadTangoCamera(const Config& node, hw::TangoOptions::Camera* c) {
  ConfigReader r(node);
  int64_t pixels = 0;
  double pixel_mrad = 0;
  r.Text("name", &c->name);
  r.Integer("pixels", &pixels, {.min = 0, .max = 16384});
  r.Number("pixel_mrad", &pixel_mrad, {.min = 0, .max = 1000});
  r.Number("dark_counts", &c->dark_counts);
  r.Text("time", &c->time);
  r.Text("binning", &c->binning);
  c->pixels = size_t(pixels);
  c->pixel_rad = pixel_mrad * 1e-3;
  return r.Done();
}

absl::Status ReadTangoLimits(ConfigReader* r, hw::TangoOptions* o) {
  struct Limit {
    const char* key;
    double* to;
    double unit, most;
  };
  const Limit limits[] = {
      {"defocus_limit_nm", &o->defocus_limit_m, 1e-9, 1e6},
      {"image_shift_limit_nm", &o->image_shift_limit_m, 1e-9, 1e6},
      {"beam_tilt_limit_mrad", &o->beam_tilt_limit_rad, 1e-3, 1e3},
      {"stage_limit_um", &o->stage_limit_m, 1e-6, 1e4},
      {"stage_z_limit_um", &o->stage_z_limit_m, 1e-6, 1e4},
      {"stage_tilt_limit_deg", &o->stage_tilt_limit_rad, std::numbers::pi / 180, 90},
      {"max_field_nm", &o->max_fov_m, 1e-9, 1e7}};
  for (const Limit& l : limits) {
    double value = std::round(*l.to / l.unit * 1e6) / 1e6;  // as a person writes it
    r->Number(l.key, &value, {.min = 1e-3, .max = l.most});
    *l.to = value * l.unit;
  }
  return absl::OkStatus();
}

absl::StatusOr<hw::TangoOptions> ReadTango(const Config& node) {
  hw::TangoOptions o;
  o.corrector.answer_s = 10;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.server, ReadAddress(&r, node, "address"));
  bool no_database = false;
  double current_pA = 0;
  int64_t max_pixels = int64_t(o.max_pixels);
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  r.Bool("no_database", &no_database);
  if (node.Has("tiled")) {
    RONCHI_ASSIGN_OR_RETURN(o.tiled, ReadAddress(&r, node, "tiled"));
  } else {
    r.Known("tiled");
  }
  r.Text("tiled_key", &o.tiled_key);
  r.Number("connect_s", &o.connect_s, seconds);
  r.Number("answer_s", &o.answer_s, seconds);
  r.Number("acquire_s", &o.acquire_s, seconds);
  r.Number("move_s", &o.move_s, seconds);
  r.Number("blank_s", &o.blank_s, seconds);
  r.Number("still_s", &o.still_s, seconds);
  r.Number("defocus_sign", &o.defocus_sign, {.min = -1, .max = 1});
  r.Integer("max_pixels", &max_pixels, {.min = 8, .max = 16384});
  r.Number("current_pA", &current_pA, {.min = 0, .max = 1e6});
  RONCHI_RETURN_IF_ERROR(ReadTangoLimits(&r, &o));
  RONCHI_RETURN_IF_ERROR(ReadTangoDevices(r.Child("devices"), &o));
  RONCHI_RETURN_IF_ERROR(ReadTangoCamera(r.Child("camera"), &o.camera));
  RONCHI_ASSIGN_OR_RETURN(o.detectors,
                          ReadDetectors<hw::TangoOptions::Detector>(r.Child("detectors")));
  ConfigReader corrector(r.Child("corrector"));
  RONCHI_RETURN_IF_ERROR(ReadCorrector(&corrector, &o.corrector));
  RONCHI_RETURN_IF_ERROR(corrector.Done());
  if (r.ok() && o.defocus_sign != -1 && o.defocus_sign != 0 && o.defocus_sign != 1) {
    r.Fail("defocus_sign", "-1, 0 (it is left alone) or 1 is needed");
  }
  // It goes into a header.
  if (r.ok() && (Printable(o.tiled_key) != o.tiled_key || absl::StrContains(o.tiled_key, " "))) {
    r.Fail("tiled_key", "a key without spaces is needed");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.database = !no_database;
  o.max_pixels = size_t(max_pixels);
  o.current_A = current_pA * 1e-12;
  return o;
}

absl::StatusOr<InstrumentMaker> PrepareTango(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TangoOptions options, ReadTango(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::MakeTango(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseTango(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TangoOptions o, ReadTango(node));
  return absl::StrCat("microscope at ", o.server.name, " by TANGO");
}

}  // namespace

InstrumentKind TangoKind() {
  return {"tango",
          "a microscope by TANGO, with asyncroscopy's devices (docs/drivers/tango.md)",
          PrepareTango,
          SummariseTango,
          nullptr,
          "",
          nullptr,
          true,
          {{"address", "host:port of the TANGO database, or of the one server without a database"},
           {"no_database", "true: there is none"},
           {"devices", "microscope, scan, stage, camera, corrector: a device's name, or none"},
           {"tiled", "host:port of Tiled; without it images come by get_image_data_cached"},
           {"tiled_key", "Tiled's API key"},
           {"connect_s", "for a connection; 5"},
           {"answer_s", "that a word may take; 10"},
           {"acquire_s", "that an image may take beyond its own time; 30"},
           {"move_s", "that the stage may take; 120"},
           {"blank_s", "that a blank is asked again while its server is busy; 120"},
           {"still_s", "after which a stage that does not move has stopped; 2"},
           {"detectors",
            "by asyncroscopy's name: name, inner_mrad, outer_mrad, dark_counts, saturation_counts; "
            "without it nothing is scanned"},
           {"camera", "name, pixels, pixel_mrad, dark_counts; time, binning: its attributes"},
           {"corrector", "limits_nm, tableau, field_nm, answer_s, measure_s, as of the kind ceos"},
           {"defocus_sign", "of optics.C10 against its defocus: 1, -1, 0 (left alone); 1"},
           {"defocus_limit_nm", "1000"},
           {"image_shift_limit_nm", "1000"},
           {"beam_tilt_limit_mrad", "20"},
           {"stage_limit_um", "of x and y, where the stage states none; 1000"},
           {"stage_z_limit_um", "300"},
           {"stage_tilt_limit_deg", "30"},
           {"max_field_nm", "of a scan; 10000"},
           {"max_pixels", "along a side of a scan; 4096"},
           {"current_pA", "of the beam; without it what the screen tells"}}};
}

}  // namespace ronchi
