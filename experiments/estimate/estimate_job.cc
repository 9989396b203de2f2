#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "experiments/estimate/estimate.h"
#include "sim/simulate_config.h"
#include "theory/forward/optics_names.h"

namespace ronchi {
namespace {

constexpr std::array<const char*, 11> kUnknownNames = {
    "thickness_A",  "tilt_x_mrad", "tilt_y_mrad", "background",    "center_x_mrad", "center_y_mrad",
    "rotation_deg", "shift_x_A",   "shift_y_A",   "source_fwhm_A", "focal_spread_A"};
// Of an image, besides coefficients.
constexpr std::array<const char*, 5> kImageUnknowns = {"background", "shift_x_A", "shift_y_A",
                                                       "source_fwhm_A", "focal_spread_A"};

bool IsUnknown(const std::string& key) {
  return std::ranges::find(kUnknownNames, key) != kUnknownNames.end() ||
         theory::ParseCoefficient(key).has_value();
}

void ReadUnknown(ConfigReader* r, const std::string& key, EstimateJob* job) {
  std::vector<double> range;
  r->Numbers(key, &range, 2, {.min = -1e7, .max = 1e7});
  if (range.size() != 2) return;
  if (!(range[0] < range[1])) {
    r->Fail(key, absl::StrCat("[", range[0], ", ", range[1],
                              "] is no interval; allowed: [from, to], from below to"));
  } else if ((key == "thickness_A" || key == "background" || key == "source_fwhm_A" ||
              key == "focal_spread_A") &&
             range[0] < 0) {
    r->Fail(key, absl::StrCat(range[0], " is not allowed; allowed: from 0"));
  } else if (key.starts_with("tilt_") && (range[0] < -100 || range[1] > 100)) {
    r->Fail(key, "allowed: -100 … 100 mrad");
  }
  job->unknown.push_back({key, {range[0], range[1]}});
}

// Known changes of the optics, a number for each frame.
absl::Status ReadSeries(const Config& node, EstimateJob* job) {
  ConfigReader r(node);
  for (const std::string& key : node.Keys()) {
    if (!theory::ParseCoefficient(key)) {
      r.Fail(key, "is no aberration coefficient; C10_A: [-50, 0, 50] is one of three frames");
      continue;
    }
    std::vector<double> values;
    r.Numbers(key, &values, 0, {.min = -1e7, .max = 1e7});
    job->series.push_back({key, values});
  }
  return r.Done();
}

absl::Status ReadSection(const Config& top, EstimateJob* job) {
  ConfigReader r(top);
  if (!top.Has("estimate")) return top.Error("estimate", "missing; see docs/estimate.md");
  const Config node = r.Child("estimate");
  ConfigReader e(node);
  std::string axes = "xy";
  e.Number("electrons", &job->electrons, {.min = 0, .max = 1e15});
  e.Number("model_error", &job->model_error, {.min = 0, .max = 1});
  e.Number("pixel_mrad", &job->pixel_mrad, {.min = 0, .max = 100});
  e.Text("detector", &job->detector);
  e.Choice("axes", &axes, {"xy", "yx"});
  job->turned = axes == "yx";
  for (const char* name : kUnknownNames) e.Known(name);
  ErrorList errors;
  if (node.Has("series")) errors.Add(ReadSeries(e.Child("series"), job));
  for (const std::string& key : node.Keys()) {
    if (IsUnknown(key)) ReadUnknown(&e, key, job);
  }
  errors.Add(e.Done());
  RONCHI_RETURN_IF_ERROR(errors.status());
  if (job->unknown.empty()) {
    return top.Error("estimate", "names no unknown; thickness_A: [20, 600] is one");
  }
  return absl::OkStatus();
}

absl::Status ChooseDetector(const Config& top, EstimateJob* job) {
  using Type = sim::DetectorOptions::Type;
  ConfigReader r(top);
  std::vector<const sim::DetectorOptions*> fit;
  for (const sim::DetectorOptions& d : job->simulate.detectors) {
    if (d.type == Type::kPixelated || d.type == Type::kAnnular) fit.push_back(&d);
  }
  const bool named = !job->detector.empty();
  if (named) std::erase_if(fit, [&](const auto* d) { return d->name != job->detector; });
  if (named && fit.empty()) {
    return r.Child("estimate")
        .Error("detector", absl::StrCat("'", job->detector,
                                        "' is no pixelated or annular detector of this config"));
  }
  if (fit.size() != 1) {
    return top.Error("detectors", absl::StrCat("has ", fit.size(),
                                               " pixelated or annular ones; estimate needs one, or "
                                               "its name as estimate.detector"));
  }
  job->detector = fit[0]->name;
  job->of_images = fit[0]->type == Type::kAnnular;
  return absl::OkStatus();
}

// Of what the detector's frames cannot tell.
absl::Status CheckSignal(const Config& top, const EstimateJob& job) {
  ConfigReader r(top);
  ConfigReader e(r.Child("estimate"));
  for (const auto& [name, range] : job.unknown) {
    const bool of_image = std::ranges::find(kImageUnknowns, name) != kImageUnknowns.end() ||
                          theory::ParseCoefficient(name).has_value();
    if (!job.of_images || of_image) continue;
    e.Fail(name, absl::StrCat("is not estimated from images of the detector '", job.detector,
                              "'; allowed: coefficients (C10_A …), ",
                              absl::StrJoin(kImageUnknowns, ", ")));
  }
  if (!job.of_images && !job.series.empty()) {
    e.Fail("series", "is of scanned images, by an annular detector");
  }
  if (job.of_images && job.pixel_mrad > 0) {
    e.Fail("pixel_mrad", "is of diffraction patterns, by a pixelated detector");
  }
  return e.status();
}

}  // namespace

absl::StatusOr<EstimateJob> ReadEstimateJob(const Config& config) {
  EstimateJob job;
  ErrorList errors;
  errors.Add(ReadSection(config, &job));
  absl::StatusOr<sim::SimulationOptions> options = sim::ReadSimulationOptions(config);
  errors.Add(options.status());
  RONCHI_RETURN_IF_ERROR(errors.status());
  job.simulate = std::move(*options);
  RONCHI_RETURN_IF_ERROR(ChooseDetector(config, &job));
  RONCHI_RETURN_IF_ERROR(CheckSignal(config, job));
  return job;
}

}  // namespace ronchi
