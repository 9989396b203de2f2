#include "env/aberration_tuning.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "env/aberration_knobs.h"
#include "env/needs.h"
#include "env/picture.h"
#include "env/versions.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi::env {
namespace {

const std::string kAberrationTuningId = "AberrationTuning-v1";
constexpr size_t kTuningImages = 0, kPhaseError = 1;  // of info

Knobs MakeKnobs(const AberrationTuningOptions& o) {
  return MakeAberrationKnobs(o.level, {o.range_nm, o.range_second_nm, o.range_third_nm});
}

}  // namespace

double TwoFrameContrast(const Array<float>& a, const Array<float>& b, double dark) {
  RONCHI_CHECK_EQ(a.size(), b.size());
  double mean_a = 0, mean_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] - dark;
    mean_b += b[i] - dark;
  }
  const double n = double(a.size());
  mean_a /= n;
  mean_b /= n;
  double covariance = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    covariance += (a[i] - dark - mean_a) * (b[i] - dark - mean_b);
  }
  return mean_a > 0 && mean_b > 0 ? covariance / (n - 1) / (mean_a * mean_b) : 0;
}

Spec AberrationTuningSpec(const AberrationTuningOptions& o) {
  const size_t n = size_t(o.pixels);
  const Knobs knobs = MakeKnobs(o);
  const std::string names = AberrationNames(o.level);
  Spec spec;
  spec.id = kAberrationTuningId;
  spec.summary =
      o.level == 1 ? "tune C10, C12a and C12b of a probe to the highest HAADF contrast of a crystal"
                   : "tune " + names + " of a probe to the highest HAADF contrast of a crystal";
  spec.observation_space["image"] = {{n, n}, -65535, 65535, "counts", "HAADF, mean of two frames"};
  spec.observation_space["contrast"] = {{1}, -1e3, 1e3, "", "var/mean^2 without shot-noise bias"};
  spec.observation_space["settings"] =
      knobs.MakeBox(1, "commanded " + names + " relative to the reference");
  spec.action_space = knobs.MakeBox(2, "changes of " + names);
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward_threshold = o.reward_threshold;
  spec.info_names = {"images"};
  spec.reward = "the contrast of the new image";
  spec.figure = "contrast";
  if (o.reward_truth) {
    spec.reward = "by how much the rms phase error over the aperture fell, rad";
    spec.needs_ground_truth = true;
    spec.info_names.push_back("phase_error_rad");
  }
  return spec;
}

absl::Status ReadAberrationTuningOptions(const Config& node, AberrationTuningOptions* o) {
  ConfigReader r(node);
  std::string reward = o->reward_truth ? "truth" : "image";
  double dwell_us = o->dwell_s * 1e6;
  ReadId(&r, kAberrationTuningId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  r.Choice("reward", &reward, {"image", "truth"});
  // More knobs take more images: Pattison et al. (2025) spend 150 on seven.
  if (r.ok() && o->level > 1) o->max_episode_steps = o->level == 2 ? 150 : 250;
  r.Number("fov_A", &o->fov_A, {.min = 1, .max = 1000});
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 1024});
  r.Number("dwell_us", &dwell_us, {.min = 0.1, .max = 1e6});
  r.Number("range_nm", &o->range_nm, {.min = 0.1, .max = 1000});
  r.Number("range_second_nm", &o->range_second_nm, {.min = 0.1, .max = 1e5});
  r.Number("range_third_nm", &o->range_third_nm, {.min = 0.1, .max = 1e7});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  o->dwell_s = dwell_us * 1e-6;
  o->reward_truth = reward == "truth";
  return r.Done();
}

AberrationTuning::AberrationTuning(hw::Instrument* instrument,
                                   const AberrationTuningOptions& options)
    : Task(instrument, AberrationTuningSpec(options), options.environment, options.randomise),
      options_(options),
      knobs_(MakeKnobs(options)) {
  contrasts_.reserve(size_t(options.max_episode_steps) + 1);
}

absl::StatusOr<std::unique_ptr<AberrationTuning>> AberrationTuning::Create(
    hw::Instrument* instrument, const AberrationTuningOptions& options) {
  const hw::Description& d = instrument->description();
  if (options.level < 1 || options.level > 3) {
    return absl::InvalidArgumentError("level must be 1, 2 or 3");
  }
  if (options.pixels < 8 || size_t(options.pixels) > d.max_pixels || options.range_nm <= 0) {
    return absl::InvalidArgumentError("pixels must be 8 or more, and range_nm above 0");
  }
  RONCHI_RETURN_IF_ERROR(MakeKnobs(options).Check(d, kAberrationTuningId));
  RONCHI_RETURN_IF_ERROR(NeedDetector(d, "haadf", kAberrationTuningId));
  if (options.reward_truth) {
    RONCHI_RETURN_IF_ERROR(NeedGroundTruth(instrument, "reward: truth", kAberrationTuningId));
    for (const char* property : {"beam.energy", "beam.semiangle"}) {
      RONCHI_RETURN_IF_ERROR(NeedProperty(d, property, kAberrationTuningId));
    }
  }
  return std::unique_ptr<AberrationTuning>(new AberrationTuning(instrument, options));
}

absl::StatusOr<double> AberrationTuning::Observe(std::span<float> observation) {
  hw::Scan scan;
  scan.fov_x_m = scan.fov_y_m = options_.fov_A * kMetresPerAngstrom;
  scan.pixels_x = scan.pixels_y = size_t(options_.pixels);
  scan.dwell_s = options_.dwell_s;
  scan.frames = 2;
  scan.detectors = {"haadf"};
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(scan));
  if (reply.frames.size() != 2) return absl::InternalError("expected two frames from the scan");
  own_info()[kTuningImages] += 1;
  const Array<float>&a = reply.frames[0].counts, &b = reply.frames[1].counts;
  // In the order of the space: contrast, image, settings.
  const double contrast = std::clamp(TwoFrameContrast(a, b, options_.dark_counts), -1e3, 1e3);
  observation[0] = float(contrast);
  const std::span<float> image = observation.subspan(1, a.size());
  for (size_t i = 0; i < a.size(); ++i) image[i] = 0.5f * (a[i] + b[i]);
  knobs_.Fill(observation.subspan(1 + a.size()));
  if (options_.reward_truth) FindPhaseError();
  contrasts_.push_back(double(observation[0]));
  return contrasts_.back();
}

void AberrationTuning::FindPhaseError() {
  own_info()[kPhaseError] =
      theory::RmsPhaseError_rad(instrument().ground_truth()->Hidden(), aperture_);
}

absl::Status AberrationTuning::Begin(const ResetOptions&, std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(knobs_.Begin(run_));
  if (options_.reward_truth) {
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply beam,
                            Execute(hw::Read{{"beam.energy", "beam.semiangle"}}));
    aperture_ = {beam.readings.at(0).value.si, beam.readings.at(1).value.si};
  }
  contrasts_.clear();
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  return Observe(observation).status();
}

absl::StatusOr<Outcome> AberrationTuning::Act(std::span<const float> action,
                                              std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(knobs_.MoveBy(action, run_));
  const double before = options_.reward_truth ? own_info()[kPhaseError] : 0;
  RONCHI_ASSIGN_OR_RETURN(const double contrast, Observe(observation));
  if (!options_.reward_truth) return Outcome{.reward = contrast};
  return Outcome{.reward = before - own_info()[kPhaseError]};
}

absl::Status AberrationTuning::ShiftOrigin(std::span<const double> change_nm) {
  return knobs_.ShiftOrigin(change_nm, run_);
}

std::array<double, 3> AberrationTuning::settings_nm() const {
  return {knobs_.Absolute(0), knobs_.Absolute(1), knobs_.Absolute(2)};
}

absl::StatusOr<Array<uint8_t>> AberrationTuning::Render() const {
  const size_t n = size_t(options_.pixels);
  const bool few = knobs_.size() <= 3;
  Picture picture(few ? 448 : 632, 256);
  picture.Image({0, 0, 256, 256}, last_observation().subspan(spec().Offset("image"), n * n),
                {n, n});
  const int bottom = knobs_.Draw({264, 8, few ? 176 : 360, 0}, &picture);
  picture.Curve({264, bottom + 8, few ? 176 : 360, 240 - bottom}, "contrast", contrasts_,
                size_t(options_.max_episode_steps) + 1);
  return picture.Take();
}

nlohmann::json AberrationTuning::SaveOwn() const {
  return {{"knobs", knobs_.Save()},
          {"contrasts", contrasts_},
          {"aperture", {aperture_.energy_eV, aperture_.semiangle_rad}}};
}

absl::Status AberrationTuning::RestoreOwn(const nlohmann::json& saved) {
  knobs_.Restore(saved.at("knobs"));
  saved.at("contrasts").get_to(contrasts_);
  saved.at("aperture").at(0).get_to(aperture_.energy_eV);
  saved.at("aperture").at(1).get_to(aperture_.semiangle_rad);
  return absl::OkStatus();
}

}  // namespace ronchi::env
