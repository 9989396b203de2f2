#include "env/zone_axis_tilt.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "env/needs.h"
#include "env/picture.h"
#include "env/versions.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi::env {
namespace {

const std::string kZoneAxisTiltId = "ZoneAxisTilt-v1";
constexpr size_t kTiltExposures = 0, kTilt_mrad = 1;  // of info
constexpr float kLargest_mrad = 1000;

Knobs MakeKnobs(const ZoneAxisTiltOptions& o) {
  return Knobs(
      {{"stage.alpha", o.range_mrad, "range_mrad"}, {"stage.beta", o.range_mrad, "range_mrad"}},
      kMilliradianKnobs);
}

}  // namespace

std::array<double, 2> CentreOfMass(const Array<float>& pattern, double dark) {
  const int n = int(pattern.shape()[0]), radius = n / 2 - 1;
  double sum = 0, x_sum = 0, y_sum = 0;
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      const int u = x - n / 2, v = y - n / 2;
      if (u * u + v * v > radius * radius) continue;
      const double counts = double(pattern[size_t(y * n + x)]) - dark;
      sum += counts;
      x_sum += counts * u;
      y_sum += counts * v;
    }
  }
  if (!(sum > 0)) return {0, 0};
  return {std::clamp(x_sum / sum, -double(n), double(n)),
          std::clamp(y_sum / sum, -double(n), double(n))};
}

Spec ZoneAxisTiltSpec(const ZoneAxisTiltOptions& o) {
  const size_t n = size_t(o.pixels);
  const Knobs knobs = MakeKnobs(o);
  Spec spec;
  spec.id = kZoneAxisTiltId;
  spec.summary = "turn a crystal onto its zone axis by its diffraction pattern";
  auto& space = spec.observation_space;
  space["image"] = {{n, n}, -1e6, 1e6, "counts", "diffraction pattern"};
  space["deflection"] = {
      {2}, -kLargest_mrad, kLargest_mrad, "mrad", "x, y of the pattern's centre of mass"};
  space["centredness"] = {{1}, -2 * kLargest_mrad, 0.01f, "mrad", "minus the deflection's length"};
  space["settings"] = knobs.MakeBox(1, "stage.alpha, stage.beta from where they were first");
  spec.action_space = knobs.MakeBox(2, "changes of stage.alpha, stage.beta");
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward_threshold = o.reward_threshold;
  spec.info_names = {"exposures"};
  spec.reward = "minus the length of the pattern's deflection, mrad";
  if (o.reward_truth) {
    spec.reward = "minus the true angle from the zone axis, mrad";
    spec.needs_ground_truth = true;
    spec.info_names.push_back("tilt_mrad");
  }
  return spec;
}

absl::Status ReadZoneAxisTiltOptions(const Config& node, ZoneAxisTiltOptions* o) {
  ConfigReader r(node);
  std::string reward = o->reward_truth ? "truth" : "image";
  double exposure_ms = o->exposure_s * 1e3;
  ReadId(&r, kZoneAxisTiltId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  r.Choice("reward", &reward, {"image", "truth"});
  if (r.ok())
    o->range_mrad = 4 + 4 * o->level;  // what the levels' specimens are off, and some play
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 1024});
  r.Number("exposure_ms", &exposure_ms, {.min = 1e-3, .max = 1e5});
  r.Number("range_mrad", &o->range_mrad, {.min = 0.01, .max = 1000});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  o->exposure_s = exposure_ms * 1e-3;
  o->reward_truth = reward == "truth";
  return r.Done();
}

ZoneAxisTilt::ZoneAxisTilt(hw::Instrument* instrument, const ZoneAxisTiltOptions& o, size_t binning,
                           double pixel_rad)
    : Task(instrument, ZoneAxisTiltSpec(o), o.environment, o.randomise),
      options_(o),
      binning_(binning),
      pixel_rad_(pixel_rad),
      knobs_(MakeKnobs(o)) {
  distances_mrad_.reserve(size_t(o.max_episode_steps) + 1);
}

absl::StatusOr<std::unique_ptr<ZoneAxisTilt>> ZoneAxisTilt::Create(hw::Instrument* instrument,
                                                                   const ZoneAxisTiltOptions& o) {
  const hw::Description& d = instrument->description();
  RONCHI_RETURN_IF_ERROR(MakeKnobs(o).Check(d, kZoneAxisTiltId));
  RONCHI_ASSIGN_OR_RETURN(const size_t binning,
                          NeedCamera(d, "camera", size_t(o.pixels), kZoneAxisTiltId));
  if (o.reward_truth) {
    RONCHI_RETURN_IF_ERROR(NeedGroundTruth(instrument, "reward: truth", kZoneAxisTiltId));
  }
  return std::unique_ptr<ZoneAxisTilt>(new ZoneAxisTilt(
      instrument, o, binning, d.FindDetector("camera")->pixel_rad * double(binning)));
}

absl::StatusOr<double> ZoneAxisTilt::Observe(std::span<float> observation) {
  RONCHI_ASSIGN_OR_RETURN(
      const hw::Reply reply,
      Execute(hw::Expose{.camera = "camera", .time_s = options_.exposure_s, .binning = binning_}));
  const size_t pixels = size_t(options_.pixels) * size_t(options_.pixels);
  if (reply.frames.size() != 1 || reply.frames[0].counts.size() != pixels) {
    return absl::InternalError("the camera's frames are not as it describes them");
  }
  own_info()[kTiltExposures] += 1;
  const Array<float>& pattern = reply.frames[0].counts;
  const auto pixels_off = CentreOfMass(pattern, options_.dark_counts * double(binning_ * binning_));
  for (size_t i : {0, 1}) {
    deflection_mrad_[i] =
        std::clamp(1e3 * pixel_rad_ * pixels_off[i], -double(kLargest_mrad), double(kLargest_mrad));
  }
  double distance_mrad = std::hypot(deflection_mrad_[0], deflection_mrad_[1]);
  observation[spec().Offset("centredness")] = -float(distance_mrad);
  for (size_t i : {0, 1}) {
    observation[spec().Offset("deflection") + i] = float(deflection_mrad_[i]);
  }
  const std::span<float> image = observation.subspan(spec().Offset("image"), pixels);
  for (size_t i = 0; i < pixels; ++i) image[i] = std::clamp(pattern[i], -1e6f, 1e6f);
  knobs_.Fill(observation.subspan(spec().Offset("settings")));
  if (options_.reward_truth) {
    const auto hidden = instrument().ground_truth()->Hidden();
    distance_mrad = std::hypot(hidden.at("true_tilt_alpha_mrad"), hidden.at("true_tilt_beta_mrad"));
    own_info()[kTilt_mrad] = distance_mrad;
  }
  distances_mrad_.push_back(distance_mrad);
  return -distance_mrad;
}

absl::Status ZoneAxisTilt::Begin(const ResetOptions&, std::span<float> observation) {
  distances_mrad_.clear();
  RONCHI_RETURN_IF_ERROR(knobs_.Begin(run_));
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  return Observe(observation).status();
}

absl::StatusOr<Outcome> ZoneAxisTilt::Act(std::span<const float> action,
                                          std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(knobs_.MoveBy(action, run_));
  RONCHI_ASSIGN_OR_RETURN(const double reward, Observe(observation));
  return Outcome{.reward = reward};
}

absl::StatusOr<Array<uint8_t>> ZoneAxisTilt::Render() const {
  const size_t n = size_t(options_.pixels);
  Picture picture(448, 256);
  // Discs are a hundred times as bright as what lies between them: the root shows both.
  std::vector<float> roots(n * n);
  const auto image = last_observation().subspan(spec().Offset("image"), n * n);
  for (size_t i = 0; i < roots.size(); ++i) roots[i] = std::sqrt(std::max(0.0f, image[i]));
  picture.Image({0, 0, 256, 256}, roots, {n, n});
  const int bottom = knobs_.Draw({264, 8, 176, 0}, &picture);
  picture.Curve({264, bottom + 8, 176, 240 - bottom}, "distance mrad", distances_mrad_,
                size_t(options_.max_episode_steps) + 1, 0);
  return picture.Take();
}

nlohmann::json ZoneAxisTilt::SaveOwn() const {
  return {{"knobs", knobs_.Save()},
          {"deflection_mrad", deflection_mrad_},
          {"distances_mrad", distances_mrad_}};
}

absl::Status ZoneAxisTilt::RestoreOwn(const nlohmann::json& saved) {
  knobs_.Restore(saved.at("knobs"));
  saved.at("deflection_mrad").get_to(deflection_mrad_);
  saved.at("distances_mrad").get_to(distances_mrad_);
  return absl::OkStatus();
}

}  // namespace ronchi::env
