// Stray fields of the mains move the probe: at 50 or 60 Hz and its harmonics, with phases that run
// on with the clock, so that an image's lines are displaced by a pattern that slides from frame to
// frame (Muller & Grazul, J. Electron Microsc. 50, 219 (2001); Muller et al., Ultramicroscopy 106,
// 1033 (2006)). How far is chosen. Harmonic k = 1 … 4 along an axis is
//   A ρ^{k−1} sin(2π k f t + φ_k),
// A the axis' amplitude, ρ the ratio of one harmonic to the one before, φ drawn once an episode.
#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "hw/twin/base/hidden_numbers.h"

namespace ronchi::hw {

class MainsHum {
 public:
  static constexpr size_t kHarmonics = 4;
  // The mean over a dwell of a sine is the sine at its middle, sin(x)/x times as large, x = π k f
  // dwell.
  MainsHum(const HiddenNumbers& h, double dwell_s)
      : turn_rad_per_s_(2 * std::numbers::pi * h["hum_Hz"]) {
    const double amplitude_A[2] = {h["hum_x_A"], h["hum_y_A"]};
    any_ = amplitude_A[0] > 0 || amplitude_A[1] > 0;
    if (!any_) return;
    RandomStream random = h.Stream("twin.hum");
    for (size_t a : {0, 1}) {
      for (size_t k = 0; k < kHarmonics; ++k) {
        const double x = turn_rad_per_s_ * double(k + 1) * dwell_s / 2;
        const double blur = x < 1e-8 ? 1 : std::sin(x) / x;
        const double size_A = amplitude_A[a] * std::pow(h["hum_harmonic_share"], double(k)) * blur;
        parts_A_[a][k] = std::polar(1.0, random.Uniform(0, 2 * std::numbers::pi) + x) * size_A;
      }
    }
  }
  bool any() const { return any_; }
  // Mean displacement during a dwell that begins at a time of the episode.
  std::array<double, 2> Displacement_A(double time_s) const {
    std::array<double, 2> sum = {0, 0};
    if (!any_) return sum;
    const std::complex<double> first = std::polar(1.0, std::fmod(turn_rad_per_s_ * time_s, kTurn));
    std::complex<double> wave = 1;
    for (size_t k = 0; k < kHarmonics; ++k) {
      wave = {wave.real() * first.real() - wave.imag() * first.imag(),
              wave.real() * first.imag() + wave.imag() * first.real()};
      for (size_t a : {0, 1}) {
        sum[a] += wave.real() * parts_A_[a][k].imag() + wave.imag() * parts_A_[a][k].real();
      }
    }
    return sum;
  }

 private:
  static constexpr double kTurn = 2 * std::numbers::pi;
  double turn_rad_per_s_;
  bool any_ = false;
  // By axis and harmonic: amplitude and phase at time 0.
  std::array<std::array<std::complex<double>, kHarmonics>, 2> parts_A_{};
};

}  // namespace ronchi::hw
