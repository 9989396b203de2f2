// The adjoint of an image: with L = Σ_q Re(W_q G_q), W_q the weights' transform, and
// G_q = Σ a a'* M over the pairs k, k' = k − q, the amplitudes' adjoints are
//   ā_k += (W M)* a'_k,   ā_k' += W M a_k,
// and as da = −i a dχ, dL/dχ_k = Im(ā_k* a_k).
#include <cmath>
#include <numbers>

#include "sim/contracted.h"
#include "sim/pair_stretch.h"

namespace ronchi::sim {
namespace {

constexpr double kPi = std::numbers::pi;
// The pairs of a stretch with the adjoints to add to. These are apart from what is read, so that
// nothing written is read again here.
struct AdjointStretch : PairStretch {
  float* __restrict kr, * __restrict ki, * __restrict or_, * __restrict oi;

  // Adds the adjoints of Re(W Σ a a'* M e).
  template <class Envelope>
  void Add(size_t n, float wr, float wi, const Envelope& envelope) const {
    for (size_t i = 0; i < n; ++i) {
      const float e = envelope(i), er = e * mr[i], ei = e * mi[i];
      const float tr = wr * er - wi * ei, ti = wr * ei + wi * er;  // W M
      kr[i] += tr * br[i] + ti * bi[i];                            // (W M)* a'
      ki[i] += tr * bi[i] - ti * br[i];
      or_[i] += tr * ar[i] - ti * ai[i];  // W M a
      oi[i] += tr * ai[i] + ti * ar[i];
    }
  }
};

}  // namespace

Contracted::Coefficients Contracted::ComputeWeights(
    std::span<const std::array<double, 2>> positions,
    const std::vector<std::vector<double>>& weights) const {
  RONCHI_CHECK_EQ(weights.size(), values());
  Coefficients out;
  out.g.assign(values(), std::vector<std::complex<double>>(differences_.size()));
  for (size_t i = 0; i < differences_.size(); ++i) {
    const double qx = differences_[i].dh / grid_.lx_A, qy = differences_[i].dk / grid_.ly_A;
    for (size_t p = 0; p < positions.size(); ++p) {
      const auto wave = std::polar(1.0, -2 * kPi * (qx * positions[p][0] + qy * positions[p][1]));
      for (size_t v = 0; v < values(); ++v) out.g[v][i] += weights[v][p] * wave;
    }
  }
  return out;
}

// Along y for every dk, then along x for every dh of it.
Contracted::Coefficients Contracted::ComputeRasterWeights(
    const ScanOptions& raster, const std::vector<std::vector<double>>& weights) const {
  RONCHI_CHECK_EQ(weights.size(), values());
  const auto [nx, ny] = raster.pixels;
  const auto step = raster.Step_A();
  const auto wave = [](double q, double start, double by, size_t i) {
    return std::polar(1.0, -2 * kPi * q * (start + double(i) * by));
  };
  Coefficients out;
  out.g.assign(values(), std::vector<std::complex<double>>(differences_.size()));
  std::vector<std::complex<double>> wave_x(nx), power_x(nx), wave_y(ny), line(nx);
  for (size_t x = 0; x < nx; ++x) wave_x[x] = wave(1 / grid_.lx_A, raster.start_A[0], step[0], x);
  for (size_t i = 0; i < differences_.size();) {
    const int dk = differences_[i].dk;
    size_t end = i;
    while (end < differences_.size() && differences_[end].dk == dk) ++end;
    for (size_t y = 0; y < ny; ++y) {
      wave_y[y] = wave(dk / grid_.ly_A, raster.start_A[1], step[1], y);
    }
    for (size_t v = 0; v < values(); ++v) {
      for (size_t x = 0; x < nx; ++x) {
        double re = 0, im = 0;
        for (size_t y = 0; y < ny; ++y) {
          re += weights[v][x * ny + y] * wave_y[y].real();
          im += weights[v][x * ny + y] * wave_y[y].imag();
        }
        line[x] = {re, im};
      }
      int at = differences_[i].dh;
      for (size_t x = 0; x < nx; ++x) power_x[x] = std::polar(1.0, at * std::arg(wave_x[x]));
      for (size_t j = i; j < end; ++j) {
        for (; at < differences_[j].dh; ++at) {
          for (size_t x = 0; x < nx; ++x) power_x[x] *= wave_x[x];
        }
        for (size_t x = 0; x < nx; ++x) out.g[v][j] += line[x] * power_x[x];
      }
    }
    i = end;
  }
  return out;
}

absl::StatusOr<Contracted::Gradient> Contracted::ComputeGradient(const Optics& o,
                                                                 const Coefficients& l) const {
  RONCHI_CHECK_EQ(l.g.size(), values());
  RONCHI_ASSIGN_OR_RETURN(const Amplitudes a, MakeAmplitudes(o.beam));
  const std::vector<float> k2 = SquaredFrequencies();
  const bool spread = o.focal_spread_A > 0;
  const float c = float(FocalDamping(o.focal_spread_A));
  const double s_per_fwhm = 1 / (2 * std::sqrt(2 * std::numbers::ln2));
  const double s = o.source_fwhm_A * s_per_fwhm;
  const size_t n_beams = rows_.beams;
  // Adjoints of the beams as k and as k', apart: the two overlap within a row.
  std::vector<float> kr(n_beams), ki(n_beams), or_(n_beams), oi(n_beams);
  Gradient out;
  out.image.g.assign(values(), std::vector<std::complex<double>>(differences_.size()));
  double by_spread = 0;
  for (size_t i = 0; i < differences_.size(); ++i) {
    const Difference& d = differences_[i];
    const double qx = d.dh / grid_.lx_A, qy = d.dk / grid_.ly_A;
    const double scale = (d.dh || d.dk ? 2 : 1) * SourceDamping(d, o.source_fwhm_A);
    for (size_t v = 0; v < values(); ++v) {
      const Matrix& m = matrix_[v];
      const std::complex<double> w = scale * l.g[v][i];
      const float wr = float(w.real()), wi = float(w.imag());
      double gr = 0, gi = 0;
      size_t at = d.first;
      rows_.ForEachStretch(d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
        const AdjointStretch stretch{{a.re.data() + k, a.im.data() + k, a.re.data() + other,
                                      a.im.data() + other, m.re.data() + at, m.im.data() + at},
                                     kr.data() + k,
                                     ki.data() + k,
                                     or_.data() + other,
                                     oi.data() + other};
        at += n;
        if (!spread) {
          const auto one = [](size_t) { return 1.0f; };
          stretch.Add(n, wr, wi, one);
          stretch.Sum(n, one, &gr, &gi);
          return;
        }
        const auto envelope = [&](size_t j) {
          const float u = k2[k + j] - k2[other + j];
          return std::exp(-c * u * u);
        };
        const auto slope = [&](size_t j) {
          const float u = k2[k + j] - k2[other + j];
          return u * u * std::exp(-c * u * u);
        };
        stretch.Add(n, wr, wi, envelope);
        stretch.Sum(n, envelope, &gr, &gi);
        double sr = 0, si = 0;
        stretch.Sum(n, slope, &sr, &si);
        by_spread += wr * sr - wi * si;
      });
      const std::complex<double> g(gr, gi), loss = g * w;
      out.image.g[v][i] = scale * g;
      // e^{−2πi q·(R + δ)}, and e^{−2π²s²q²}.
      out.shift_per_A[0] += 2 * kPi * qx * loss.imag();
      out.shift_per_A[1] += 2 * kPi * qy * loss.imag();
      out.source_fwhm_per_A += -4 * kPi * kPi * s * (qx * qx + qy * qy) * loss.real() * s_per_fwhm;
    }
  }
  if (spread) out.focal_spread_per_A = -2 * double(c) / o.focal_spread_A * by_spread;
  const double wavelength = Wavelength_A(energy_eV_);
  ForEachAngle(o.beam, [&](size_t k, double ax, double ay) {
    const double adjoint_re = double(kr[k]) + or_[k], adjoint_im = double(ki[k]) + oi[k];
    const double by_chi = adjoint_re * a.im[k] - adjoint_im * a.re[k];
    if (by_chi == 0) return;
    for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
      const auto [n, m, name] = kAberrationTerms[t];
      const double alpha = std::hypot(ax, ay), phi = std::atan2(ay, ax);
      const double radial = 2 * kPi / wavelength * std::pow(alpha, n + 1) / (n + 1) * by_chi;
      out.aberrations.a_A[t] += radial * std::cos(m * phi);
      if (m > 0) out.aberrations.b_A[t] += radial * std::sin(m * phi);
    }
  });
  return out;
}

}  // namespace ronchi::sim
