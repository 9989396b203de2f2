// DriftLock-v1: keep a site of a drifting crystal under the beam. Between images the probe stands
// on the site (for a spectrum, say); after each image the agent says where to look next.
// docs/environments/DriftLock-v1.md has the figures.
//
//   observation  image       [n, n]  detector counts around the present centre
//                reference   [n, n]  the first image: the site is in its middle
//                shift       [2]     of image against reference by cross-correlation, x and y, nm
//                correction  [2]     the last change of the centre, nm
//                center      [2]     the centre, from where it was first, nm
//                time        [1]     since the first image, s
//   action       [2]  change of the centre along x and y, nm: the beam goes there, no stage moves
//   reward       image: minus the measured shift's length, nm
//                truth: minus the true distance of the site from the centre, nm
//   truncated    after max_episode_steps; never terminated
//
// A crystal looks the same a lattice vector further on: who lets the site slip by more than half a
// period between two images locks on its neighbour. The image cannot tell; the truth does.
#pragma once

#include <array>
#include <memory>

#include "core/config.h"
#include "core/image_registration.h"
#include "env/task.h"

namespace ronchi::env {

struct DriftLockOptions {
  int level = 1;  // which instrument the task is meant for; the task itself is the same
  bool reward_truth = false;
  double fov_A = 15.62;
  int pixels = 32;
  double dwell_s = 5e-6;
  double park_s = 1;  // the probe's stay on the site between two images; 0: none
  int reference_frames = 4;
  double max_shift_A = 1.9;    // that an image is searched for, along each axis
  double correction_nm = 0.3;  // largest, along each axis
  double range_nm = 50;        // of the centre, likewise
  int max_episode_steps = 60;
  double reward_threshold = 0;  // Spec's: it depends on the instrument
  bool randomise = true;
  uint64_t environment = 0;
};

class DriftLock final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it lacks what the
  // task needs, or a ground truth for reward_truth.
  static absl::StatusOr<std::unique_ptr<DriftLock>> Create(hw::Instrument* instrument,
                                                           const DriftLockOptions& options);
  absl::StatusOr<Array<uint8_t>> Render() const override;

 private:
  DriftLock(hw::Instrument* instrument, const DriftLockOptions& options);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;

  // The mean of so many frames; with a truth, where they were taken, into `looked_at_A_`.
  absl::StatusOr<std::vector<float>> Look(size_t frames);
  std::array<double, 2> UnderCenter_A();  // on the specimen; truth alone
  void Fill(std::span<const float> image, std::span<float> observation) const;

  const DriftLockOptions options_;
  ImageRegistration registration_;
  std::vector<float> reference_;
  std::array<double, 2> center_nm_{}, correction_nm_{}, shift_nm_{};
  std::array<double, 2> looked_at_A_{}, site_A_{};  // truth alone
  double begun_s_ = 0;
  std::vector<double> distances_nm_;  // of this episode, by the reward, for Render
};

Spec DriftLockSpec(const DriftLockOptions& options);
// The keys of a config's `task`.
absl::Status ReadDriftLockOptions(const Config& node, DriftLockOptions* options);

}  // namespace ronchi::env
