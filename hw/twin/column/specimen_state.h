// The twin's specimen: what lies under the scan's origin, and what the dose that each place of it
// has had has made of it. Places are those of the specimen itself: drift and stage move
// them under the beam, and a dose stays where it fell.
//
// At a place that has had the dose D, a detector reads instead of the crystal's fraction I(R)
//   e^{−t/L} (s I(R) + (1 − s) Ī) + b t,   s = DamageLaw(D),   t = contamination · D,
// Ī the crystal's mean: what has lost its order scatters as much, but evenly; t nm of carbon take
// 1/L a nm from the beam that forms the image and add b a nm on the detector. A frame sees D at its
// middle: what fell before it and half its own.
#pragma once

#include <array>
#include <span>

#include "hw/safety/dose_ledger.h"
#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/column/twin_options.h"
#include "sim/image_model.h"

namespace ronchi::hw {

class SpecimenState {
 public:
  // `ledger`: in specimen coordinates.
  SpecimenState(const TwinOptions& options, const HiddenNumbers* hidden, const DoseLedger* ledger)
      : hidden_(hidden), ledger_(ledger), contamination_(options.contamination) {}
  void Reset();
  void Walk(double x_A, double y_A);

  // Å, what lies under the scan's origin at that time when the stage is displaced so.
  std::array<double, 2> UnderOrigin_A(double time_s, const std::array<double, 3>& stage_A) const;
  void Archive(StateArchive* a) { a->All(&walk_A_); }

  bool changes() const;  // does a dose do anything?
  // Makes the changed specimen's fractions of the crystal's, one a sample of `rows`; a frame of
  // `frame_e_per_m2` is being taken.
  void Change(const sim::LinearRaster& rows, double mean, double frame_e_per_m2,
              std::span<double> fractions) const;

 private:
  const HiddenNumbers* hidden_;
  const DoseLedger* ledger_;
  const ContaminationOptions contamination_;
  std::array<double, 2> walk_A_{};
};

}  // namespace ronchi::hw
