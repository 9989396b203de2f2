// The state of the atom twin, and how it goes on: the sheet, where the silicon is, drift, beam.
//
// The silicon's hops are a continuous-time Markov chain (Schwarzer et al., arXiv:2311.17894): the
// time to the next is exponential with the sum of the three rates, the neighbour drawn by its
// share; there may be several in a dwell time. Rates are those of the silicon's place at the time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "hw/twin/sheet/atom_image.h"
#include "hw/twin/sheet/graphene.h"
#include "hw/twin/sheet/hop_rates.h"
#include "hw/twin/sheet/sheet_options.h"

namespace ronchi::hw {

class AtomColumn {
 public:
  static absl::StatusOr<AtomColumn> Create(const AtomTwinOptions& options);

  // To the start of an episode: the clock at zero, blanked, in focus, the silicon near the origin
  // of the scan. A function of its arguments.
  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode);
  // Time passes with nothing done.
  void Advance(double seconds);
  // Time passes with the beam standing at a place of the scan frame …
  void Dwell(const Vector2& beam_A, double seconds);
  // … or swept evenly over a square around one. Of point lists and spirals that is a square of
  // their area.
  void Sweep(const Vector2& centre_A, double fov_A, double seconds);

  double Current_A() const { return options_.nominal_current_A * current_ratio_; }
  double BeamSigma_A() const { return sigma_A_; }
  void SetC10(double c10_m);
  double c10_m() const { return c10_m_; }

  // Of the silicon and its neighbours, counter-clockwise from −x, in the scan frame.
  std::array<Vector2, 4> Atoms_A() const;
  double Fraction(const Vector2& scan_A) const;  // of the electrons, on the detector
  double Contrast() const;                       // var(I)/mean(I)² over a cell of the sheet
  HopRates::Three Rates(const Vector2& beam_A) const;

  RandomStream Stream(std::string_view name) {
    return RandomStream({.seed = seed_,
                         .name = name,
                         .environment = environment_,
                         .episode = episode_,
                         .step = ticks_++});
  }
  std::map<std::string, double> AllHidden() const;
  std::string Save() const;
  absl::Status Restore(const std::string& saved);

  const AtomTwinOptions& options() const { return options_; }
  double image_s() const { return image_s_; }
  double aligner_sigma_A() const { return aligner_sigma_A_; }

  double time_s = 0;
  bool blanked = true;
  int scans = 0;

 private:
  AtomColumn(const AtomTwinOptions& options, const AtomImage& image);
  void MakeRates();
  HopRates::Three MeanRates(const Vector2& centre_A, double fov_A) const;
  double CrossSection_barn(double threshold_eV) const;  // from the table
  // Hops at these rates, or those of a beam that stands, until the time is over.
  template <class RatesOf>
  void Hop(double seconds, RandomStream* random, const RatesOf& rates_of);

  AtomTwinOptions options_;
  AtomImage image_;
  uint64_t seed_ = 0, environment_ = 0, episode_ = 0, ticks_ = 0;
  std::map<std::string, double> hidden_;
  double current_ratio_ = 1, image_s_ = 2, aligner_sigma_A_ = 0, walk_A_ = 0;
  Vector2 drift_A_per_s_{};
  Graphene sheet_;
  std::array<std::array<size_t, 3>, 2> turning_{};  // bonds of A and B, counter-clockwise from −x
  std::vector<double> log_barns_;  // of knock_on, evenly over the thresholds that there can be
  double table_low_eV_ = 0, table_step_eV_ = 1;
  HopRates rates_;
  Vector2 shift_A_{};  // of the sheet in the scan frame, by now
  Site silicon_;
  uint64_t hops_ = 0;
  double c10_m_ = 0, sigma_A_ = 1;
};

}  // namespace ronchi::hw
