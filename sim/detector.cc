#include "sim/detector.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

using Type = DetectorOptions::Type;

// The bin of the angle (ax, ay), or -1 outside.
int Bin(const DetectorOptions& d, double ax, double ay) {
  const double alpha = std::hypot(ax, ay);
  if (alpha < d.inner_rad || alpha >= d.outer_rad) return -1;
  if (d.type == Type::kAnnular) return 0;
  const int ring =
      std::min(d.radial - 1, int((alpha - d.inner_rad) / (d.outer_rad - d.inner_rad) * d.radial));
  double turn = (std::atan2(ay, ax) - d.rotation_rad) / (2 * kPi);
  turn -= std::floor(turn);
  return ring * d.azimuthal + std::min(d.azimuthal - 1, int(turn * d.azimuthal));
}

// Eight running sums: independent additions that the compiler puts side by side.
Real Sum(const Real* values, size_t count) {
  constexpr size_t kLanes = 8;
  Real lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t l = 0; l < kLanes; ++l) lanes[l] += values[i + l];
  }
  Real sum = 0;
  for (Real lane : lanes) sum += lane;
  for (; i < count; ++i) sum += values[i];
  return sum;
}

}  // namespace

absl::StatusOr<Detector> Detector::Create(const DetectorOptions& options, const Grid& grid,
                                          double energy_eV, double semiangle_rad) {
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
  const bool differential = options.type == Type::kDpc || options.type == Type::kIntegratedDpc;
  d.moments_ = options.type == Type::kCenterOfMass || (differential && options.outer_rad == 0);
  if (options.type == Type::kPixelated) {
    d.AddPixels(grid, wavelength);
    if (d.shape_[0] == 0 || d.shape_[1] == 0) {
      return absl::OutOfRangeError(absl::StrFormat(
          "a binning of %d leaves no pixel of the diffraction pattern", options.binning));
    }
    return d;
  }
  if (options.type == Type::kSegmented) d.shape_ = {size_t(options.azimuthal) * options.radial};
  if (options.type == Type::kCenterOfMass || options.type == Type::kDpc) d.shape_ = {2};
  if (d.moments_) {
    for (size_t i = 0; i < grid.nx; ++i) {
      d.angle_x_mrad_.push_back(Real(grid.kx_per_A(i) * wavelength * 1e3));
    }
    for (size_t j = 0; j < grid.ny; ++j) {
      d.angle_y_mrad_.push_back(Real(grid.ky_per_A(j) * wavelength * 1e3));
    }
    return d;
  }
  if (differential) {
    if (options.inner_rad >= semiangle_rad || options.outer_rad <= semiangle_rad) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "differential phase contrast needs the aperture's rim on the ring: inner_mrad below and "
          "outer_mrad above the semiangle, %.4g mrad",
          semiangle_rad * 1e3));
    }
    d.AddDirections(semiangle_rad);
  }
  d.AddRuns(grid, wavelength);
  if (d.runs_.empty()) {
    return absl::OutOfRangeError(
        "holds no pixel of the diffraction pattern; a larger box or a wider "
        "ring is needed");
  }
  return d;
}

// When the aperture's disc, of radius a and one electron, moves by δ, a segment of width w about
// the direction u gains 2 sin(w/2)/(π a) u·δ through its piece of the rim. Summed over n equal
// segments, Σ u (u·δ) = n/2 δ: so δ = π a / (n sin(π/n)) Σ u I.
void Detector::AddDirections(double semiangle_rad) {
  const int n = options_.azimuthal;
  const double gain_mrad = kPi * semiangle_rad * 1e3 / (n * std::sin(kPi / n));
  for (int s = 0; s < n; ++s) {
    const double u = options_.rotation_rad + 2 * kPi * (s + 0.5) / n;
    directions_.push_back({gain_mrad * std::cos(u), gain_mrad * std::sin(u)});
  }
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

// A square of detector pixels. Those of b × b pattern pixels are whole: with an odd b the middle
// one is centred on zero, with an even b zero lies on the corner of four (half a pattern pixel
// off).
void Detector::AddPixels(const Grid& g, double wavelength) {
  const double max_k = options_.max_rad > 0 ? options_.max_rad / wavelength : g.band_limit_per_A();
  const int64_t b = options_.binning;
  struct Side {
    int64_t first, bins;  // frequency of the first pattern pixel, detector pixels
  };
  auto side = [&](double length, size_t n) -> Side {
    const int64_t half = int64_t(std::ceil(max_k * length - 1e-9)), all = int64_t(n);
    if (b == 1) {  // as abTEM: out to max, with the parity of the grid, at n/2 the zero
      int64_t width = 2 * half + 1;
      if (width % 2 != all % 2) ++width;
      width = std::min(width, all);
      return {-(width / 2), width};
    }
    const int64_t reach = std::min(half, (all - 1) / 2);
    if (b % 2 == 0) return {-(reach / b) * b, 2 * (reach / b)};
    const int64_t beside = (reach - b / 2 + b) / b - 1;  // whole bins on each side of the middle
    return reach < b / 2 ? Side{0, 0} : Side{-b / 2 - beside * b, 2 * beside + 1};
  };
  const Side x = side(g.lx_A, g.nx), y = side(g.ly_A, g.ny);
  shape_ = {size_t(x.bins), size_t(y.bins)};
  auto axis = [&](const Side& s, double length) {
    const double step = wavelength / length;
    return AngleAxis{(double(s.first) + double(b - 1) / 2) * step, double(b) * step};
  };
  x_axis_ = axis(x, g.lx_A);
  y_axis_ = axis(y, g.ly_A);
  const auto wrap = [](int64_t k, size_t n) { return size_t(k < 0 ? k + int64_t(n) : k); };
  for (int64_t p = 0; p < x.bins * b; ++p) {
    const size_t row = wrap(x.first + p, g.nx) * g.ny, bin = size_t(p / b) * shape_[1];
    // Without binning a run is a stretch of pixels, one a bin; with it, the pixels of one bin.
    for (int64_t q = 0; q < y.bins * b;) {
      const int64_t k = y.first + q;
      const int64_t stop = b > 1 ? q + 1 : (k < 0 ? std::min(q - k, y.bins) : y.bins);
      runs_.push_back({row + wrap(k, g.ny), size_t(stop - q), bin + size_t(q / b)});
      q = stop;
    }
  }
}

size_t Detector::size() const {
  if (moments_) return kMoments;
  if (!directions_.empty()) return directions_.size();
  size_t n = 1;
  for (size_t s : shape_) n *= s;
  return n;
}

std::vector<std::vector<size_t>> Detector::PixelsByValue() const {
  std::vector<std::vector<size_t>> pixels(size());
  for (const Run& r : runs_) {
    for (size_t c = 0; c < r.count; ++c) pixels[r.bin].push_back(r.offset + c);
  }
  return pixels;
}

void Detector::AccumulateMoments(std::span<const Real> intensity, double weight,
                                 std::span<double> out) const {
  const size_t ny = angle_y_mrad_.size();
  double total = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < angle_x_mrad_.size(); ++i) {
    const Real* row = intensity.data() + i * ny;
    double s0 = 0, s1 = 0, s2 = 0;
    for (size_t j = 0; j < ny; ++j) {
      const double v = row[j], a = angle_y_mrad_[j];
      s0 += v;
      s1 += v * a;
      s2 += v * a * a;
    }
    const double a = angle_x_mrad_[i];
    total += s0;
    x += a * s0;
    y += s1;
    xx += a * a * s0;
    xy += a * s1;
    yy += s2;
  }
  const double sums[kMoments] = {total, x, y, xx, xy, yy};
  for (size_t m = 0; m < kMoments; ++m) out[m] += weight * sums[m];
}

void Detector::Accumulate(std::span<const Real> intensity, double weight,
                          std::span<double> out) const {
  if (moments_) return AccumulateMoments(intensity, weight, out);
  if (options_.type == Type::kPixelated && options_.binning == 1) {
    for (const Run& r : runs_) {
      for (size_t c = 0; c < r.count; ++c) out[r.bin + c] += weight * intensity[r.offset + c];
    }
    return;
  }
  for (const Run& r : runs_) out[r.bin] += weight * Sum(intensity.data() + r.offset, r.count);
}

void Detector::Spread(std::span<const double> slope, std::span<Real> pixels) const {
  for (const Run& r : runs_) {
    const bool pattern = options_.type == Type::kPixelated && options_.binning == 1;
    for (size_t c = 0; c < r.count; ++c) {
      pixels[r.offset + c] += Real(slope[pattern ? r.bin + c : r.bin]);
    }
  }
  if (!moments_) return;
  const size_t ny = angle_y_mrad_.size();
  for (size_t i = 0; i < angle_x_mrad_.size(); ++i) {
    const double x = angle_x_mrad_[i];
    for (size_t j = 0; j < ny; ++j) {
      const double y = angle_y_mrad_[j];
      pixels[i * ny + j] += Real(slope[0] + slope[1] * x + slope[2] * y + slope[3] * x * x +
                                 slope[4] * x * y + slope[5] * y * y);
    }
  }
}

std::vector<double> Detector::CombineSlope(std::span<const double> reading,
                                           std::array<double, 2> slope) const {
  std::vector<double> out(size());
  if (moments_) {
    out[1] = slope[0] / reading[0];
    out[2] = slope[1] / reading[0];
    out[0] = -(out[1] * reading[1] + out[2] * reading[2]) / reading[0];
    return out;
  }
  for (size_t s = 0; s < directions_.size(); ++s) {
    out[s] = slope[0] * directions_[s][0] + slope[1] * directions_[s][1];
  }
  return out;
}

std::array<double, 2> Detector::Combine(std::span<const double> reading) const {
  if (moments_) return {reading[1] / reading[0], reading[2] / reading[0]};
  std::array<double, 2> sum = {0, 0};
  for (size_t s = 0; s < directions_.size(); ++s) {
    sum[0] += reading[s] * directions_[s][0];
    sum[1] += reading[s] * directions_[s][1];
  }
  return sum;
}

}  // namespace ronchi::sim
