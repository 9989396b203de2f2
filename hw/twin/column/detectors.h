// The twin's scanned detectors: from fractions of the electrons to counts,
//   counts = min(saturation, gain · light + dark + readout · N(0, 1)),
// gain and dark being the calibrated ones with their hidden errors, light the Poisson number of
// electrons, n · I on average, as their pulse heights (pulse_heights.h) and the scintillator's
// afterglow (afterglow.h) make of it. A frame begins dark: the overhead between frames is long
// against the afterglow. The first detector's numbers are gain_ratio, dark_error_counts,
// readout_counts, pulse_height_noise, afterglow_share and afterglow_s; another's are drawn from the
// same ranges.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

// The names of a detector's hidden numbers: "gain_ratio", of another one "gain_ratio.bf".
std::string DetectorNumber(const char* name, const TwinOptions& options, size_t detector);
// The ranges of all detectors' numbers, and of everything else.
theory::Prior WithDetectors(const TwinOptions& options);

struct CountingMoment {
  double electrons = 0;   // a pixel
  size_t samples = 0;     // a line
  double line_noise = 0;  // relative, one normal deviate a line
  uint64_t frame = 0;
  double dwell_s = 1, gap_s = 0;     // of a pixel; between two lines
  std::vector<double> flicker = {};  // relative, by line; empty: none
};
// The names of the camera's hidden numbers, "gain_ratio.camera" …, end so. It has no afterglow.
inline constexpr char kCameraName[] = "camera";
// An exposed pattern: `fractions` [pixels, pixels] of so many electrons, summed on the chip in
// squares of `binning` pixels before they are read: a bin has one readout's noise and one pixel's
// saturation. counts: [pixels/binning, pixels/binning].
void CountPattern(const TwinOptions& options, const HiddenNumbers& hidden, double electrons,
                  std::span<const double> fractions, size_t binning, RandomStream* random,
                  std::span<float> counts);
// A frame's electrons a pixel by line: its noise is the same for all detectors.
class LineElectrons {
 public:
  LineElectrons(const HiddenNumbers& hidden, const CountingMoment& moment);
  double Next();

 private:
  CountingMoment moment_;
  RandomStream flicker_;
  size_t line_ = 0;
};
// `random`: the frame's stream "twin.counts", from which one deviate has been drawn for the beam;
// of a detector that is not the first, a stream of its own.
void Count(const TwinOptions& options, const HiddenNumbers& hidden, size_t detector,
           const CountingMoment& moment, std::span<const double> fractions, RandomStream* random,
           std::span<float> counts);

}  // namespace ronchi::hw
