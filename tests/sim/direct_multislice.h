// Multislice written down as the textbook has it (Kirkland 2020, ch. 6): double precision, every
// Fourier transform a matrix of exponentials, no blocks, no padding, nothing fast. The reference
// against which sim/multislice.h is held on small grids of any size.
#pragma once

#include <cmath>
#include <complex>
#include <numbers>
#include <span>
#include <vector>

#include "sim/physics/electron.h"
#include "sim/potential.h"
#include "sim/probe.h"

namespace ronchi::sim {

class DirectMultislice {
 public:
  using Wave = std::vector<std::complex<double>>;

  DirectMultislice(const PotentialSlices& potential, double energy_eV,
                   std::array<double, 2> tilt_rad)
      : potential_(potential), grid_(potential.grid), energy_eV_(energy_eV), tilt_rad_(tilt_rad) {
    for (const auto& v : potential.distinct) transmission_.push_back(Transmission(*v));
  }

  // |ψ(k)|² behind each of `exits` (numbers of slices passed, increasing).
  std::vector<std::vector<double>> Run(const ProbeSpectrum& probe, double x_A, double y_A,
                                       std::span<const size_t> exits) const {
    Wave wave(grid_.size(), 0);
    for (const auto& b : probe.beams) {
      const double phase = -kTwoPi * (grid_.kx_per_A(b.ix) * x_A + grid_.ky_per_A(b.iy) * y_A);
      wave[b.ix * grid_.ny + b.iy] = std::complex<double>(b.amplitude) * std::polar(1.0, phase);
    }
    std::vector<std::vector<double>> out;
    for (size_t s = 0; s < exits.back(); ++s) {
      wave = Transform(wave, +1);
      const Wave& t = transmission_[potential_.order[s]];
      for (size_t i = 0; i < wave.size(); ++i) wave[i] *= t[i];
      wave = Transform(wave, -1);
      if (s + 1 == exits[out.size()]) out.push_back(Intensity(wave));
      Propagate(&wave);
    }
    return out;
  }

 private:
  static constexpr double kTwoPi = 2 * std::numbers::pi;

  // Along x, then along y; sign −1: k ← r with 1/N, sign +1: r ← k.
  Wave Transform(const Wave& in, int sign) const {
    const size_t nx = grid_.nx, ny = grid_.ny;
    Wave rows(in.size()), out(in.size());
    auto root = [sign](size_t a, size_t n) {
      return std::polar(1.0, sign * kTwoPi * double(a % n) / double(n));
    };
    for (size_t u = 0; u < nx; ++u) {
      for (size_t i = 0; i < nx; ++i) {
        const auto w = root(u * i, nx);
        for (size_t j = 0; j < ny; ++j) rows[u * ny + j] += w * in[i * ny + j];
      }
    }
    std::vector<std::complex<double>> roots(ny);
    for (size_t a = 0; a < ny; ++a) roots[a] = root(a, ny);
    for (size_t u = 0; u < nx; ++u) {
      for (size_t v = 0; v < ny; ++v) {
        std::complex<double> sum = 0;
        for (size_t j = 0; j < ny; ++j) sum += roots[v * j % ny] * rows[u * ny + j];
        out[u * ny + v] = sign < 0 ? sum / double(grid_.size()) : sum;
      }
    }
    return out;
  }

  double Aperture(size_t i, size_t j) const {
    return BandLimitAperture(grid_, std::hypot(grid_.kx_per_A(i), grid_.ky_per_A(j)));
  }

  Wave Transmission(const RealBuffer& v) const {
    const double sigma = InteractionConstant(energy_eV_);
    Wave t(grid_.size());
    for (size_t i = 0; i < t.size(); ++i) t[i] = std::polar(1.0, sigma * double(v[i]));
    t = Transform(t, -1);
    for (size_t i = 0; i < grid_.nx; ++i) {
      for (size_t j = 0; j < grid_.ny; ++j) t[i * grid_.ny + j] *= Aperture(i, j);
    }
    return Transform(t, +1);
  }

  void Propagate(Wave* wave) const {
    const double wavelength = Wavelength_A(energy_eV_), dz = potential_.thickness_A;
    for (size_t i = 0; i < grid_.nx; ++i) {
      for (size_t j = 0; j < grid_.ny; ++j) {
        const double kx = grid_.kx_per_A(i), ky = grid_.ky_per_A(j);
        const double phase =
            -std::numbers::pi * wavelength * dz * (kx * kx + ky * ky) +
            kTwoPi * dz * (kx * std::tan(tilt_rad_[0]) + ky * std::tan(tilt_rad_[1]));
        (*wave)[i * grid_.ny + j] *= Aperture(i, j) * std::polar(1.0, phase);
      }
    }
  }

  std::vector<double> Intensity(const Wave& wave) const {
    std::vector<double> out(wave.size());
    for (size_t i = 0; i < grid_.nx; ++i) {
      for (size_t j = 0; j < grid_.ny; ++j) {
        out[i * grid_.ny + j] = std::norm(wave[i * grid_.ny + j] * Aperture(i, j));
      }
    }
    return out;
  }

  const PotentialSlices potential_;
  const Grid grid_;
  const double energy_eV_;
  const std::array<double, 2> tilt_rad_;
  std::vector<Wave> transmission_;
};

}  // namespace ronchi::sim
