#include "sim/gradient/probe_gradient.h"

#include <cmath>
#include <numbers>

#include "core/status.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

// SoftAperture and its derivatives by the angle. Between 0 and 1 it is (α_max − α) α/h + 1/2 with
// h = hypot(a_x step_x, a_y step_y).
struct Rim {
  double value;
  std::array<double, 2> slope;
};
Rim SoftRim(double ax, double ay, double semiangle, double step_x, double step_y) {
  const double value = SoftAperture(ax, ay, semiangle, step_x, step_y);
  if (value <= 0 || value >= 1) return {value, {0, 0}};
  const double alpha = std::hypot(ax, ay), h = std::hypot(ax * step_x, ay * step_y);
  const double along = (semiangle - 2 * alpha) / (alpha * h);
  const double across = (semiangle - alpha) * alpha / (h * h * h);
  return {value,
          {ax * (along - across * step_x * step_x), ay * (along - across * step_y * step_y)}};
}

}  // namespace

// ψ = A e^{−iχ}/√ΣA². With c = conj(∂L/∂ψ*) ψ: dL = 2 Im(c) dχ + 2 Re(c) dA/A, less for the norm
// Σ 2 Re(c) · Σ A dA/ΣA².
OpticsGradient ToOpticsGradient(const Grid& grid, const BeamOptics& optics,
                                const ProbeSpectrum& probe,
                                std::span<const std::complex<double>> amplitude) {
  RONCHI_CHECK_EQ(amplitude.size(), probe.beams.size());
  const double wavelength = Wavelength_A(optics.energy_eV);
  OpticsGradient out;
  double power = 0, scale = 0;                 // ΣA², Σ 2 Re(c)
  std::array<double, 2> power_slope = {0, 0};  // half of dΣA² by the angle
  for (size_t n = 0; n < probe.beams.size(); ++n) {
    const ProbeSpectrum::Beam& beam = probe.beams[n];
    const double ax = grid.kx_per_A(beam.ix) * wavelength - optics.tilt_rad[0];
    const double ay = grid.ky_per_A(beam.iy) * wavelength - optics.tilt_rad[1];
    const std::complex<double> c = std::conj(amplitude[n]) * std::complex<double>(beam.amplitude);
    const double by_chi = 2 * c.imag() * 2 * std::numbers::pi / wavelength;  // times λ/2π of dχ
    // α^{n+1} cos mφ + i … sin mφ = w^m (α²)^p, w = a_x + i a_y, p = (n + 1 − m)/2.
    const double alpha2 = ax * ax + ay * ay;
    std::array<std::complex<double>, 7> w = {1};
    for (size_t m = 1; m < w.size(); ++m) w[m] = w[m - 1] * std::complex<double>(ax, ay);
    const std::array<double, 4> even = {1, alpha2, alpha2 * alpha2, alpha2 * alpha2 * alpha2};
    std::array<double, 2> chi_slope = {0, 0};  // times λ/2π
    for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
      const auto [order, m, name] = kAberrationTerms[t];
      const size_t p = size_t(order + 1 - m) / 2;
      const double share = 1.0 / (order + 1);
      out.a_per_A[t] += by_chi * share * even[p] * w[size_t(m)].real();
      out.b_per_A[t] += by_chi * share * even[p] * w[size_t(m)].imag();
      const std::complex<double> coefficient(optics.aberrations.a_A[t], -optics.aberrations.b_A[t]);
      const double turn = (coefficient * w[size_t(m)]).real();
      const double radial = p > 0 ? double(p) * even[p - 1] * 2 * turn : 0;
      const std::complex<double> inner =
          m > 0 ? coefficient * w[size_t(m) - 1] * double(m) * even[p] : 0;
      chi_slope[0] += share * (radial * ax + inner.real());
      chi_slope[1] += share * (radial * ay - inner.imag());
    }
    const Rim rim =
        SoftRim(ax, ay, optics.semiangle_rad, wavelength / grid.lx_A, wavelength / grid.ly_A);
    power += rim.value * rim.value;
    scale += 2 * c.real();
    for (size_t i : {0, 1}) {  // a tilt takes its angle from each beam's
      out.tilt_per_rad[i] -= by_chi * chi_slope[i] + 2 * c.real() / rim.value * rim.slope[i];
      power_slope[i] += rim.value * rim.slope[i];
    }
  }
  for (size_t i : {0, 1}) out.tilt_per_rad[i] += scale * power_slope[i] / power;
  return out;
}

}  // namespace ronchi::sim
