// The adjoint of an image: with L = Re Σ_q W_q G_q, W_q the weights' transform, and
// G_q = Σ a a'* M over the pairs k, k' = k − q, the amplitudes' adjoints are
//   ā_k += (W M)* a'_k,   ā_k' += W M a_k,
// and as da = −i a dχ, dL/dχ_k = Im(ā_k* a_k).
#include <cmath>
#include <numbers>

#include "core/angle.h"
#include "sim/contracted/pass.h"

namespace ronchi::sim {

absl::Status Contracted::ComputeGradient(const Setting& setting, const ScanLines& scan,
                                         std::span<const double> weights, Workspace* w,
                                         std::span<double> image, Variation* gradient) const {
  const size_t n = differences_.size(), all = values_ * n, probes = scan.probes();
  RONCHI_CHECK_EQ(image.size(), values_ * probes);
  RONCHI_CHECK_EQ(weights.size(), image.size());
  RONCHI_RETURN_IF_ERROR(Prepare(setting, w));
  w->g_.resize(2 * all);
  w->w_.resize(2 * all);
  w->moment_.resize(4 * all);
  w->image_.resize(2 * values_ * probes);
  double *gr = w->g_.data(), *gi = gr + all, *wr = w->w_.data(), *wi = wr + all;
  // The weights' transform, and those of the weights times each coordinate.
  w->images_.clear();
  double* moved = w->image_.data();
  for (size_t p = 0; p < probes; ++p) {
    const auto r = FromCenter(scan, setting.scan, p);
    for (size_t v = 0; v < values_; ++v) {
      moved[v * probes + p] = r[0] * weights[v * probes + p];
      moved[(values_ + v) * probes + p] = r[1] * weights[v * probes + p];
    }
  }
  for (size_t v = 0; v < values_; ++v) {
    // The adjoint only reads the pixels.
    w->images_.push_back({wr + v * n, wi + v * n, const_cast<double*>(&weights[v * probes])});
  }
  double *xr = w->moment_.data(), *xi = xr + all, *yr = xi + all, *yi = yr + all;
  for (size_t v = 0; v < values_; ++v) {
    w->images_.push_back({xr + v * n, xi + v * n, moved + v * probes});
    w->images_.push_back({yr + v * n, yi + v * n, moved + (values_ + v) * probes});
  }
  line_sums_->ComputeAdjoint(scan, setting.scan, w->images_, &w->lines_);

  const size_t beams = rows_.beams;
  for (auto* v : {&w->k_re_, &w->k_im_, &w->o_re_, &w->o_im_}) v->assign(beams + kPack, 0);
  const double damping_c = FocalDamping(setting.focal_spread_A);
  const double s_per_fwhm = 1 / (2 * std::sqrt(2 * std::numbers::ln2));
  const double s = setting.source_fwhm_A * s_per_fwhm;
  const bool spreads = setting.focal_spread_A > 0;
  const Real *ar = w->re_.data(), *ai = w->im_.data(), *k2 = w->k2_.data();
  *gradient = {};
  double by_spread = 0;
  WithEnvelope(*w, setting.focal_spread_A, [&](const auto& envelope) {
    for (size_t i = 0; i < n; ++i) {
      const auto [qx, qy] = Frequency(i);
      const double damping = SourceDamping(i, setting.source_fwhm_A);
      for (size_t v = 0; v < values_; ++v) {
        const size_t j = v * n + i;
        const double loss_wr = damping * wr[j], loss_wi = damping * wi[j];
        const Real *mr = matrix_ + 2 * v * stride_, *mi = mr + stride_;
        double sum_re = 0, sum_im = 0;
        size_t at = first_[i];
        rows_.ForEachStretch(
            differences_[i].dh, differences_[i].dk, [&](size_t k, size_t other, size_t pairs) {
              const size_t count = PaddedPairs(pairs);
              const AdjointStretch stretch{
                  {ar + k, ai + k, ar + other, ai + other, mr + at, mi + at},
                  w->k_re_.data() + k,
                  w->k_im_.data() + k,
                  w->o_re_.data() + other,
                  w->o_im_.data() + other};
              at += count;
              const auto here = [&](size_t l) { return envelope(k + l, other + l); };
              stretch.Add(count, Real(loss_wr), Real(loss_wi), here, &sum_re, &sum_im);
              if (!spreads) return;
              double slope_re = 0, slope_im = 0;
              stretch.Sum(
                  count,
                  [&](size_t l) {
                    const Pack u = Load(k2 + k + l) - Load(k2 + other + l);
                    return u * u * here(l);
                  },
                  &slope_re, &slope_im);
              by_spread += loss_wr * slope_re - loss_wi * slope_im;
            });
        gr[j] = damping * sum_re;
        gi[j] = damping * sum_im;
        const double loss_re = wr[j] * gr[j] - wi[j] * gi[j];
        const double loss_im = wr[j] * gi[j] + wi[j] * gr[j];
        // e^{−2πi q·R}, and e^{−2π²s²q²}.
        gradient->shift[0] += 2 * kPi * qx * loss_im;
        gradient->shift[1] += 2 * kPi * qy * loss_im;
        gradient->source_fwhm -= 4 * kPi * kPi * s * (qx * qx + qy * qy) * loss_re * s_per_fwhm;
        gradient->dose += loss_re;
        const double x = 2 * kPi * (xr[j] * gi[j] + xi[j] * gr[j]);
        const double y = 2 * kPi * (yr[j] * gi[j] + yi[j] * gr[j]);
        gradient->matrix[0] += qx * x;
        gradient->matrix[1] += qx * y;
        gradient->matrix[2] += qy * x;
        gradient->matrix[3] += qy * y;
      }
    }
  });
  if (spreads) gradient->focal_spread = -2 * damping_c / setting.focal_spread_A * by_spread;
  for (size_t k = 0; k < beams; ++k) {
    const double re = double(w->k_re_[k]) + double(w->o_re_[k]);
    const double im = double(w->k_im_[k]) + double(w->o_im_[k]);
    w->chi_[k] = re * double(ai[k]) - im * double(ar[k]);
  }
  gradient->aberrations = w->basis_.ComputeAdjoint(w->chi_);
  Sum(scan, setting, w, gr, gi, image.data());
  // All but the dose's own derivative are proportional to it.
  const double dose = setting.dose;
  for (double& v : image) v *= dose;
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    gradient->aberrations.a_A[t] *= dose;
    gradient->aberrations.b_A[t] *= dose;
  }
  for (double& v : gradient->shift) v *= dose;
  for (double& v : gradient->matrix) v *= dose;
  gradient->focal_spread *= dose;
  gradient->source_fwhm *= dose;
  return absl::OkStatus();
}

}  // namespace ronchi::sim
