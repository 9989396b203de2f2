#include "sim/contracted.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_format.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr size_t kLanes = 16;

// Calls use(first beam k, first beam k − q, pairs) for every stretch of beams of which a difference
// vector makes pairs, in the order in which the matrices hold them.
template <class Use>
void ForEachStretch(const ApertureRows& aperture, int dh, int dk, const Use& use) {
  const auto& rows = aperture.rows;
  if (rows.empty()) return;
  for (const ApertureRows::Row& row : rows) {
    const int other_k = row.k - dk, index = other_k - rows.front().k;
    if (index < 0 || index >= int(rows.size())) continue;
    const ApertureRows::Row& other = rows[size_t(index)];
    const int low = std::max(row.first_h, other.first_h + dh);
    const int high = std::min(row.first_h + row.count, other.first_h + other.count + dh);
    if (low >= high) continue;
    use(row.start + size_t(low - row.first_h), other.start + size_t(low - dh - other.first_h),
        size_t(high - low));
  }
}

struct Sum {
  double re = 0, im = 0;
};

// Σ a b* m over a stretch; sixteen sums side by side in single precision, then in double.
template <class Weight>
void AddStretch(const float* ar, const float* ai, const float* br, const float* bi, const float* mr,
                const float* mi, size_t n, const Weight& weight, Sum* sum) {
  float re[kLanes] = {}, im[kLanes] = {};
  const auto term = [&](size_t i, size_t lane) {
    const float pr = ar[i] * br[i] + ai[i] * bi[i], pi = ai[i] * br[i] - ar[i] * bi[i];
    const float w = weight(i);
    re[lane] += w * (pr * mr[i] - pi * mi[i]);
    im[lane] += w * (pr * mi[i] + pi * mr[i]);
  };
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t l = 0; l < kLanes; ++l) term(i + l, l);
  }
  for (size_t l = 0; i < n; ++i, ++l) term(i, l);
  for (size_t l = 0; l < kLanes; ++l) sum->re += re[l], sum->im += im[l];
}

}  // namespace

ApertureRows MakeApertureRows(const Grid& g, double energy_eV, double semiangle_rad) {
  // One pixel of angle beyond the edge: the aperture's soft rim reaches there.
  const double reach = semiangle_rad / Wavelength_A(energy_eV) + 1 / std::min(g.lx_A, g.ly_A);
  const int half_x = int(g.band_limit_per_A() * g.lx_A);
  const int half_y = int(g.band_limit_per_A() * g.ly_A);
  ApertureRows out;
  for (int k = -half_y; k <= half_y; ++k) {
    int reach_h = -1;
    while (reach_h < half_x && std::hypot((reach_h + 1) / g.lx_A, k / g.ly_A) <= reach) ++reach_h;
    if (reach_h < 0) continue;
    out.rows.push_back({k, -reach_h, 2 * reach_h + 1, out.beams});
    out.beams += size_t(2 * reach_h + 1);
  }
  return out;
}

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
  for (const ApertureRows::Row& row : rows_.rows) {
    for (int i = 0; i < row.count; ++i) {
      const double ax = (row.first_h + i) / grid_.lx_A * wavelength - optics.tilt_rad[0];
      const double ay = row.k / grid_.ly_A * wavelength - optics.tilt_rad[1];
      const double aperture = SoftAperture(ax, ay, optics.semiangle_rad, wavelength / grid_.lx_A,
                                           wavelength / grid_.ly_A);
      if (aperture <= 0) continue;
      const double chi = optics.aberrations.Chi(ax, ay, wavelength);
      a.re[row.start + size_t(i)] = float(aperture * std::cos(chi));
      a.im[row.start + size_t(i)] = float(-aperture * std::sin(chi));
      power += aperture * aperture;
    }
  }
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

absl::StatusOr<Contracted::Coefficients> Contracted::ComputeCoefficients(const Optics& o) const {
  RONCHI_ASSIGN_OR_RETURN(const Amplitudes a, MakeAmplitudes(o.beam));
  // A normal spread Δ of the defocus damps a pair by exp(−(πλΔ(k² − k'²))²/2).
  const std::vector<float> k2 = o.focal_spread_A > 0 ? SquaredFrequencies() : std::vector<float>();
  const float damping =
      float(std::pow(std::numbers::pi * Wavelength_A(energy_eV_) * o.focal_spread_A, 2) / 2);
  const double s = o.source_fwhm_A / (2 * std::sqrt(2 * std::numbers::ln2));
  Coefficients out;
  for (const Matrix& m : matrix_) {
    out.g.emplace_back();
    out.g.back().reserve(differences_.size());
    for (const Difference& d : differences_) {
      Sum sum;
      size_t at = d.first;
      ForEachStretch(rows_, d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
        const float *ar = a.re.data() + k, *ai = a.im.data() + k;
        const float *br = a.re.data() + other, *bi = a.im.data() + other;
        const float *mr = m.re.data() + at, *mi = m.im.data() + at;
        if (k2.empty()) {
          AddStretch(
              ar, ai, br, bi, mr, mi, n, [](size_t) { return 1.0f; }, &sum);
        } else {
          const auto envelope = [&](size_t i) {
            const float u = k2[k + i] - k2[other + i];
            return std::exp(-damping * u * u);
          };
          AddStretch(ar, ai, br, bi, mr, mi, n, envelope, &sum);
        }
        at += n;
      });
      const double qx = d.dh / grid_.lx_A, qy = d.dk / grid_.ly_A;
      // Twice: q and −q. Source size: the transform of its density.
      const double scale = (d.dh || d.dk ? 2 : 1) *
                           std::exp(-kTwoPi * std::numbers::pi * s * s * (qx * qx + qy * qy));
      out.g.back().emplace_back(scale * sum.re, scale * sum.im);
    }
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
