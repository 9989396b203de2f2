// AdaptiveScan-v0: an image from few electrons. Where should the probe look next?
//
//   observation  reconstruction [n, n]  of what has been measured; 1 is `white_counts`
//                mask           [n, n]  1 where measured, else 0
//                remaining      [1]     share of the probes that are left
//   action       [2]  x, y in −1 … 1 of the field, the middle of the next probes, taken to the
//                     pixel that it lies in; with `pattern: line` [3], and the line's direction,
//                     −1 … 1 of π
//   reward       truth: the fall of the reconstruction's error (rms over the truth's standard
//                deviation); image: how far the new readings are from what was expected there, a
//                mean of |reading − reconstruction before|
//   terminated   when too few probes are left for another step; `remaining` says when
//   truncated    after max_episode_steps, if any
//
// The reconstruction is env/scan_reconstruction.h. An episode begins with a coarse grid, which
// counts. Docs: docs/environments/AdaptiveScan-v0.md.
#pragma once

#include <memory>

#include "core/config.h"
#include "env/scan_reconstruction.h"
#include "env/task.h"

namespace ronchi::env {

struct AdaptiveScanOptions {
  int level = 1;
  double fov_nm = 120;
  int pixels = 32;
  enum class Pattern { kPoint, kPatch, kLine } pattern = Pattern::kPoint;
  int probes_per_step = 1;  // of a patch a square number
  double budget = 0.15;     // probes of an episode, as a share of the pixels
  int first_grid = 4;       // the coarse grid's side; 0: none
  double dwell_s = 20e-6;
  double power = 4;  // of the distance, in the reconstruction
  bool reward_is_truth = true;
  // Of the detector: what reads 0 and 1. White 0 is for configs alone: what the instrument's maker
  // knows (20 nm of particle).
  double dark_counts = 0, white_counts = 0;
  int max_episode_steps = 0;  // an episode is cut off there; 0: when it ends by itself
  bool randomise = true;      // a twin's hidden state is drawn anew at Reset; ignored by real ones
  uint64_t environment = 0;   // index in a vector of environments
};

class AdaptiveScan final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it lacks what the
  // task needs, or the options contradict each other.
  static absl::StatusOr<std::unique_ptr<AdaptiveScan>> Create(hw::Instrument* instrument,
                                                              const AdaptiveScanOptions& options);
  absl::StatusOr<Array<uint8_t>> Render() const override;
  enum Own : size_t { kProbes, kElectrons, kSurprise, kError };  // of own_info(); kError with truth

 private:
  AdaptiveScan(hw::Instrument* instrument, const AdaptiveScanOptions& options, bool has_truth);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;

  void ChoosePixels(std::span<const float> action);
  absl::Status MeasurePixels();  // those in chosen_, all or none
  absl::Status LookUpTruth();
  double Error() const;
  void Observe(std::span<float> observation) const;
  std::array<double, 2> Place_m(size_t pixel) const;

  const AdaptiveScanOptions options_;
  const bool has_truth_;
  hw::Command scan_;  // made once: a step changes its points
  std::vector<uint32_t> chosen_, measured_;
  std::vector<float> readings_;  // of measured_, in order: the reconstruction follows from them
  std::vector<float> truth_;
  std::vector<double> errors_;  // after every step, for Render
  ScanReconstruction reconstruction_;
  double surprise_ = 0;
};

// Probes of an episode, and steps after the coarse grid.
int AdaptiveScanProbes(const AdaptiveScanOptions& options);
int AdaptiveScanSteps(const AdaptiveScanOptions& options);

// `has_truth`: of the instrument; info then has the error.
Spec AdaptiveScanSpec(const AdaptiveScanOptions& options, bool has_truth);
// The keys of a config's `task`; the level's defaults come first.
absl::Status ReadAdaptiveScanOptions(const Config& node, AdaptiveScanOptions* options);

}  // namespace ronchi::env
