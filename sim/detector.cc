#include "sim/detector.h"

#include <cmath>
#include <numbers>

#include "absl/strings/str_format.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

// The bin of the angle (ax, ay), or -1 outside.
int Bin(const DetectorOptions& d, double ax, double ay) {
  const double alpha = std::hypot(ax, ay);
  if (d.type == DetectorOptions::Type::kCenterOfMass) return 0;
  if (alpha < d.inner_rad || alpha >= d.outer_rad) return -1;
  if (d.type == DetectorOptions::Type::kAnnular) return 0;
  const int ring =
      std::min(d.radial - 1, int((alpha - d.inner_rad) / (d.outer_rad - d.inner_rad) * d.radial));
  double turn = (std::atan2(ay, ax) - d.rotation_rad) / kTwoPi;
  turn -= std::floor(turn);
  return ring * d.azimuthal + std::min(d.azimuthal - 1, int(turn * d.azimuthal));
}

}  // namespace

absl::StatusOr<Detector> Detector::Create(const DetectorOptions& options, const Grid& grid,
                                          double energy_eV) {
  const double wavelength = Wavelength_A(energy_eV);
  const double limit = grid.band_limit_per_A() * wavelength;
  const double reach = std::max(options.outer_rad, options.max_rad);
  if (reach > limit) {
    return absl::OutOfRangeError(absl::StrFormat(
        "reaches to %.4g mrad, beyond the grid's band limit; allowed: up to %.4g mrad (more pixels "
        "reach further)",
        reach * 1e3, limit * 1e3));
  }
  Detector d;
  d.options_ = options;
  if (options.type == DetectorOptions::Type::kPixelated) {
    d.AddPixels(grid, wavelength);
    return d;
  }
  if (options.type == DetectorOptions::Type::kSegmented) {
    d.shape_ = {size_t(options.azimuthal) * options.radial};
  } else if (options.type == DetectorOptions::Type::kCenterOfMass) {
    d.shape_ = {2};
    for (size_t i = 0; i < grid.nx; ++i)
      d.angle_x_mrad_.push_back(float(grid.kx_per_A(i) * wavelength * 1e3));
    for (size_t j = 0; j < grid.ny; ++j)
      d.angle_y_mrad_.push_back(float(grid.ky_per_A(j) * wavelength * 1e3));
  }
  d.AddRuns(grid, wavelength);
  if (d.runs_.empty()) {
    return absl::OutOfRangeError(
        "holds no pixel of the diffraction pattern; a larger box or a wider "
        "ring is needed");
  }
  return d;
}

void Detector::AddRuns(const Grid& g, double wavelength) {
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const int bin = Bin(options_, g.kx_per_A(i) * wavelength, g.ky_per_A(j) * wavelength);
      if (bin < 0) continue;
      if (j > 0 && !runs_.empty() && runs_.back().bin == size_t(bin) &&
          runs_.back().offset + runs_.back().count == i * g.ny + j) {
        ++runs_.back().count;
      } else {
        runs_.push_back({i * g.ny + j, 1, size_t(bin)});
      }
    }
  }
}

// A centred square of the pattern: frequencies −m … m along each axis, zero in the middle.
void Detector::AddPixels(const Grid& g, double wavelength) {
  const double max_k = options_.max_rad > 0 ? options_.max_rad / wavelength : g.band_limit_per_A();
  auto half = [&](double length, size_t n) {
    return std::min(size_t(std::floor(max_k * length + 1e-9)), (n - 1) / 2);
  };
  const size_t mx = half(g.lx_A, g.nx), my = half(g.ly_A, g.ny);
  shape_ = {2 * mx + 1, 2 * my + 1};
  x_axis_ = {-double(mx) * wavelength / g.lx_A, wavelength / g.lx_A};
  y_axis_ = {-double(my) * wavelength / g.ly_A, wavelength / g.ly_A};
  for (size_t q = 0; q < shape_[0]; ++q) {
    const size_t i = (q + g.nx - mx) % g.nx;
    runs_.push_back({i * g.ny + g.ny - my, my, q * shape_[1]});
    runs_.push_back({i * g.ny, my + 1, q * shape_[1] + my});
  }
}

size_t Detector::size() const {
  size_t n = 1;
  for (size_t s : shape_) n *= s;
  return n;
}

void Detector::Accumulate(std::span<const float> intensity, double weight,
                          std::span<double> out) const {
  if (options_.type == DetectorOptions::Type::kPixelated) {
    for (const Run& r : runs_) {
      for (size_t c = 0; c < r.count; ++c) out[r.bin + c] += weight * intensity[r.offset + c];
    }
    return;
  }
  const bool moments = options_.type == DetectorOptions::Type::kCenterOfMass;
  const size_t ny = angle_y_mrad_.size();
  for (const Run& r : runs_) {
    if (moments) {
      for (size_t p = r.offset; p < r.offset + r.count; ++p) {
        out[0] += weight * double(intensity[p]) * angle_x_mrad_[p / ny];
        out[1] += weight * double(intensity[p]) * angle_y_mrad_[p % ny];
      }
      continue;
    }
    float sum = 0;
    for (size_t c = 0; c < r.count; ++c) sum += intensity[r.offset + c];
    out[r.bin] += weight * sum;
  }
}

}  // namespace ronchi::sim
