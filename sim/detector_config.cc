#include "sim/detector_config.h"

#include "absl/strings/str_format.h"
#include "core/angle.h"

namespace ronchi::sim {
namespace {

using Type = DetectorOptions::Type;

const std::pair<const char*, Type> kTypes[] = {{"annular", Type::kAnnular},
                                               {"segmented", Type::kSegmented},
                                               {"pixelated", Type::kPixelated},
                                               {"center_of_mass", Type::kCenterOfMass},
                                               {"dpc", Type::kDpc},
                                               {"idpc", Type::kIntegratedDpc}};

// 0.06 is 60 mrad in rad; as mrad it is less than a pixel of any diffraction pattern.
void RefuseRadians(const char* key, double mrad, ConfigReader* r) {
  constexpr double kLeast_mrad = 0.3;
  if (!(mrad > 0 && mrad < kLeast_mrad)) return;
  r->Fail(key,
          absl::StrFormat("%g mrad is implausibly small; if it is in rad, write %g; allowed: 0, "
                          "or from %g",
                          mrad, mrad * 1e3, kLeast_mrad));
}

void ReadRing(const std::string& type, ConfigReader* r, DetectorOptions* d) {
  double inner = 0, outer = 0, rotation = 0;
  const bool of_moments = type == "idpc" && !r->Has("outer_mrad");
  if (of_moments) {
    for (const char* key : {"inner_mrad", "azimuthal", "rotation_deg"}) {
      if (r->Has(key)) r->Fail(key, "needs outer_mrad: without it, the centre of mass counts");
      r->Known(key);
    }
    r->Known("outer_mrad");
    return;
  }
  r->Number("inner_mrad", &inner, {.min = 0, .max = 1000});
  r->Number("outer_mrad", &outer, {.min = 0, .max = 1000}, true);
  RefuseRadians("inner_mrad", inner, r);
  RefuseRadians("outer_mrad", outer, r);
  if (r->ok() && outer <= inner) r->Fail("outer_mrad", "must be larger than inner_mrad");
  if (type != "annular") {
    // Two opposite halves see one direction only: a vector needs three sectors.
    r->Integer("azimuthal", &d->azimuthal, {.min = type == "segmented" ? 1.0 : 3.0, .max = 360});
    r->Number("rotation_deg", &rotation);
  }
  if (type == "segmented") r->Integer("radial", &d->radial, {.min = 1, .max = 1000});
  d->inner_rad = inner * kRadPerMrad;
  d->outer_rad = outer * kRadPerMrad;
  d->rotation_rad = rotation * kRadPerDeg;
}

}  // namespace

absl::StatusOr<DetectorOptions> ReadDetector(const std::string& name, const Config& config,
                                             const SimulationOptions& o) {
  DetectorOptions d;
  d.name = name;
  std::string type;
  std::vector<std::string> allowed;
  for (const auto& [word, value] : kTypes) allowed.push_back(word);
  ConfigReader r(config);
  if (!r.Has("type")) {
    r.Fail("", "missing 'type'; allowed: annular, segmented, pixelated, center_of_mass, dpc, idpc");
  }
  r.Choice("type", &type, allowed);
  if (!r.ok()) return r.status();  // which keys there are depends on it
  for (const auto& [word, value] : kTypes) {
    if (type == word) d.type = value;
  }
  if (type == "annular" || type == "segmented" || type == "dpc" || type == "idpc") {
    ReadRing(type, &r, &d);
  }
  if (type == "pixelated") {
    double max = 0;
    r.Number("max_mrad", &max, {.min = 0, .max = 1000});
    RefuseRadians("max_mrad", max, &r);
    d.max_rad = max * kRadPerMrad;
    r.Integer("binning", &d.binning, {.min = 1, .max = 1024});
    r.Number("mtf_nyquist", &d.response.mtf_nyquist, {.min = 0.01, .max = 1});
  }
  if (type == "idpc") {
    r.Number("high_pass_per_A", &d.high_pass_per_A, {.min = 0, .max = 100});
    if (!o.scan.is_raster() || o.scan.Step_A()[0] == 0 || o.scan.Step_A()[1] == 0) {
      r.Fail("type", "an integrated image needs a raster scan with an area");
    }
  }
  r.Number("dqe", &d.response.dqe, {.min = 0.001, .max = 1});
  if (type != "center_of_mass" && !(type == "idpc" && d.outer_rad == 0)) {
    r.Number("readout_rms_e", &d.response.readout_rms_e, {.min = 0, .max = 1e9});
    r.Number("saturation_e", &d.response.saturation_e, {.min = 0, .max = 1e15});
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  return d;
}

absl::Status CheckResponse(const DetectorOptions& d, const Config& config,
                           const SimulationOptions& o) {
  if (o.electrons_per_A2 > 0) return absl::OkStatus();
  if (d.response.dqe < 1) return config.Error("dqe", "needs dose.electrons_per_A2 above 0");
  if (d.response.readout_rms_e > 0) {
    return config.Error("readout_rms_e", "needs dose.electrons_per_A2 above 0");
  }
  if (d.response.saturation_e > 0) {
    return config.Error("saturation_e", "needs dose.electrons_per_A2 above 0");
  }
  return absl::OkStatus();
}

}  // namespace ronchi::sim
