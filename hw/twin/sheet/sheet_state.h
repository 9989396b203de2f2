// A sheet of graphene with one silicon atom in it, and how it goes on under the beam.
//
// The silicon's hops are a continuous-time Markov chain (Schwarzer et al., arXiv:2311.17894): the
// time to the next is exponential with the sum of the three rates, the neighbour drawn by its
// share; there may be several in a dwell time. Rates are those of the silicon's place at the time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/sheet/atom_image.h"
#include "hw/twin/sheet/graphene.h"
#include "hw/twin/sheet/hop_rates.h"
#include "hw/twin/sheet/sheet_options.h"

namespace ronchi::hw {

class SheetState {
 public:
  static absl::StatusOr<SheetState> Create(const AtomTwinOptions& options);

  // To the start of an episode: in focus, the silicon near the origin of the scan. Resume comes
  // after it.
  void Begin();
  // What follows from the hidden numbers alone, and from what Archive restores.
  void Resume(const HiddenNumbers& hidden, double current_A);
  void Archive(StateArchive* a);
  // Streams of the episode that Resume has used: the first ones.
  uint64_t streams_used() const { return options_.rates == RateLaw::kMixture ? 2 : 1; }

  void SetC10(double c10_m);  // the beam's width follows
  double c10_m() const { return c10_m_; }
  // The sheet is carried along at this rate, or by a normal step along each axis.
  void Drift(const Vector2& rate_A_per_s, double seconds);
  void Walk(double step_A, RandomStream* random);
  // Hops while the beam stands at a place of the scan frame …
  void HopUnder(const Vector2& beam_A, double seconds, RandomStream* random);
  // … or is swept evenly over a square around one.
  void HopUnderSweep(const Vector2& center_A, double fov_A, double seconds, RandomStream* random);

  const Vector2& shift_A() const { return shift_A_; }  // of the sheet in the scan frame, by now
  // Of the silicon and its neighbours, counter-clockwise from −x, in the scan frame.
  std::array<Vector2, 4> Atoms_A() const;
  double Fraction(const Vector2& scan_A) const;  // of the electrons, on the detector
  double Contrast() const;                       // var(I)/mean(I)² over a cell of the sheet
  HopRates::Three Rates(const Vector2& beam_A) const;
  void AddDerived(std::map<std::string, double>* hidden) const;

 private:
  SheetState(const AtomTwinOptions& options, const AtomImage& image);
  void MakeRates(const HiddenNumbers& hidden, double current_A);
  HopRates::Three MeanRates(const Vector2& center_A, double fov_A) const;
  double CrossSection_barn(double threshold_eV) const;  // from the table
  // Hops at these rates, or those of a beam that stands, until the time is over.
  template <class RatesOf>
  void Hop(double seconds, RandomStream* random, const RatesOf& rates_of);

  AtomTwinOptions options_;
  AtomImage image_;
  Graphene sheet_;
  std::array<std::array<size_t, 3>, 2> turning_{};  // bonds of A and B, counter-clockwise from −x
  std::vector<double> log_barns_;  // of knock_on, evenly over the thresholds that there can be
  double table_low_eV_ = 0, table_step_eV_ = 1;
  HopRates rates_;
  Vector2 shift_A_{};
  Site silicon_;
  uint64_t hops_ = 0;
  double c10_m_ = 0, sigma_A_ = 1;
};

}  // namespace ronchi::hw
