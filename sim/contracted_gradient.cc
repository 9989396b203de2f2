// The adjoint of an image: with L = Σ_q Re(W_q G_q), W_q the weights' transform, and
// G_q = Σ a a'* M over the pairs k, k' = k − q, the amplitudes' adjoints are
//   ā_k += (W M)* a'_k,   ā_k' += W M a_k,
// and as da = −i a dχ, dL/dχ_k = Im(ā_k* a_k).
#include <cmath>
#include <numbers>

#include "sim/contracted.h"

namespace ronchi::sim {
namespace {

constexpr double kPi = std::numbers::pi;

}  // namespace

absl::StatusOr<Contracted::Gradient> Contracted::ComputeGradient(
    const Optics& o, std::span<const std::array<double, 2>> positions,
    const std::vector<std::vector<double>>& weights) const {
  RONCHI_CHECK_EQ(weights.size(), values());
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
  out.image.assign(values(), std::vector<double>(positions.size()));
  std::vector<std::complex<double>> waves(positions.size());
  std::vector<std::complex<float>> w(values());
  double by_spread = 0;
  for (const Difference& d : differences_) {
    const double qx = d.dh / grid_.lx_A, qy = d.dk / grid_.ly_A;
    const double scale = (d.dh || d.dk ? 2 : 1) * SourceDamping(d, o.source_fwhm_A);
    for (size_t p = 0; p < positions.size(); ++p) {
      waves[p] = scale * std::polar(1.0, -2 * kPi * (qx * positions[p][0] + qy * positions[p][1]));
    }
    for (size_t v = 0; v < values(); ++v) {
      std::complex<double> sum = 0;
      for (size_t p = 0; p < positions.size(); ++p) sum += weights[v][p] * waves[p];
      w[v] = std::complex<float>(sum);
    }
    for (size_t v = 0; v < values(); ++v) {
      const Matrix& m = matrix_[v];
      const float wr = w[v].real(), wi = w[v].imag();
      double gr = 0, gi = 0;
      size_t at = d.first;
      rows_.ForEachStretch(d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
        const float *mr = m.re.data() + at, *mi = m.im.data() + at;
        const float *ar = a.re.data() + k, *ai = a.im.data() + k;
        const float *br = a.re.data() + other, *bi = a.im.data() + other;
        float *ukr = kr.data() + k, *uki = ki.data() + k;
        float *uor = or_.data() + other, *uoi = oi.data() + other;
        float sr = 0, si = 0;
        const auto term = [&](size_t i, float envelope) {
          const float er = envelope * mr[i], ei = envelope * mi[i];
          const float tr = wr * er - wi * ei, ti = wr * ei + wi * er;  // W M
          ukr[i] += tr * br[i] + ti * bi[i];                           // (W M)* a'
          uki[i] += tr * bi[i] - ti * br[i];
          uor[i] += tr * ar[i] - ti * ai[i];  // W M a
          uoi[i] += tr * ai[i] + ti * ar[i];
          const float pr = ar[i] * br[i] + ai[i] * bi[i], pi = ai[i] * br[i] - ar[i] * bi[i];
          const float xr = pr * er - pi * ei, xi = pr * ei + pi * er;
          sr += xr;
          si += xi;
          return wr * xr - wi * xi;
        };
        if (!spread) {
#pragma GCC ivdep
          for (size_t i = 0; i < n; ++i) term(i, 1.0f);
        } else {
          for (size_t i = 0; i < n; ++i) {
            const float u = k2[k + i] - k2[other + i];
            by_spread += double(u) * u * term(i, std::exp(-c * u * u));
          }
        }
        gr += sr;
        gi += si;
        at += n;
      });
      const std::complex<double> g(gr, gi), loss = g * std::complex<double>(w[v]);
      for (size_t p = 0; p < positions.size(); ++p) out.image[v][p] += (g * waves[p]).real();
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
