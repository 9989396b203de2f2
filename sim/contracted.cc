#include "sim/contracted.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_format.h"
#include "sim/pair_stretch.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

}  // namespace

absl::StatusOr<Contracted::Amplitudes> Contracted::MakeAmplitudes(const BeamOptics& optics) const {
  const double wavelength = Wavelength_A(energy_eV_);
  if (optics.semiangle_rad + std::hypot(optics.tilt_rad[0], optics.tilt_rad[1]) >
      semiangle_rad_ * (1 + 1e-9)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the aperture reaches beyond the beams held; allowed: semiangle and tilt "
                        "of together up to %.4g mrad",
                        semiangle_rad_ * 1e3));
  }
  Amplitudes a{std::vector<float>(rows_.beams), std::vector<float>(rows_.beams)};
  double power = 0;
  ForEachAngle(optics, [&](size_t k, double ax, double ay) {
    const double aperture = SoftAperture(ax, ay, optics.semiangle_rad, wavelength / grid_.lx_A,
                                         wavelength / grid_.ly_A);
    if (aperture <= 0) return;
    const double chi = optics.aberrations.Chi(ax, ay, wavelength);
    a.re[k] = float(aperture * std::cos(chi));
    a.im[k] = float(-aperture * std::sin(chi));
    power += aperture * aperture;
  });
  const float scale = float(1 / std::sqrt(power));
  for (float& v : a.re) v *= scale;
  for (float& v : a.im) v *= scale;
  return a;
}

std::vector<float> Contracted::SquaredFrequencies() const {
  std::vector<float> k2(rows_.beams);
  for (const ApertureRows::Row& row : rows_.rows) {
    for (int i = 0; i < row.count; ++i) {
      const double kx = (row.first_h + i) / grid_.lx_A, ky = row.k / grid_.ly_A;
      k2[row.start + size_t(i)] = float(kx * kx + ky * ky);
    }
  }
  return k2;
}

double Contracted::FocalDamping(double focal_spread_A) const {
  return std::pow(std::numbers::pi * Wavelength_A(energy_eV_) * focal_spread_A, 2) / 2;
}

double Contracted::SourceDamping(const Difference& d, double source_fwhm_A) const {
  const double s = source_fwhm_A / (2 * std::sqrt(2 * std::numbers::ln2));
  const double qx = d.dh / grid_.lx_A, qy = d.dk / grid_.ly_A;
  return std::exp(-kTwoPi * std::numbers::pi * s * s * (qx * qx + qy * qy));
}

// One pass over M, pairs weighted by weight(k, k').
template <class Weight>
Contracted::Coefficients Contracted::Pass(const Amplitudes& a, double source_fwhm_A,
                                          const Weight& weight) const {
  Coefficients out;
  for (const Matrix& m : matrix_) {
    out.g.emplace_back();
    out.g.back().reserve(differences_.size());
    for (const Difference& d : differences_) {
      double re = 0, im = 0;
      size_t at = d.first;
      rows_.ForEachStretch(d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
        const PairStretch stretch{a.re.data() + k,     a.im.data() + k,  a.re.data() + other,
                                  a.im.data() + other, m.re.data() + at, m.im.data() + at};
        stretch.Sum(
            n, [&](size_t i) { return weight(k + i, other + i); }, &re, &im);
        at += n;
      });
      // Twice: q and −q.
      const double scale = (d.dh || d.dk ? 2 : 1) * SourceDamping(d, source_fwhm_A);
      out.g.back().emplace_back(scale * re, scale * im);
    }
  }
  return out;
}

absl::StatusOr<Contracted::Coefficients> Contracted::ComputeCoefficients(const Optics& o) const {
  RONCHI_ASSIGN_OR_RETURN(const Amplitudes a, MakeAmplitudes(o.beam));
  if (o.focal_spread_A <= 0) {
    return Pass(a, o.source_fwhm_A, [](size_t, size_t) { return 1.0f; });
  }
  const std::vector<float> k2 = SquaredFrequencies();
  const float c = float(FocalDamping(o.focal_spread_A));
  return Pass(a, o.source_fwhm_A, [&](size_t k, size_t other) {
    const float u = k2[k] - k2[other];
    return std::exp(-c * u * u);
  });
}

// d(a a'*) = −i (dχ − dχ') a a'*.
absl::StatusOr<Contracted::Coefficients> Contracted::ComputeDerivative(
    const Optics& o, const Aberrations& direction) const {
  RONCHI_ASSIGN_OR_RETURN(const Amplitudes a, MakeAmplitudes(o.beam));
  const std::vector<float> k2 = SquaredFrequencies();
  const float c = float(FocalDamping(o.focal_spread_A));
  std::vector<float> slope(rows_.beams);
  ForEachAngle(o.beam, [&](size_t k, double ax, double ay) {
    slope[k] = float(direction.Chi(ax, ay, Wavelength_A(energy_eV_)));
  });
  Coefficients out = Pass(a, o.source_fwhm_A, [&](size_t k, size_t other) {
    const float u = k2[k] - k2[other];
    return (slope[k] - slope[other]) * std::exp(-c * u * u);
  });
  for (auto& g : out.g) {
    for (std::complex<double>& v : g) v *= std::complex<double>(0, -1);
  }
  return out;
}

std::vector<std::vector<double>> Contracted::ComputeImage(
    const Coefficients& c, std::span<const std::array<double, 2>> positions) const {
  std::vector<std::vector<double>> out(values(), std::vector<double>(positions.size()));
  for (size_t p = 0; p < positions.size(); ++p) {
    for (size_t i = 0; i < differences_.size(); ++i) {
      const Difference& d = differences_[i];
      const std::complex<double> wave = std::polar(
          1.0,
          -kTwoPi * (d.dh * positions[p][0] / grid_.lx_A + d.dk * positions[p][1] / grid_.ly_A));
      for (size_t v = 0; v < values(); ++v) out[v][p] += (c.g[v][i] * wave).real();
    }
  }
  return out;
}

std::vector<std::vector<double>> Contracted::ComputeRaster(const Coefficients& c,
                                                           const ScanOptions& raster) const {
  const auto [nx, ny] = raster.pixels;
  const auto step = raster.Step_A();
  const auto waves = [&](double start, double by, size_t n, double length) {
    std::vector<std::complex<double>> one;  // e^{−2πi x/length}
    for (size_t i = 0; i < n; ++i)
      one.push_back(std::polar(1.0, -kTwoPi * (start + double(i) * by) / length));
    return one;
  };
  const auto wave_x = waves(raster.start_A[0], step[0], nx, grid_.lx_A);
  const auto wave_y = waves(raster.start_A[1], step[1], ny, grid_.ly_A);
  std::vector<std::vector<double>> out(values(), std::vector<double>(nx * ny));
  std::vector<std::complex<double>> line(nx), power_x(nx), power_y(ny);
  for (size_t v = 0; v < values(); ++v) {
    // Differences come sorted by dk, then dh: sum over dh first.
    for (size_t i = 0; i < differences_.size();) {
      const int dk = differences_[i].dk;
      std::fill(line.begin(), line.end(), 0);
      int at = differences_[i].dh;
      for (size_t x = 0; x < nx; ++x) power_x[x] = std::polar(1.0, at * std::arg(wave_x[x]));
      for (; i < differences_.size() && differences_[i].dk == dk; ++i) {
        for (; at < differences_[i].dh; ++at) {
          for (size_t x = 0; x < nx; ++x) power_x[x] *= wave_x[x];
        }
        const std::complex<double> g = c.g[v][i];
        for (size_t x = 0; x < nx; ++x) line[x] += g * power_x[x];
      }
      for (size_t y = 0; y < ny; ++y) power_y[y] = std::polar(1.0, dk * std::arg(wave_y[y]));
      for (size_t x = 0; x < nx; ++x) {
        double* row = out[v].data() + x * ny;
        for (size_t y = 0; y < ny; ++y) {
          row[y] += line[x].real() * power_y[y].real() - line[x].imag() * power_y[y].imag();
        }
      }
    }
  }
  return out;
}

size_t Contracted::memory_bytes() const {
  size_t bytes = differences_.size() * sizeof(Difference);
  for (const Matrix& m : matrix_) bytes += (m.re.size() + m.im.size()) * sizeof(float);
  return bytes;
}

}  // namespace ronchi::sim
