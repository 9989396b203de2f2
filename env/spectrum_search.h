// SpectrumSearch-v0: find where a spectrum has most of what is looked for, with an overview image
// to go by and few spectra to spend (structure–property search as in Roccapriore, Ziatdinov et al.
// 2021–22).
//
//   observation  image     [rows, columns]  the overview in HAADF; 1 is `white_counts`
//                scores    [rows, columns]  per cent, where a spectrum was taken, else 0
//                mask      [rows, columns]  1 there, else 0
//                spectrum  [bins]           the last one, per cent of its electrons a bin
//                remaining [1]              share of the spectra that are left
//   action       [2]  x, y in −1 … 1 of the field, taken to the pixel that it lies in; the spectrum
//                     is taken at that pixel's place of the overview
//   reward       truth: the fall of the simple regret; image: the rise of the best score measured
//   terminated   when the spectra are spent; `remaining` says when
//   truncated    after max_episode_steps, if any
//
// The score is what an energy band has of all electrons of the spectrum, or the largest bin in it,
// per cent; energies count from the largest channel, the zero-loss peak. A pixel that is measured
// again has the mean of its scores. The incumbent is the pixel of the best score; the simple regret
// is 1 − (its true score)/(the largest true score), 1 before the first spectrum.
// Docs: docs/environments/SpectrumSearch-v0.md.
#pragma once

#include <memory>

#include "core/config.h"
#include "env/task.h"

namespace ronchi::env {

struct SpectrumSearchOptions {
  int level = 1;
  int columns = 70, rows = 55;
  double pixel_nm = 1.75;
  double overview_dwell_s = 20e-6, exposure_s = 0.02;
  int spectra = 100;
  double band_eV[2] = {0.60, 0.75};
  bool largest_bin = false;  // instead of the band's sum
  int bins = 64;             // of the observed spectrum, from first_eV to last_eV
  double first_eV = 0.2, last_eV = 1.2;
  bool reward_is_truth = true;
  double dark_counts = 0, white_counts = 0;  // of haadf: what reads 0 and 1; as in AdaptiveScan-v0
  double spectrum_dark_counts = 0;           // of a channel
  int max_episode_steps = 0;  // an episode is cut off there; 0: when it ends by itself
  bool randomise = true;      // a twin's hidden state is drawn anew at Reset; ignored by real ones
  uint64_t environment = 0;   // index in a vector of environments
};

class SpectrumSearch final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it lacks what the
  // task needs, or the options contradict each other.
  static absl::StatusOr<std::unique_ptr<SpectrumSearch>> Create(
      hw::Instrument* instrument, const SpectrumSearchOptions& options);
  absl::StatusOr<Array<uint8_t>> Render() const override;
  // Of own_info(): the last two with truth alone.
  enum Own : size_t { kSpectra, kBest, kMeanBest, kRegret, kArea };

 private:
  SpectrumSearch(hw::Instrument* instrument, const SpectrumSearchOptions& options, bool has_truth,
                 double channel_eV);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;

  absl::Status TakeOverview();
  absl::Status LookUpTruth();
  // Counts above dark by channel; fills `binned` (per cent) unless it is empty.
  template <class Counts>
  double Score(const Counts& counts, double dark, std::span<float> binned) const;
  void Observe(std::span<float> observation) const;
  std::array<double, 2> Place_m(size_t pixel) const;
  size_t pixels() const { return size_t(options_.rows) * size_t(options_.columns); }
  size_t Incumbent() const;  // pixels() before the first spectrum

  const SpectrumSearchOptions options_;
  const bool has_truth_;
  const double channel_eV_;
  std::vector<float> image_, scores_, mask_, spectrum_;
  std::vector<uint32_t> measured_;  // pixels in order
  std::vector<double> measured_scores_, sum_, count_;
  std::vector<double> truth_;  // score by pixel
  std::vector<double> best_;   // after every spectrum
};

Spec SpectrumSearchSpec(const SpectrumSearchOptions& options, bool has_truth);
// The keys of a config's `task`; the level's defaults come first.
absl::Status ReadSpectrumSearchOptions(const Config& node, SpectrumSearchOptions* options);

}  // namespace ronchi::env
