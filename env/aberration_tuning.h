// AberrationTuning-v1: bring a probe's aberrations to where a HAADF image of a crystal has the
// highest contrast. docs/environments/AberrationTuning-v1.md has the figures.
//
//   level        1 to 3, which knobs there are: env/aberration_knobs.h
//   observation  image     [n, n]  detector counts, the mean of two frames
//                contrast  [1]     var(I)/mean(I)², free of shot-noise bias
//                settings  [knobs] commanded coefficients relative to the reference, nm
//   action       [knobs]  changes of the settings, nm; the settings are kept inside ± their ranges
//   reward       image: the contrast of the new image
//                truth: by how much the rms phase error over the aperture fell, rad
//   truncated    after max_episode_steps; never terminated: no truth says that it is done
//
// The contrast is the covariance of two frames taken one after the other over the product of their
// means: noise that is independent from frame to frame (shot noise, readout) drops out, whatever
// the detector's gain. (One frame's var/mean² is 1/mean too large at Poisson noise; Pattison et al.
// 2025 leave that in.)
#pragma once

#include <array>
#include <memory>

#include "core/config.h"
#include "env/knobs.h"
#include "env/task.h"
#include "theory/laws/phase_error.h"

namespace ronchi::env {

struct AberrationTuningOptions {
  int level = 1;
  bool reward_truth = false;  // else from the image
  double fov_A = 15.62;
  int pixels = 64;
  double dwell_s = 5e-6;         // per pixel in each of the two frames
  double range_nm = 12;          // of C10 and C12
  double range_second_nm = 300;  // of C21 and C23
  double range_third_nm = 6000;  // of C30, C32, C34
  int max_episode_steps = 60;
  double dark_counts = 0;       // of the detector, subtracted before the contrast
  double reward_threshold = 0;  // Spec's: it depends on the instrument
  bool randomise = true;     // a twin's hidden state is drawn anew at Reset; ignored by real ones
  uint64_t environment = 0;  // index in a vector of environments
};

class AberrationTuning final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it lacks what the
  // task needs.
  static absl::StatusOr<std::unique_ptr<AberrationTuning>> Create(
      hw::Instrument* instrument, const AberrationTuningOptions& options);

  absl::Status ShiftOrigin(std::span<const double> change_nm) override;
  // The commanded C10, C12a, C12b, absolute, nm.
  std::array<double, 3> settings_nm() const;
  // The image, the contrast so far in the episode, and the settings.
  absl::StatusOr<Array<uint8_t>> Render() const override;

 private:
  AberrationTuning(hw::Instrument* instrument, const AberrationTuningOptions& options);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  absl::StatusOr<double> Observe(std::span<float> observation);  // the contrast
  void FindPhaseError();                                         // into info; truth alone

  const AberrationTuningOptions options_;
  const Knobs::Run run_ = [this](const hw::Command& command) { return Execute(command); };
  Knobs knobs_;
  theory::ApertureOptions aperture_;  // of reward: truth
  std::vector<double> contrasts_;     // of this episode, for Render
};

// Covariance over product of means of two frames of one scene, [n, n] each; `dark` is subtracted.
// 0 when a mean is not above zero.
double TwoFrameContrast(const Array<float>& a, const Array<float>& b, double dark);

// The spec of the environment with these options, without an instrument.
Spec AberrationTuningSpec(const AberrationTuningOptions& options);
// The keys of a recipe's `environment`.
absl::Status ReadAberrationTuningOptions(const Config& node, AberrationTuningOptions* options);

}  // namespace ronchi::env
