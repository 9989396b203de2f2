// RonchigramTuning-v1: bring the aberrations of a wide probe to zero by its Ronchigram, the shadow
// image of an amorphous film. docs/environments/RonchigramTuning-v1.md has the figures.
//
//   level        1 to 3, which knobs there are: env/aberration_knobs.h
//   observation  image     [n, n]  camera counts, the mean of two exposures; pixel (n/2, n/2) is
//   the
//                                  optic axis
//                flatness  [1]     −log₁₀ of the mean square gradient, below
//                settings  [knobs] commanded coefficients relative to the reference, nm
//   action       [knobs]  changes of the settings, nm; the settings are kept inside ± their ranges
//   reward       image: the flatness of the new Ronchigram
//                truth: the angle within which χ stays below π/4, mrad, at most disc_mrad
//   truncated    after max_episode_steps; never terminated
//
// Flatness. The ray at α shows the film magnified by 1/|∂²χ/∂α²|: the better the probe, the larger
// the film's features, until within the aberration-free angle there are none (Ronchi, Appl. Opt. 3,
// 437 (1964); Lin & Cowley, Ultramicroscopy 19, 31 (1986)). What is measured is how steep the
// picture is: the mean over the disc of |∇I|²/Ī², per mrad², from the product of the gradients of
// two exposures, in which independent noise drops out, and no less than 10⁻⁶. −log₁₀ of it is 2
// where the film's features are as large as pixels, 5 for a flat disc. Far from focus, where they
// are smaller than that, it grows again: the ranges of C10 and C12 are to keep away from there.
#pragma once

#include <memory>

#include "core/config.h"
#include "env/knobs.h"
#include "env/task.h"

namespace ronchi::env {

struct RonchigramTuningOptions {
  int level = 1;
  bool reward_truth = false;
  int pixels = 64;           // a side, after binning
  double disc_rad = 0.03;    // that is looked at
  double exposure_s = 0.05;  // of each of the two
  double range_nm = 50;      // of C10 and C12
  double range_second_nm = 400;
  double range_third_nm = 12000;
  int max_episode_steps = 60;
  double dark_counts = 0;       // of a camera pixel; b² times that of one binned by b
  double reward_threshold = 0;  // Spec's: it depends on the instrument
  bool randomise = true;
  uint64_t environment = 0;
};

class RonchigramTuning final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it lacks what the
  // task needs, or a ground truth for reward_truth.
  static absl::StatusOr<std::unique_ptr<RonchigramTuning>> Create(
      hw::Instrument* instrument, const RonchigramTuningOptions& options);
  absl::StatusOr<Array<uint8_t>> Render() const override;
  absl::Status ShiftOrigin(std::span<const double> change) override {
    return knobs_.ShiftOrigin(change, run_);
  }

 private:
  RonchigramTuning(hw::Instrument* instrument, const RonchigramTuningOptions& options,
                   size_t binning, double pixel_rad);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  absl::StatusOr<double> Observe(std::span<float> observation);  // the reward

  const RonchigramTuningOptions options_;
  const size_t binning_;
  const double pixel_rad_;  // after binning
  const Knobs::Run run_ = [this](const hw::Command& command) { return Execute(command); };
  Knobs knobs_;
  double energy_eV_ = 0;          // truth alone
  std::vector<double> flatness_;  // of this episode, for Render
};

// −log₁₀ of the mean square relative gradient, of two exposures [n, n] of one scene, within a disc
// about pixel (n/2, n/2). 0 when a mean is not above zero.
double Flatness(const Array<float>& a, const Array<float>& b, double dark, double pixel_rad,
                double disc_rad);

Spec RonchigramTuningSpec(const RonchigramTuningOptions& options);
// The keys of a config's `task`.
absl::Status ReadRonchigramTuningOptions(const Config& node, RonchigramTuningOptions* options);

}  // namespace ronchi::env
