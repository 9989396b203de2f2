// Stray fields of the mains move the probe: at 50 or 60 Hz and its harmonics, with phases that run
// on with the clock, so that an image's lines are displaced by a pattern that slides from frame to
// frame (Muller & Grazul, J. Electron Microsc. 50, 219 (2001); Muller et al., Ultramicroscopy 106,
// 1033 (2006): fields of some 0.1 mG move a 200 kV probe by some 0.1 Å). Harmonic k = 1 … 4 along
// an axis is
//   A ρ^{k−1} sin(2π k f t + φ_k),
// A the axis' amplitude, ρ the ratio of one harmonic to the one before, φ drawn once an episode.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "hw/twin/hidden.h"

namespace ronchi::hw {

class MainsHum {
 public:
  static constexpr size_t kHarmonics = 4;
  explicit MainsHum(const Hidden& h)
      : hertz_(h["hum_Hz"]),
        ratio_(h["hum_harmonic_share"]),
        amplitude_A_{h["hum_x_A"], h["hum_y_A"]} {
    if (!any()) return;
    RandomStream random = h.Stream("twin.hum");
    for (auto& axis : phases_) {
      for (double& phase : axis) phase = random.Uniform(0, 2 * std::numbers::pi);
    }
  }
  bool any() const { return amplitude_A_[0] > 0 || amplitude_A_[1] > 0; }
  // Mean displacement during a dwell that begins at a time of the episode: a sine's mean over it is
  // the sine at its middle, sin(x)/x times as large, x = π k f dwell.
  std::array<double, 2> Displacement_A(double time_s, double dwell_s) const {
    std::array<double, 2> sum = {0, 0};
    if (!any()) return sum;
    double share = 1;
    for (size_t k = 0; k < kHarmonics; ++k, share *= ratio_) {
      const double turns = double(k + 1) * hertz_, x = std::numbers::pi * turns * dwell_s;
      const double blur = x < 1e-8 ? 1 : std::sin(x) / x;
      const double phase = 2 * std::numbers::pi * turns * (time_s + dwell_s / 2);
      for (size_t a : {0, 1}) {
        sum[a] += amplitude_A_[a] * share * blur * std::sin(phase + phases_[a][k]);
      }
    }
    return sum;
  }

 private:
  double hertz_, ratio_;
  std::array<double, 2> amplitude_A_;
  std::array<std::array<double, kHarmonics>, 2> phases_{};
};

}  // namespace ronchi::hw
