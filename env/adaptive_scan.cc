#include "env/adaptive_scan.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "env/picture.h"
#include "env/versions.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi::env {
namespace {

constexpr const char* kAdaptiveScanId = "AdaptiveScan-v0";
constexpr float kDarkestEstimate = -10, kBrightestEstimate = 100;  // of the observed reconstruction

struct Level {
  int pixels;
  double budget, dwell_s;
};
// Finer, fewer, dimmer.
constexpr Level kLevels[] = {{32, 0.15, 20e-6}, {64, 0.10, 20e-6}, {64, 0.05, 5e-6}};

int Side(int square) { return int(std::lround(std::sqrt(double(square)))); }

}  // namespace

int AdaptiveScanProbes(const AdaptiveScanOptions& o) {
  return int(std::floor(o.budget * o.pixels * o.pixels + 1e-9));
}

int AdaptiveScanSteps(const AdaptiveScanOptions& o) {
  return (AdaptiveScanProbes(o) - o.first_grid * o.first_grid) / o.probes_per_step;
}

Spec AdaptiveScanSpec(const AdaptiveScanOptions& o, bool has_truth) {
  const size_t n = size_t(o.pixels);
  Spec spec;
  spec.id = kAdaptiveScanId;
  spec.summary = "image a field of nanoparticles with few electrons: where to look next";
  spec.observation_space["mask"] = {{n, n}, 0, 1, "", "1 where measured"};
  spec.observation_space["reconstruction"] = {{n, n},
                                              kDarkestEstimate,
                                              kBrightestEstimate,
                                              "",
                                              "of what was measured; 1: a thick particle"};
  spec.observation_space["remaining"] = {{1}, 0, 1, "", "share of the probes left"};
  const bool line = o.pattern == AdaptiveScanOptions::Pattern::kLine;
  spec.action_space = {{line ? 3u : 2u},
                       -1,
                       1,
                       "",
                       line ? "x, y of the line's middle in the field, its direction over pi"
                            : "x, y of the middle of the probes in the field"};
  const int steps = std::max(1, AdaptiveScanSteps(o));
  spec.max_episode_steps = o.max_episode_steps > 0 ? std::min(steps, o.max_episode_steps) : steps;
  spec.reward = o.reward_is_truth ? "fall of the reconstruction's relative rms error"
                                  : "mean |reading - reconstruction before| of the new probes";
  spec.info_names = {"probes", "electrons", "surprise"};
  if (has_truth) spec.info_names.push_back("error");
  spec.needs_ground_truth = o.reward_is_truth;
  return spec;
}

absl::Status ReadAdaptiveScanOptions(const Config& node, AdaptiveScanOptions* o) {
  using Pattern = AdaptiveScanOptions::Pattern;
  ConfigReader r(node);
  std::string reward = o->reward_is_truth ? "truth" : "image", pattern = "point";
  ReadId(&r, kAdaptiveScanId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  if (r.ok()) {
    const Level& level = kLevels[o->level - 1];
    o->pixels = level.pixels;
    o->budget = level.budget;
    o->dwell_s = level.dwell_s;
  }
  double dwell_us = o->dwell_s * 1e6;
  r.Number("fov_nm", &o->fov_nm, {.min = 0.1, .max = 1e5});
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 256});
  r.Choice("pattern", &pattern, {"point", "patch", "line"});
  r.Integer("probes_per_step", &o->probes_per_step, {.min = 1, .max = 4096});
  r.Number("budget", &o->budget, {.min = 1e-4, .max = 1});
  r.Integer("first_grid", &o->first_grid, {.min = 0, .max = 256});
  r.Number("dwell_us", &dwell_us, {.min = 0.1, .max = 1e6});
  r.Number("power", &o->power, {.min = 1, .max = 12});
  r.Choice("reward", &reward, {"truth", "image"});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 0, .max = 1000000});
  r.Number("dark_counts", &o->dark_counts, {.min = -1e6, .max = 1e6});
  r.Number("white_counts", &o->white_counts, {.min = 0, .max = 1e9});
  o->dwell_s = dwell_us * 1e-6;
  o->reward_is_truth = reward == "truth";
  o->pattern = pattern == "line"    ? Pattern::kLine
               : pattern == "patch" ? Pattern::kPatch
                                    : Pattern::kPoint;
  return r.Done();
}

AdaptiveScan::AdaptiveScan(hw::Instrument* instrument, const AdaptiveScanOptions& options,
                           bool has_truth)
    : Task(instrument, AdaptiveScanSpec(options, has_truth), options.environment,
           options.randomise),
      options_(options),
      has_truth_(has_truth),
      reconstruction_(size_t(options.pixels), options.power) {
  scan_ = hw::Scan{
      .dwell_s = options.dwell_s, .detectors = {"haadf"}, .pattern = hw::ScanPattern::kPoints};
}

absl::StatusOr<std::unique_ptr<AdaptiveScan>> AdaptiveScan::Create(hw::Instrument* instrument,
                                                                   const AdaptiveScanOptions& o) {
  using Pattern = AdaptiveScanOptions::Pattern;
  const hw::Description& d = instrument->description();
  const auto refused = [](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat(kAdaptiveScanId, " ", why));
  };
  const hw::DetectorInfo* haadf = d.FindDetector("haadf");
  if (!haadf || haadf->kind != hw::DetectorKind::kScanned) {
    return refused(absl::StrCat("needs a scanned detector 'haadf', which ", d.id, " lacks"));
  }
  for (const std::string& c : d.cannot) {
    if (c == "scan" || c == "scan.points") {
      return refused(absl::StrCat("scans points, which ", d.id, " cannot"));
    }
  }
  const double dwell = std::clamp(o.dwell_s, std::max(d.min_dwell_s, haadf->min_dwell_s),
                                  std::min(d.max_dwell_s, haadf->max_dwell_s));
  if (dwell != o.dwell_s) return refused(absl::StrCat("dwell_us: ", d.id, " cannot do that"));
  if (o.fov_nm * 1e-9 > d.max_fov_m) {
    return refused(absl::StrCat("fov_nm: ", d.id, " scans up to ", d.max_fov_m * 1e9, " nm"));
  }
  if (o.pixels < 8 || o.probes_per_step < 1 || o.first_grid < 0 || o.first_grid > o.pixels) {
    return refused("needs 8 pixels or more, a probe a step, a first grid no finer than the pixels");
  }
  if (!(o.white_counts > 0)) return refused("needs white_counts above 0");
  if (o.pattern == Pattern::kPoint && o.probes_per_step != 1) {
    return refused("measures one probe a step with pattern: point");
  }
  const int side = Side(o.probes_per_step);
  if (o.pattern == Pattern::kPatch && (side * side != o.probes_per_step || side > o.pixels)) {
    return refused("needs a square number of probes_per_step with pattern: patch");
  }
  if (AdaptiveScanSteps(o) < 1) {
    return refused(absl::StrCat("has no probes left after the first grid: budget ", o.budget,
                                " of ", o.pixels, "^2 pixels"));
  }
  // A simulation that can say what it would read.
  const bool has_truth = instrument->ground_truth() &&
                         instrument->ground_truth()->NoiseFree("haadf", {}, o.dwell_s, {}).ok();
  if (o.reward_is_truth && !has_truth) {
    return refused(absl::StrCat("with reward: truth needs noise-free readings, which ", d.id,
                                " has none of; use reward: image"));
  }
  return std::unique_ptr<AdaptiveScan>(new AdaptiveScan(instrument, o, has_truth));
}

std::array<double, 2> AdaptiveScan::Place_m(size_t pixel) const {
  const size_t n = size_t(options_.pixels);
  const double fov_m = options_.fov_nm * 1e-9;
  return {(double(pixel % n) / double(n) - 0.5) * fov_m,
          (double(pixel / n) / double(n) - 0.5) * fov_m};
}

void AdaptiveScan::ChoosePixels(std::span<const float> action) {
  using Pattern = AdaptiveScanOptions::Pattern;
  const int n = options_.pixels, k = options_.probes_per_step;
  const auto pixel = [n](float at) {
    return std::clamp(int(std::floor((double(at) + 1) / 2 * n)), 0, n - 1);
  };
  const int column = pixel(action[0]), row = pixel(action[1]);
  chosen_.clear();
  if (options_.pattern == Pattern::kPatch) {
    const int side = Side(k);
    const int x = std::clamp(column - side / 2, 0, n - side);
    const int y = std::clamp(row - side / 2, 0, n - side);
    for (int i = 0; i < k; ++i) chosen_.push_back(uint32_t((y + i / side) * n + x + i % side));
    return;
  }
  const double direction = options_.pattern == Pattern::kLine ? M_PI * action[2] : 0;
  for (int i = 0; i < k; ++i) {
    // What would lie outside is measured at the rim.
    const double along = i - (k - 1) / 2.0;
    const int x = std::clamp(int(std::lround(column + along * std::cos(direction))), 0, n - 1);
    const int y = std::clamp(int(std::lround(row + along * std::sin(direction))), 0, n - 1);
    chosen_.push_back(uint32_t(y * n + x));
  }
}

absl::Status AdaptiveScan::MeasurePixels() {
  auto& points = std::get<hw::Scan>(scan_).points_m;
  points.clear();
  for (uint32_t pixel : chosen_) points.push_back(Place_m(pixel));
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(scan_));
  if (reply.frames.size() != 1 || reply.frames[0].counts.size() != chosen_.size()) {
    return absl::InternalError("expected one frame of the points that were asked for");
  }
  const std::span<const float> counts = reply.frames[0].counts.values();
  if (!std::all_of(counts.begin(), counts.end(), [](float c) { return std::isfinite(c); })) {
    return absl::InternalError("the scan was ended early");
  }
  surprise_ = 0;
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const float reading = float((double(counts[i]) - options_.dark_counts) / options_.white_counts);
    surprise_ += std::fabs(double(reading) - double(reconstruction_.image()[chosen_[i]]));
    measured_.push_back(chosen_[i]);
    readings_.push_back(reading);
  }
  surprise_ /= double(chosen_.size());
  for (size_t i = measured_.size() - chosen_.size(); i < measured_.size(); ++i) {
    reconstruction_.Add(measured_[i], readings_[i]);
  }
  reconstruction_.UpdateImage();
  own_info()[kProbes] = double(measured_.size());
  own_info()[kElectrons] += reply.electrons;
  own_info()[kSurprise] = surprise_;
  if (has_truth_) {
    own_info()[kError] = Error();
    errors_.push_back(own_info()[kError]);
  }
  return absl::OkStatus();
}

absl::Status AdaptiveScan::LookUpTruth() {
  if (!has_truth_) return absl::OkStatus();
  std::vector<std::array<double, 2>> at;
  for (size_t i = 0; i < reconstruction_.pixels(); ++i) at.push_back(Place_m(i));
  std::vector<double> counts(at.size());
  RONCHI_RETURN_IF_ERROR(
      instrument().ground_truth()->NoiseFree("haadf", at, options_.dwell_s, counts));
  truth_.resize(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    truth_[i] = float((counts[i] - options_.dark_counts) / options_.white_counts);
  }
  return absl::OkStatus();
}

double AdaptiveScan::Error() const {
  double mean = 0, squares = 0, off = 0;
  const std::span<const float> image = reconstruction_.image();
  for (size_t i = 0; i < truth_.size(); ++i) {
    const double t = truth_[i], d = double(image[i]) - t;
    mean += t;
    squares += t * t;
    off += d * d;
  }
  const double n = double(truth_.size());
  // A field without any contrast: the error itself.
  const double variance = squares / n - mean / n * mean / n;
  return std::sqrt(off / n / (variance > 1e-12 ? variance : 1.0));
}

void AdaptiveScan::Observe(std::span<float> observation) const {
  // In the order of the space: mask, reconstruction, remaining.
  const std::span<const float> image = reconstruction_.image(), mask = reconstruction_.mask();
  float* out = std::copy(mask.begin(), mask.end(), observation.data());
  for (float v : image) *out++ = std::clamp(v, kDarkestEstimate, kBrightestEstimate);
  const int all = AdaptiveScanProbes(options_);
  *out = float(1 - double(measured_.size()) / all);
}

absl::Status AdaptiveScan::Begin(const ResetOptions&, std::span<float> observation) {
  reconstruction_.Clear();
  measured_.clear();
  readings_.clear();
  errors_.clear();
  RONCHI_RETURN_IF_ERROR(LookUpTruth());
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  const int g = options_.first_grid, n = options_.pixels;
  if (g > 0) {
    chosen_.clear();
    for (int i = 0; i < g * g; ++i) {
      const int row = (2 * (i / g) + 1) * n / (2 * g), column = (2 * (i % g) + 1) * n / (2 * g);
      chosen_.push_back(uint32_t(row * n + column));
    }
    RONCHI_RETURN_IF_ERROR(MeasurePixels());
  } else if (has_truth_) {
    own_info()[kError] = Error();
  }
  Observe(observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> AdaptiveScan::Act(std::span<const float> action,
                                          std::span<float> observation) {
  const double before = has_truth_ ? own_info()[kError] : 0;
  ChoosePixels(action);
  RONCHI_RETURN_IF_ERROR(MeasurePixels());
  Observe(observation);
  const double fall = has_truth_ ? before - own_info()[kError] : 0;
  const bool spent =
      int(measured_.size()) + options_.probes_per_step > AdaptiveScanProbes(options_);
  return Outcome{.reward = options_.reward_is_truth ? fall : surprise_, .terminated = spent};
}

absl::StatusOr<Array<uint8_t>> AdaptiveScan::Render() const {
  const size_t n = size_t(options_.pixels);
  Picture picture(532, 256);
  const std::span<const float> seen = last_observation();
  picture.Image({0, 0, 256, 256}, seen.subspan(spec().Offset("reconstruction"), n * n), {n, n});
  // What was measured alone: the others black.
  std::vector<float> measured(n * n, 0.0f);
  for (size_t i = 0; i < measured_.size(); ++i) measured[measured_[i]] = readings_[i];
  picture.Image({264, 0, 128, 128}, measured, {n, n});
  picture.Image({264, 128, 128, 128}, seen.subspan(spec().Offset("mask"), n * n), {n, n});
  picture.Bar({400, 8, 124, 20}, "remaining", seen[spec().Offset("remaining")], 0, 1);
  picture.Bar({400, 36, 124, 20}, "surprise", surprise_, 0, 1, Picture::kOther);
  if (has_truth_) {
    picture.Curve({400, 68, 124, 180}, "error", errors_, size_t(spec().max_episode_steps) + 1);
  }
  return picture.Take();
}

nlohmann::json AdaptiveScan::SaveOwn() const {
  return {{"measured", measured_},
          {"readings", readings_},
          {"truth", truth_},
          {"errors", errors_},
          {"surprise", surprise_}};
}

absl::Status AdaptiveScan::RestoreOwn(const nlohmann::json& saved) {
  saved.at("measured").get_to(measured_);
  saved.at("readings").get_to(readings_);
  saved.at("truth").get_to(truth_);
  saved.at("errors").get_to(errors_);
  saved.at("surprise").get_to(surprise_);
  if (readings_.size() != measured_.size() ||
      (has_truth_ && truth_.size() != reconstruction_.pixels())) {
    return absl::InvalidArgumentError(absl::StrCat(kAdaptiveScanId, ": saved with other options"));
  }
  reconstruction_.Clear();
  for (size_t i = 0; i < measured_.size(); ++i) {
    if (measured_[i] >= reconstruction_.pixels()) {
      return absl::InvalidArgumentError(
          absl::StrCat(kAdaptiveScanId, ": saved with other options"));
    }
    reconstruction_.Add(measured_[i], readings_[i]);
  }
  reconstruction_.UpdateImage();
  return absl::OkStatus();
}

}  // namespace ronchi::env
