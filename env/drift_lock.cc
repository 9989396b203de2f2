#include "env/drift_lock.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "env/needs.h"
#include "env/picture.h"
#include "env/versions.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi::env {
namespace {

const std::string kDriftLockId = "DriftLock-v1";
enum : size_t { kLockImages = 0, kShift_pm = 1, kDistance_pm = 2 };  // of info

double Length(const std::array<double, 2>& v) { return std::hypot(v[0], v[1]); }

Box Pair(double range, const char* meaning) {
  return {{2}, -float(range), float(range), "nm", meaning};
}

}  // namespace

Spec DriftLockSpec(const DriftLockOptions& o) {
  const size_t n = size_t(o.pixels);
  Spec spec;
  spec.id = kDriftLockId;
  spec.summary = "keep a site of a drifting crystal under the beam";
  auto& space = spec.observation_space;
  space["image"] = {{n, n}, -65535, 65535, "counts", "HAADF around the present centre"};
  space["reference"] = {{n, n}, -65535, 65535, "counts", "the first image, the site in its middle"};
  space["shift"] = Pair(0.1 * o.max_shift_A, "x, y of image against reference by correlation");
  space["correction"] = Pair(2 * o.range_nm, "last change of the centre along x, y");
  space["center"] = Pair(o.range_nm, "x, y of the centre, from where it was first");
  space["time"] = {{1}, 0, 1e9, "s", "since the first image"};
  spec.action_space = Pair(o.correction_nm, "change of the scan's centre along x, y");
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward_threshold = o.reward_threshold;
  spec.reward = "minus the length of the measured shift, nm";
  spec.info_names = {"images", "shift_pm"};
  if (o.reward_truth) {
    spec.reward = "minus the true distance of the site from the centre, nm";
    spec.needs_ground_truth = true;
    spec.info_names.push_back("distance_pm");
  }
  return spec;
}

absl::Status ReadDriftLockOptions(const Config& node, DriftLockOptions* o) {
  ConfigReader r(node);
  std::string reward = o->reward_truth ? "truth" : "image";
  double dwell_us = o->dwell_s * 1e6;
  ReadId(&r, kDriftLockId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  r.Choice("reward", &reward, {"image", "truth"});
  r.Number("fov_A", &o->fov_A, {.min = 1, .max = 1000});
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 256});
  r.Number("dwell_us", &dwell_us, {.min = 0.1, .max = 1e6});
  r.Number("park_s", &o->park_s, {.min = 0, .max = 1000});
  r.Integer("reference_frames", &o->reference_frames, {.min = 1, .max = 1000});
  r.Number("max_shift_A", &o->max_shift_A, {.min = 0.01, .max = 1000});
  r.Number("correction_nm", &o->correction_nm, {.min = 0.001, .max = 100});
  r.Number("range_nm", &o->range_nm, {.min = 0.01, .max = 400});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  if (r.ok() && o->max_shift_A > o->fov_A / 2) r.Fail("max_shift_A", "must not exceed fov_A/2");
  o->dwell_s = dwell_us * 1e-6;
  o->reward_truth = reward == "truth";
  return r.Done();
}

DriftLock::DriftLock(hw::Instrument* instrument, const DriftLockOptions& o)
    : Task(instrument, DriftLockSpec(o), o.environment, o.randomise),
      options_(o),
      registration_(size_t(o.pixels), o.max_shift_A / o.fov_A * o.pixels) {
  distances_nm_.reserve(size_t(o.max_episode_steps) + 1);
}

absl::StatusOr<std::unique_ptr<DriftLock>> DriftLock::Create(hw::Instrument* instrument,
                                                             const DriftLockOptions& o) {
  const hw::Description& d = instrument->description();
  RONCHI_RETURN_IF_ERROR(NeedDetector(d, "haadf", kDriftLockId));
  const auto cannot = [&](const char* what) {
    return std::ranges::find(d.cannot, what) != d.cannot.end();
  };
  if (cannot("scan.offset")) {
    return absl::InvalidArgumentError(kDriftLockId + " scans beside the middle, which " + d.id +
                                      " cannot (scan.offset)");
  }
  if (o.park_s > 0 && cannot("park")) {
    return absl::InvalidArgumentError(kDriftLockId + " needs to park the probe, which " + d.id +
                                      " cannot; park_s: 0 does without");
  }
  if (o.pixels < 8 || size_t(o.pixels) > d.max_pixels || o.fov_A <= 0 ||
      !(o.max_shift_A > 0 && o.max_shift_A <= o.fov_A / 2)) {
    return absl::InvalidArgumentError(
        "pixels must be 8 or more, fov_A above 0, max_shift_A above 0 and up to half of fov_A");
  }
  if (o.reward_truth) {
    RONCHI_RETURN_IF_ERROR(NeedGroundTruth(instrument, "reward: truth", kDriftLockId));
  }
  return std::unique_ptr<DriftLock>(new DriftLock(instrument, o));
}

// Hidden() says what lies under the scan's origin, and how far the scan's frame is off its own.
std::array<double, 2> DriftLock::UnderCenter_A() {
  const auto hidden = instrument().ground_truth()->Hidden();
  const auto number = [&](const char* name, double otherwise) {
    const auto it = hidden.find(name);
    return it == hidden.end() ? otherwise : it->second;
  };
  const double turn = 1e-3 * number("scan_rotation_mrad", 0);
  const double u = 10 * number("scan_x_ratio", 1) *
                   (center_nm_[0] + 1e-3 * number("scan_skew_mrad", 0) * center_nm_[1]);
  const double v = 10 * number("scan_y_ratio", 1) * center_nm_[1];
  return {number("under_origin_x_A", 0) + std::cos(turn) * u - std::sin(turn) * v,
          number("under_origin_y_A", 0) + std::sin(turn) * u + std::cos(turn) * v};
}

absl::StatusOr<std::vector<float>> DriftLock::Look(size_t frames) {
  hw::Scan scan;
  scan.center_x_m = 1e-9 * center_nm_[0];
  scan.center_y_m = 1e-9 * center_nm_[1];
  scan.fov_x_m = scan.fov_y_m = options_.fov_A * kMetresPerAngstrom;
  scan.pixels_x = scan.pixels_y = size_t(options_.pixels);
  scan.dwell_s = options_.dwell_s;
  scan.frames = frames;
  scan.detectors = {"haadf"};
  if (options_.reward_truth) looked_at_A_ = UnderCenter_A();
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(scan));
  if (reply.frames.size() != frames) return absl::InternalError("the scan lacks frames");
  if (options_.reward_truth) {  // the middle of before and after
    const auto after = UnderCenter_A();
    for (size_t i : {0, 1}) looked_at_A_[i] = 0.5 * (looked_at_A_[i] + after[i]);
  }
  own_info()[kLockImages] += 1;
  std::vector<float> mean(reply.frames[0].counts.size());
  for (const hw::Frame& frame : reply.frames) {
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += frame.counts[i] / float(frames);
  }
  return mean;
}

void DriftLock::Fill(std::span<const float> image, std::span<float> observation) const {
  const auto put = [&](const char* name, std::span<const double> values, double range) {
    const size_t at = spec().Offset(name);
    for (size_t i = 0; i < values.size(); ++i) {
      observation[at + i] = float(std::clamp(values[i], -range, range));
    }
  };
  put("center", center_nm_, options_.range_nm);
  put("correction", correction_nm_, 2 * options_.range_nm);
  put("shift", shift_nm_, 0.1 * options_.max_shift_A);
  put("time", std::array{info()[kTime_s] - begun_s_}, 1e9);
  const auto copy = [&](const char* name, std::span<const float> pixels) {
    std::ranges::copy(pixels, observation.begin() + std::ptrdiff_t(spec().Offset(name)));
  };
  copy("image", image);
  copy("reference", reference_);
}

absl::Status DriftLock::Begin(const ResetOptions&, std::span<float> observation) {
  center_nm_ = correction_nm_ = shift_nm_ = site_A_ = {};
  distances_nm_.clear();
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  RONCHI_ASSIGN_OR_RETURN(reference_, Look(size_t(options_.reference_frames)));
  registration_.SetReference(reference_);
  site_A_ = looked_at_A_;
  begun_s_ = info()[kTime_s];
  Fill(reference_, observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> DriftLock::Act(std::span<const float> action,
                                       std::span<float> observation) {
  const std::array<double, 2> before = center_nm_;
  for (size_t i : {0, 1}) {
    center_nm_[i] =
        std::clamp(before[i] + double(action[i]), -options_.range_nm, options_.range_nm);
    correction_nm_[i] = center_nm_[i] - before[i];
  }
  if (options_.park_s > 0) {
    RONCHI_RETURN_IF_ERROR(
        Execute(hw::Park{1e-9 * center_nm_[0], 1e-9 * center_nm_[1], options_.park_s}).status());
  }
  RONCHI_ASSIGN_OR_RETURN(const std::vector<float> image, Look(1));
  const ImageShift moved = registration_.Find(image);
  const double pixel_nm = 0.1 * options_.fov_A / options_.pixels;
  shift_nm_ = {moved.columns * pixel_nm, moved.rows * pixel_nm};
  own_info()[kShift_pm] = 1e3 * Length(shift_nm_);
  double distance_nm = Length(shift_nm_);
  if (options_.reward_truth) {
    distance_nm = 0.1 * Length({looked_at_A_[0] - site_A_[0], looked_at_A_[1] - site_A_[1]});
    own_info()[kDistance_pm] = 1e3 * distance_nm;
  }
  distances_nm_.push_back(distance_nm);
  Fill(image, observation);
  return Outcome{.reward = -distance_nm};
}

absl::StatusOr<Array<uint8_t>> DriftLock::Render() const {
  const size_t n = size_t(options_.pixels);
  constexpr int kSide = 224;
  Picture picture(2 * kSide + 208, kSide);
  picture.Image({0, 0, kSide, kSide}, last_observation().subspan(spec().Offset("image"), n * n),
                {n, n});
  picture.Image({kSide + 8, 0, kSide, kSide}, reference_, {reference_.empty() ? 0 : n, n});
  const double range_pm = 100 * options_.max_shift_A;
  picture.Bar({2 * kSide + 16, 8, 184, 20}, "shift x pm", 1e3 * shift_nm_[0], -range_pm, range_pm);
  picture.Bar({2 * kSide + 16, 36, 184, 20}, "shift y pm", 1e3 * shift_nm_[1], -range_pm, range_pm);
  picture.Curve({2 * kSide + 16, 64, 184, kSide - 72}, "distance nm", distances_nm_,
                size_t(options_.max_episode_steps), 0);
  return picture.Take();
}

nlohmann::json DriftLock::SaveOwn() const {
  return {
      {"reference", reference_},      {"center_nm", center_nm_}, {"correction_nm", correction_nm_},
      {"shift_nm", shift_nm_},        {"site_A", site_A_},       {"begun_s", begun_s_},
      {"distances_nm", distances_nm_}};
}

absl::Status DriftLock::RestoreOwn(const nlohmann::json& saved) {
  saved.at("reference").get_to(reference_);
  if (reference_.size() != size_t(options_.pixels) * size_t(options_.pixels)) {
    return absl::InvalidArgumentError(kDriftLockId + ": saved with other pixels");
  }
  registration_.SetReference(reference_);
  saved.at("center_nm").get_to(center_nm_);
  saved.at("correction_nm").get_to(correction_nm_);
  saved.at("shift_nm").get_to(shift_nm_);
  saved.at("site_A").get_to(site_A_);
  saved.at("begun_s").get_to(begun_s_);
  saved.at("distances_nm").get_to(distances_nm_);
  return absl::OkStatus();
}

}  // namespace ronchi::env
