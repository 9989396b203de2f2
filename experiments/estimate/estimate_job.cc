#include <algorithm>

#include "absl/strings/str_cat.h"
#include "experiments/estimate/estimate.h"
#include "sim/simulate_config.h"
#include "theory/forward/optics_names.h"

namespace ronchi {
namespace {

constexpr std::array<const char*, 9> kUnknownNames = {
    "thickness_A",   "tilt_x_mrad",  "tilt_y_mrad", "background", "center_x_mrad",
    "center_y_mrad", "rotation_deg", "shift_x_A",   "shift_y_A"};

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
  } else if ((key == "thickness_A" || key == "background") && range[0] < 0) {
    r->Fail(key, absl::StrCat(range[0], " is not allowed; allowed: from 0"));
  } else if (key.starts_with("tilt_") && (range[0] < -100 || range[1] > 100)) {
    r->Fail(key, "allowed: -100 … 100 mrad");
  }
  job->unknown.push_back({key, {range[0], range[1]}});
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
  for (const std::string& key : node.Keys()) {
    if (IsUnknown(key)) ReadUnknown(&e, key, job);
  }
  RONCHI_RETURN_IF_ERROR(e.Done());
  if (job->unknown.empty()) {
    return top.Error("estimate", "names no unknown; thickness_A: [20, 600] is one");
  }
  return absl::OkStatus();
}

absl::Status ChooseDetector(const Config& top, EstimateJob* job) {
  ConfigReader r(top);
  std::vector<std::string> names;
  for (const sim::DetectorOptions& d : job->simulate.detectors) {
    if (d.type == sim::DetectorOptions::Type::kPixelated) names.push_back(d.name);
  }
  const bool named = !job->detector.empty();
  if (named && std::ranges::find(names, job->detector) == names.end()) {
    return r.Child("estimate")
        .Error("detector", "'" + job->detector +
                               "' is no pixelated detector of this "
                               "config");
  }
  if (!named && names.size() != 1) {
    return top.Error("detectors", absl::StrCat("has ", names.size(),
                                               " pixelated ones; estimate needs one, or its name "
                                               "as estimate.detector"));
  }
  if (!named) job->detector = names[0];
  return absl::OkStatus();
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
  return job;
}

}  // namespace ronchi
