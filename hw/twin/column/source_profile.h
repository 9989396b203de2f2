// The effective source on the specimen: a normal core and, for a share of the electrons, tails.
//
// Measured effective sources have tails beyond a normal core (Dwyer, Erni & Etheridge,
// Ultramicroscopy 110, 952 (2010); Maunders, Dwyer, Tiemeijer & Etheridge, Ultramicroscopy 111,
// 1437 (2011); Verbeeck, Béché & Van den Broek, Ultramicroscopy 120, 35 (2012)). The form of the
// tail here is a bivariate Cauchy distribution, whose transform is a closed form; how large it is,
// is chosen:
//   (1 − share) N(r; FWHM) + share γ/(2π (r² + γ²)^{3/2}),   tail FWHM = 2γ √(2^{2/3} − 1),
// of the transform (1 − share) e^{−2π²s²q²} + share e^{−2πγq}.
#pragma once

#include <cmath>
#include <numbers>

namespace ronchi::hw {

struct SourceProfile {
  double fwhm_A = 0;  // of the normal core
  double tail_share = 0, tail_fwhm_A = 0;

  double TailScale_A() const { return tail_fwhm_A / (2 * std::sqrt(std::cbrt(4.0) - 1)); }  // γ
  // By which an image's Fourier component of frequency q (1/Å) is damped.
  double Transform(double q_per_A) const {
    const double pi = std::numbers::pi, s = fwhm_A / (2 * std::sqrt(2 * std::numbers::ln2));
    const double core = std::exp(-2 * pi * pi * s * s * q_per_A * q_per_A);
    return (1 - tail_share) * core + tail_share * std::exp(-2 * pi * TailScale_A() * q_per_A);
  }
  // Within which the share `inside` of the tail lies: inside = 1 − γ/√(r² + γ²).
  double TailRadius_A(double inside) const {
    return TailScale_A() * std::sqrt(1 / ((1 - inside) * (1 - inside)) - 1);
  }
};

}  // namespace ronchi::hw
