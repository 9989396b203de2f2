#include "hw/twin/column/detectors.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/twin/column/afterglow.h"
#include "hw/twin/column/pulse_heights.h"

namespace ronchi::hw {
namespace {

constexpr const char* kNumbers[] = {"gain_ratio",         "dark_error_counts", "readout_counts",
                                    "pulse_height_noise", "afterglow_share",   "afterglow_s"};
constexpr size_t kCameraNumbers = 4;

}  // namespace

std::string DetectorNumber(const char* name, const TwinOptions& o, size_t detector) {
  return detector == 0 ? name : absl::StrCat(name, ".", o.detectors[detector].name);
}

theory::Prior WithDetectors(const TwinOptions& o) {
  auto ranges = o.prior.ranges();
  for (size_t d = 1; d < o.detectors.size(); ++d) {
    for (const char* name : kNumbers) ranges[DetectorNumber(name, o, d)] = ranges.at(name);
  }
  for (const char* name : std::span(kNumbers).first(kCameraNumbers)) {
    if (o.camera.present) ranges[absl::StrCat(name, ".", kCameraName)] = ranges.at(name);
  }
  return theory::Prior(std::move(ranges));
}

LineElectrons::LineElectrons(const HiddenNumbers& hidden, const CountingMoment& moment)
    : moment_(moment), flicker_(hidden.Stream("twin.flicker", moment.frame)) {}

double LineElectrons::Next() {
  double noise = moment_.line_noise > 0 ? moment_.line_noise * flicker_.Normal() : 0;
  if (!moment_.flicker.empty()) noise += moment_.flicker[line_++];
  return std::max(0.0, moment_.electrons * (1 + noise));
}

void CountPattern(const TwinOptions& o, const HiddenNumbers& h, double electrons,
                  std::span<const double> fractions, size_t binning, RandomStream* random,
                  std::span<float> counts) {
  const CameraOptions& c = o.camera;
  const auto number = [&](size_t i) {
    return h[absl::StrCat(kNumbers[i], ".", kCameraName).c_str()];
  };
  const double gain = c.counts_per_electron * number(0), readout = number(2), pulses = number(3);
  const double dark = (c.dark_counts + number(1)) * double(binning * binning);
  const size_t side = c.pixels / binning;
  for (size_t y = 0; y < side; ++y) {
    for (size_t x = 0; x < side; ++x) {
      double sum = 0;
      for (size_t j = y * binning; j < (y + 1) * binning; ++j) {
        for (size_t i = x * binning; i < (x + 1) * binning; ++i) sum += fractions[j * c.pixels + i];
      }
      const double n = PulseSum(random->Poisson(electrons * std::max(0.0, sum)), pulses, random);
      const double noise = readout > 0 ? readout * random->Normal() : 0;
      counts[y * side + x] = float(std::min(c.saturation_counts, gain * n + dark + noise));
    }
  }
}

void Count(const TwinOptions& o, const HiddenNumbers& h, size_t detector,
           const CountingMoment& moment, std::span<const double> fractions, RandomStream* random,
           std::span<float> counts) {
  const TwinDetector& d = o.detectors[detector];
  const auto number = [&](size_t i) { return h[DetectorNumber(kNumbers[i], o, detector).c_str()]; };
  const double gain = d.counts_per_electron * number(0), dark = d.dark_counts + number(1);
  const double readout = number(2), pulses = number(3);
  Afterglow glow(number(4), number(5), moment.dwell_s);
  LineElectrons lines(h, moment);
  double electrons = 0;
  for (size_t i = 0; i < fractions.size(); ++i) {
    if (i % moment.samples == 0) {
      electrons = lines.Next();
      glow.Wait(moment.gap_s);
    }
    const int64_t n = random->Poisson(electrons * std::max(0.0, fractions[i]));
    const double light = glow.Pixel(PulseSum(n, pulses, random));
    counts[i] =
        float(std::min(d.saturation_counts, gain * light + dark + readout * random->Normal()));
  }
}

}  // namespace ronchi::hw
