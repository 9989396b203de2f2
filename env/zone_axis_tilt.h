// ZoneAxisTilt-v1: turn a crystal onto its zone axis by its diffraction pattern, with a goniometer
// that has play. docs/environments/ZoneAxisTilt-v1.md has the figures.
//
//   observation  image       [n, n]  camera counts; pixel (n/2, n/2) is the optic axis
//                deflection  [2]     centre of mass of the counts, x and y, mrad
//                settings    [2]     stage.alpha, stage.beta from where they were first, mrad
//                centredness [1]     minus the length of the deflection, mrad
//   action       [2]  changes of stage.alpha, stage.beta, mrad
//   reward       image: minus the length of the deflection, mrad
//                truth: minus the true angle from the zone axis, mrad
//   truncated    after max_episode_steps; never terminated
//
// Off its zone axis a crystal scatters onto the Laue circle: the reflections whose distance from
// the Ewald sphere is least lie on a circle through the centre, about the point to which the zone
// axis has moved. The pattern's centre of mass moves there, too. On the axis it is at zero, by
// symmetry; it grows with the tilt up to some 10 mrad and falls slowly beyond 20, where the circle
// reaches past the angles to which atoms scatter: its direction is right all the way, its length
// is not.
#pragma once

#include <array>
#include <memory>

#include "core/config.h"
#include "env/knobs.h"
#include "env/task.h"

namespace ronchi::env {

struct ZoneAxisTiltOptions {
  int level = 1;  // which instrument the task is meant for; the task itself is the same
  bool reward_truth = false;
  int pixels = 64;  // a side, after binning
  double exposure_s = 0.02;
  double range_mrad = 8;  // of either axis
  int max_episode_steps = 30;
  double dark_counts = 0;       // of a camera pixel
  double reward_threshold = 0;  // Spec's: it depends on the instrument
  bool randomise = true;
  uint64_t environment = 0;
};

class ZoneAxisTilt final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it lacks what the
  // task needs, or a ground truth for reward_truth.
  static absl::StatusOr<std::unique_ptr<ZoneAxisTilt>> Create(hw::Instrument* instrument,
                                                              const ZoneAxisTiltOptions& options);
  absl::StatusOr<Array<uint8_t>> Render() const override;
  absl::Status ShiftOrigin(std::span<const double> change) override {
    return knobs_.ShiftOrigin(change, run_);
  }

 private:
  ZoneAxisTilt(hw::Instrument* instrument, const ZoneAxisTiltOptions& options, size_t binning,
               double pixel_rad);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  absl::StatusOr<double> Observe(std::span<float> observation);  // the reward

  const ZoneAxisTiltOptions options_;
  const size_t binning_;
  const double pixel_rad_;  // after binning
  const Knobs::Run run_ = [this](const hw::Command& command) { return Execute(command); };
  Knobs knobs_;
  std::array<double, 2> deflection_mrad_{};
  std::vector<double> distances_mrad_;  // of this episode, by the reward, for Render
};

// The centre of mass of a pattern [n, n] about pixel (n/2, n/2), x and y in pixels, over the
// largest disc about it. {0, 0} when the sum is not above zero.
std::array<double, 2> CentreOfMass(const Array<float>& pattern, double dark);

Spec ZoneAxisTiltSpec(const ZoneAxisTiltOptions& options);
// The keys of a config's `task`.
absl::Status ReadZoneAxisTiltOptions(const Config& node, ZoneAxisTiltOptions* options);

}  // namespace ronchi::env
