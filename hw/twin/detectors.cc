#include "hw/twin/detectors.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

constexpr const char* kNumbers[] = {"gain_ratio", "dark_error_counts", "readout_counts"};

}  // namespace

std::string DetectorNumber(const char* name, const TwinOptions& o, size_t detector) {
  return detector == 0 ? name : absl::StrCat(name, ".", o.detectors[detector].name);
}

theory::Prior WithDetectors(const TwinOptions& o) {
  auto ranges = o.prior.ranges();
  for (size_t d = 1; d < o.detectors.size(); ++d) {
    for (const char* name : kNumbers) ranges[DetectorNumber(name, o, d)] = ranges.at(name);
  }
  return theory::Prior(std::move(ranges));
}

void Count(const TwinOptions& o, const Hidden& h, size_t detector, const CountingMoment& moment,
           std::span<const double> fractions, RandomStream* random, std::span<float> counts) {
  const TwinDetector& d = o.detectors[detector];
  const auto number = [&](size_t i) { return h[DetectorNumber(kNumbers[i], o, detector).c_str()]; };
  const double gain = d.counts_per_electron * number(0), dark = d.dark_counts + number(1);
  const double readout = number(2);
  // The same flicker for all detectors.
  RandomStream flicker = h.Stream("twin.flicker", moment.frame);
  double electrons = moment.electrons;
  for (size_t i = 0; i < fractions.size(); ++i) {
    if (moment.line_noise > 0 && i % moment.samples == 0) {
      electrons = std::max(0.0, moment.electrons * (1 + moment.line_noise * flicker.Normal()));
    }
    const double n = double(random->Poisson(electrons * std::max(0.0, fractions[i])));
    counts[i] = float(std::min(d.saturation_counts, gain * n + dark + readout * random->Normal()));
  }
}

}  // namespace ronchi::hw
