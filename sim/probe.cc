#include "sim/probe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
double SoftAperture(double ax, double ay, double semiangle, double step_x, double step_y) {
  const double alpha = std::hypot(ax, ay);
  if (alpha == 0) return 1;
  const double width = std::hypot(ax / alpha * step_x, ay / alpha * step_y);
  return std::clamp((semiangle - alpha) / width + 0.5, 0.0, 1.0);
}

absl::StatusOr<ProbeSpectrum> MakeProbe(const Grid& grid, const BeamOptics& optics) {
  const double wavelength = Wavelength_A(optics.energy_eV);
  const double limit_rad = grid.band_limit_per_A() * wavelength;
  const auto [tilt_x, tilt_y] = optics.tilt_rad;
  const double lean_rad = std::hypot(tilt_x, tilt_y);
  if (optics.semiangle_rad + lean_rad > limit_rad) {
    if (lean_rad > 0) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "a semiangle of %.4g mrad and a tilt of %.4g mrad reach beyond the grid's band limit; "
          "allowed: together up to %.4g mrad (more pixels reach further)",
          optics.semiangle_rad * 1e3, lean_rad * 1e3, limit_rad * 1e3));
    }
    return absl::InvalidArgumentError(absl::StrFormat(
        "a semiangle of %.4g mrad lies beyond the grid's band limit; allowed: up to %.4g mrad",
        optics.semiangle_rad * 1e3, limit_rad * 1e3));
  }
  ProbeSpectrum probe;
  double sum = 0;
  for (size_t j = 0; j < grid.ny; ++j) {
    const double ay = grid.ky_per_A(j) * wavelength - tilt_y;
    // Beyond the rim, soft over half a pixel: of a large grid, nearly all rows.
    if (std::fabs(ay) > optics.semiangle_rad + wavelength / std::min(grid.lx_A, grid.ly_A))
      continue;
    for (size_t i = 0; i < grid.nx; ++i) {
      const double ax = grid.kx_per_A(i) * wavelength - tilt_x;
      const double a = SoftAperture(ax, ay, optics.semiangle_rad, wavelength / grid.lx_A,
                                    wavelength / grid.ly_A);
      if (a <= 0) continue;
      const double chi = optics.aberrations.Chi(ax, ay, wavelength);
      probe.beams.push_back(
          {uint32_t(i), uint32_t(j),
           std::complex<Real>(Real(a * std::cos(chi)), Real(-a * std::sin(chi)))});
      sum += a * a;
    }
  }
  const Real scale = Real(1 / std::sqrt(sum));
  for (ProbeSpectrum::Beam& beam : probe.beams) beam.amplitude *= scale;
  return probe;
}

}  // namespace ronchi::sim
