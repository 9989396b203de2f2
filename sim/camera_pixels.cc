#include "sim/camera_pixels.h"

#include <algorithm>
#include <cmath>

#include "core/status.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {

void MakeRimEven(ProbeSpectrum* aperture) {
  double sum = 0;
  for (auto& beam : aperture->beams) {
    beam.amplitude = std::sqrt(beam.amplitude.real());
    sum += std::norm(beam.amplitude);
  }
  for (auto& beam : aperture->beams) beam.amplitude /= Real(std::sqrt(sum));
}

CameraPixels::CameraPixels(const Grid& grid, double energy_eV, size_t pixels, double pixel_rad)
    : pixels_(pixels),
      x_(MakeShares(grid.nx, Wavelength_A(energy_eV) / grid.lx_A, pixels, pixel_rad)),
      y_(MakeShares(grid.ny, Wavelength_A(energy_eV) / grid.ly_A, pixels, pixel_rad)) {}

CameraPixels::Shares CameraPixels::MakeShares(size_t points, double step_rad, size_t pixels,
                                              double pixel_rad) {
  Shares shares(points);
  const Grid line{.nx = points, .ny = 1, .lx_A = 1, .ly_A = 1};
  for (size_t i = 0; i < points; ++i) {
    // Pixel p covers p − 1/2 … p + 1/2 from the middle one, in pixels.
    const double low = (line.kx_per_A(i) - 0.5) * step_rad / pixel_rad + double(pixels / 2) + 0.5;
    const double high = low + step_rad / pixel_rad;
    for (double p = std::max(0.0, std::floor(low)); p < std::min(high, double(pixels)); ++p) {
      const double overlap = std::min(high, p + 1) - std::max(low, p);
      if (overlap > 0) shares[i].push_back({size_t(p), overlap / (high - low)});
    }
  }
  return shares;
}

void CameraPixels::Accumulate(std::span<const Real> pattern, double weight,
                              std::span<double> out) const {
  RONCHI_CHECK_EQ(pattern.size(), x_.size() * y_.size());
  RONCHI_CHECK_EQ(out.size(), pixels_ * pixels_);
  thread_local std::vector<double> row;  // one row of the grid along y, on the camera's pixels
  for (size_t i = 0; i < x_.size(); ++i) {
    if (x_[i].empty()) continue;
    row.assign(pixels_, 0.0);
    for (size_t j = 0; j < y_.size(); ++j) {
      const double value = weight * double(pattern[i * y_.size() + j]);
      for (const Share& y : y_[j]) row[y.pixel] += y.weight * value;
    }
    for (const Share& x : x_[i]) {
      for (size_t y = 0; y < pixels_; ++y) out[y * pixels_ + x.pixel] += x.weight * row[y];
    }
  }
}

}  // namespace ronchi::sim
