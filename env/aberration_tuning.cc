#include "env/aberration_tuning.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "env/picture.h"

namespace ronchi::env {
namespace {

constexpr std::array<const char*, 3> kKnobs = {"optics.C10", "optics.C12.a", "optics.C12.b"};

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
  const float range = float(o.range_nm);
  Spec spec;
  spec.id = "AberrationTuning-v0";
  spec.summary = "tune C10, C12a and C12b of a probe to the highest HAADF contrast of a crystal";
  spec.observation_space["image"] = {{n, n}, -65535, 65535, "counts", "HAADF, mean of two frames"};
  spec.observation_space["contrast"] = {{1}, -1e3, 1e3, "", "var/mean^2 without shot-noise bias"};
  spec.observation_space["settings"] = {
      {3}, -range, range, "nm", "commanded C10, C12a, C12b relative to the reference"};
  spec.action_space = {{3}, -2 * range, 2 * range, "nm", "changes of C10, C12a, C12b"};
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward = "the contrast of the new image";
  spec.info_names = {"images"};
  return spec;
}

absl::Status ReadAberrationTuningOptions(const Config& node, AberrationTuningOptions* o) {
  ConfigReader r(node);
  std::string id = "AberrationTuning-v0";
  double dwell_us = o->dwell_s * 1e6;
  r.Choice("id", &id, {"AberrationTuning-v0"});
  r.Number("fov_A", &o->fov_A, {.min = 1, .max = 1000});
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 1024});
  r.Number("dwell_us", &dwell_us, {.min = 0.1, .max = 1e6});
  r.Number("range_nm", &o->range_nm, {.min = 0.1, .max = 1000});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  o->dwell_s = dwell_us * 1e-6;
  return r.Done();
}

AberrationTuning::AberrationTuning(hw::Instrument* instrument,
                                   const AberrationTuningOptions& options)
    : Task(instrument, AberrationTuningSpec(options), options.environment, options.randomise),
      options_(options) {
  contrasts_.reserve(size_t(options.max_episode_steps) + 1);
}

absl::StatusOr<std::unique_ptr<AberrationTuning>> AberrationTuning::Create(
    hw::Instrument* instrument, const AberrationTuningOptions& options) {
  const hw::Description& d = instrument->description();
  for (const char* knob : kKnobs) {
    const hw::PropertyInfo* p = d.FindProperty(knob);
    if (!p || !p->writable) {
      return absl::InvalidArgumentError(
          absl::StrCat("AberrationTuning-v0 needs to set ", knob, ", which ", d.id, " cannot"));
    }
  }
  if (!d.FindDetector("haadf")) {
    return absl::InvalidArgumentError(
        absl::StrCat("AberrationTuning-v0 needs a detector 'haadf', which ", d.id, " lacks"));
  }
  if (options.pixels < 8 || size_t(options.pixels) > d.max_pixels || options.range_nm <= 0) {
    return absl::InvalidArgumentError("pixels must be 8 or more, and range_nm above 0");
  }
  return std::unique_ptr<AberrationTuning>(new AberrationTuning(instrument, options));
}

absl::Status AberrationTuning::Command(const std::array<double, 3>& relative_nm) {
  for (size_t i = 0; i < 3; ++i) {
    if (relative_nm[i] == relative_nm_[i]) continue;
    RONCHI_ASSIGN_OR_RETURN(
        const hw::Reply reply,
        Execute(hw::Set{kKnobs[i], Nanometres(reference_nm_[i] + relative_nm[i])}));
    relative_nm_[i] = reply.readings.at(0).value.si * 1e9 - reference_nm_[i];
  }
  return absl::OkStatus();
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
  own_info()[0] += 1;
  const Array<float>&a = reply.frames[0].counts, &b = reply.frames[1].counts;
  // In the order of the space: contrast, image, settings.
  const double contrast = std::clamp(TwoFrameContrast(a, b, options_.dark_counts), -1e3, 1e3);
  observation[0] = float(contrast);
  const std::span<float> image = observation.subspan(1, a.size());
  for (size_t i = 0; i < a.size(); ++i) image[i] = 0.5f * (a[i] + b[i]);
  const std::span<float> settings = observation.subspan(1 + a.size());
  for (size_t i = 0; i < 3; ++i) {
    settings[i] = float(std::clamp(relative_nm_[i], -options_.range_nm, options_.range_nm));
  }
  contrasts_.push_back(double(observation[0]));
  return contrasts_.back();
}

absl::Status AberrationTuning::Begin(const ResetOptions&, std::span<float> observation) {
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(hw::Read{{kKnobs.begin(), kKnobs.end()}}));
  for (size_t i = 0; i < 3; ++i) reference_nm_[i] = reply.readings.at(i).value.si * 1e9;
  relative_nm_ = {};
  contrasts_.clear();
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  return Observe(observation).status();
}

absl::StatusOr<Outcome> AberrationTuning::Act(std::span<const float> action,
                                              std::span<float> observation) {
  std::array<double, 3> target;
  for (size_t i = 0; i < 3; ++i) {
    target[i] = std::clamp(relative_nm_[i] + action[i], -options_.range_nm, options_.range_nm);
  }
  RONCHI_RETURN_IF_ERROR(Command(target));
  RONCHI_ASSIGN_OR_RETURN(const double contrast, Observe(observation));
  return Outcome{.reward = contrast};
}

absl::Status AberrationTuning::ShiftReference(std::array<double, 3> change_nm) {
  const std::array<double, 3> relative = relative_nm_;
  for (size_t i = 0; i < 3; ++i) {
    reference_nm_[i] += change_nm[i];
    relative_nm_[i] -= change_nm[i];  // where the column still stands
  }
  return Command(relative);
}

std::array<double, 3> AberrationTuning::settings_nm() const {
  std::array<double, 3> sum;
  for (size_t i = 0; i < 3; ++i) sum[i] = reference_nm_[i] + relative_nm_[i];
  return sum;
}

absl::StatusOr<Array<uint8_t>> AberrationTuning::Render() const {
  const size_t n = size_t(options_.pixels);
  Picture picture(448, 256);
  picture.Image({0, 0, 256, 256}, last_observation().subspan(spec().Offset("image"), n * n),
                {n, n});
  const char* labels[] = {"C10 nm", "C12a nm", "C12b nm"};
  for (size_t i = 0; i < 3; ++i) {
    picture.Bar({264, 8 + 28 * int(i), 176, 20}, labels[i], relative_nm_[i], -options_.range_nm,
                options_.range_nm);
  }
  picture.Curve({264, 100, 176, 148}, "contrast", contrasts_,
                size_t(options_.max_episode_steps) + 1);
  return picture.Take();
}

nlohmann::json AberrationTuning::SaveOwn() const {
  return {
      {"reference_nm", reference_nm_}, {"relative_nm", relative_nm_}, {"contrasts", contrasts_}};
}

absl::Status AberrationTuning::RestoreOwn(const nlohmann::json& saved) {
  saved.at("reference_nm").get_to(reference_nm_);
  saved.at("relative_nm").get_to(relative_nm_);
  saved.at("contrasts").get_to(contrasts_);
  return absl::OkStatus();
}

}  // namespace ronchi::env
