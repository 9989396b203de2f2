#include "env/aberration_tuning.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/ground_truth.h"

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
  return spec;
}

AberrationTuning::AberrationTuning(hw::Instrument* instrument,
                                   const AberrationTuningOptions& options)
    : instrument_(instrument), options_(options), spec_(AberrationTuningSpec(options)) {}

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

std::array<double, 3> AberrationTuning::settings_nm() const {
  std::array<double, 3> sum;
  for (size_t i = 0; i < 3; ++i) sum[i] = reference_nm_[i] + relative_nm_[i];
  return sum;
}

absl::Status AberrationTuning::Command(const std::array<double, 3>& relative_nm) {
  for (size_t i = 0; i < 3; ++i) {
    if (relative_nm[i] == relative_nm_[i]) continue;
    RONCHI_ASSIGN_OR_RETURN(
        const hw::Reply reply,
        instrument_->Execute(hw::Set{kKnobs[i], Nanometres(reference_nm_[i] + relative_nm[i])}));
    relative_nm_[i] = reply.readings.at(0).value.si * 1e9 - reference_nm_[i];
    info_["time_s"] += reply.elapsed_s;
  }
  return absl::OkStatus();
}

absl::StatusOr<Observation> AberrationTuning::Observe() {
  hw::Scan scan;
  scan.fov_x_m = scan.fov_y_m = options_.fov_A * kMetresPerAngstrom;
  scan.pixels_x = scan.pixels_y = size_t(options_.pixels);
  scan.dwell_s = options_.dwell_s;
  scan.frames = 2;
  scan.detectors = {"haadf"};
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, instrument_->Execute(scan));
  if (reply.frames.size() != 2) return absl::InternalError("expected two frames from the scan");
  info_["time_s"] += reply.elapsed_s;
  info_["dose_e_per_A2"] += reply.dose_e_per_m2 * 1e-20;
  info_["images"] += 1;
  const Array<float>&a = reply.frames[0].counts, &b = reply.frames[1].counts;
  Observation o;
  Array<float> image(a.shape());
  for (size_t i = 0; i < a.size(); ++i) image[i] = 0.5f * (a[i] + b[i]);
  const double contrast = TwoFrameContrast(a, b, options_.dark_counts);
  o["image"] = std::move(image);
  o["contrast"] = Array<float>({1}, std::vector<float>{float(std::clamp(contrast, -1e3, 1e3))});
  Array<float> settings({3});
  for (size_t i = 0; i < 3; ++i) {
    settings[i] = float(std::clamp(relative_nm_[i], -options_.range_nm, options_.range_nm));
  }
  o["settings"] = std::move(settings);
  return o;
}

absl::StatusOr<ResetResult> AberrationTuning::Reset(std::optional<uint64_t> seed) {
  step_ = -1;
  if (seed) {
    seed_ = seed;
    episode_ = 0;
  } else {
    if (!seed_) seed_ = 0;
    ++episode_;
  }
  if (hw::GroundTruth* truth = instrument_->ground_truth(); truth && options_.randomise) {
    truth->Randomise(*seed_, options_.environment, episode_);
  }
  info_ = {{"time_s", 0}, {"dose_e_per_A2", 0}, {"images", 0}};
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply,
                          instrument_->Execute(hw::Read{{kKnobs.begin(), kKnobs.end()}}));
  for (size_t i = 0; i < 3; ++i) reference_nm_[i] = reply.readings.at(i).value.si * 1e9;
  relative_nm_ = {};
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply unblanked, instrument_->Execute(hw::Unblank{}));
  info_["time_s"] += reply.elapsed_s + unblanked.elapsed_s;
  RONCHI_ASSIGN_OR_RETURN(Observation observation, Observe());
  step_ = 0;
  return ResetResult{std::move(observation), info_};
}

absl::StatusOr<StepResult> AberrationTuning::Step(std::span<const float> action) {
  if (step_ < 0 || step_ >= options_.max_episode_steps) {
    return absl::FailedPreconditionError(step_ < 0 ? "Step before Reset"
                                                   : "Step after the end of the episode");
  }
  RONCHI_RETURN_IF_ERROR(CheckAction(spec_.action_space, action));
  std::array<double, 3> target;
  for (size_t i = 0; i < 3; ++i) {
    target[i] = std::clamp(relative_nm_[i] + action[i], -options_.range_nm, options_.range_nm);
  }
  RONCHI_RETURN_IF_ERROR(Command(target));
  StepResult result;
  RONCHI_ASSIGN_OR_RETURN(result.observation, Observe());
  ++step_;
  result.reward = result.observation["contrast"][0];
  result.truncated = step_ >= options_.max_episode_steps;
  result.info = info_;
  return result;
}

absl::Status AberrationTuning::ShiftReference(std::array<double, 3> change_nm) {
  const std::array<double, 3> relative = relative_nm_;
  for (size_t i = 0; i < 3; ++i) {
    reference_nm_[i] += change_nm[i];
    relative_nm_[i] -= change_nm[i];  // where the column still stands
  }
  return Command(relative);
}

}  // namespace ronchi::env
