// The adjoint of an image: with L = Re Σ_q W_q G_q, W_q the weights' transform, and
// G_q = Σ a a'* M over the pairs k, k' = k − q, the amplitudes' adjoints are
//   ā_k += (W M)* a'_k,   ā_k' += W M a_k,
// and as da = −i a dχ, dL/dχ_k = Im(ā_k* a_k).
#include <cmath>
#include <numbers>

#include "core/angle.h"
#include "sim/contracted/pass.h"

namespace ronchi::sim {
namespace {

// All but the dose's own derivative are proportional to it.
void Scale(double dose, Contracted::Variation* v) {
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    v->aberrations.a_A[t] *= dose;
    v->aberrations.b_A[t] *= dose;
  }
  for (double& shift : v->shift) shift *= dose;
  for (double& matrix : v->matrix) matrix *= dose;
  v->focal_spread *= dose;
  v->source_fwhm *= dose;
}

}  // namespace

// To w_, and to moment_ those of the weights times each coordinate, x then y.
void Contracted::TransformWeights(const Setting& setting, const ScanLines& scan,
                                  std::span<const double> weights, Workspace* w) const {
  const size_t n = differences_.size(), all = values_ * n, probes = scan.probes();
  w->w_.resize(2 * all);
  w->moment_.resize(4 * all);
  w->image_.resize(2 * values_ * probes);
  w->images_.clear();
  double* moved = w->image_.data();
  for (size_t p = 0; p < probes; ++p) {
    const auto r = FromCenter(scan, setting.scan, p);
    for (size_t v = 0; v < values_; ++v) {
      moved[v * probes + p] = r[0] * weights[v * probes + p];
      moved[(values_ + v) * probes + p] = r[1] * weights[v * probes + p];
    }
  }
  double *wr = w->w_.data(), *wi = wr + all;
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
}

template <class Envelope>
double Contracted::AdjointPass(const Setting& setting, const Envelope& envelope,
                               Workspace* w) const {
  const size_t n = differences_.size(), all = values_ * n;
  const bool spreads = setting.focal_spread_A > 0;
  const Real *ar = w->re_.data(), *ai = w->im_.data(), *k2 = w->k2_.data();
  double by_spread = 0;
  for (size_t pair = 0; pair < all; ++pair) {
    const size_t i = pair / values_, v = pair % values_, j = v * n + i;
    const double damping = SourceDamping(i, setting.source_fwhm_A);
    const double loss_wr = damping * w->w_[j], loss_wi = damping * w->w_[all + j];
    const Real *mr = matrix_ + 2 * v * stride_, *mi = mr + stride_;
    double sum_re = 0, sum_im = 0;
    size_t at = first_[i];
    const auto add = [&](size_t k, size_t other, size_t pairs) {
      const size_t count = PaddedPairs(pairs);
      const AdjointStretch stretch{{ar + k, ai + k, ar + other, ai + other, mr + at, mi + at},
                                   w->k_re_.data() + k,
                                   w->k_im_.data() + k,
                                   w->o_re_.data() + other,
                                   w->o_im_.data() + other};
      at += count;
      const auto here = [&](size_t l) { return envelope(k + l, other + l); };
      stretch.Add(count, Real(loss_wr), Real(loss_wi), here, &sum_re, &sum_im);
      if (!spreads) return;
      const auto slope = [&](size_t l) {
        const Pack u = Load(k2 + k + l) - Load(k2 + other + l);
        return u * u * here(l);
      };
      double slope_re = 0, slope_im = 0;
      stretch.Sum(count, slope, &slope_re, &slope_im);
      by_spread += loss_wr * slope_re - loss_wi * slope_im;
    };
    rows_.ForEachStretch(differences_[i].dh, differences_[i].dk, add);
    w->g_[j] = damping * sum_re;
    w->g_[all + j] = damping * sum_im;
  }
  return by_spread;
}

// e^{−2πi q·R}, e^{−2π²s²q²} and the dose act on whole coefficients.
void Contracted::GatherByCoefficient(const Setting& setting, const Workspace& w,
                                     Variation* gradient) const {
  const size_t n = differences_.size(), all = values_ * n;
  const double *gr = w.g_.data(), *gi = gr + all, *wr = w.w_.data(), *wi = wr + all;
  const double *xr = w.moment_.data(), *xi = xr + all, *yr = xi + all, *yi = yr + all;
  const double s_per_fwhm = 1 / (2 * std::sqrt(2 * std::numbers::ln2));
  const double s = setting.source_fwhm_A * s_per_fwhm;
  for (size_t pair = 0; pair < all; ++pair) {
    const size_t i = pair / values_, j = pair % values_ * n + i;
    const auto [qx, qy] = Frequency(i);
    const double loss_re = wr[j] * gr[j] - wi[j] * gi[j];
    const double loss_im = wr[j] * gi[j] + wi[j] * gr[j];
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

absl::Status Contracted::ComputeGradient(const Setting& setting, const ScanLines& scan,
                                         std::span<const double> weights, Workspace* w,
                                         std::span<double> image, Variation* gradient) const {
  const size_t all = values_ * differences_.size(), beams = rows_.beams;
  RONCHI_CHECK_EQ(image.size(), values_ * scan.probes());
  RONCHI_CHECK_EQ(weights.size(), image.size());
  RONCHI_RETURN_IF_ERROR(Prepare(setting, w));
  TransformWeights(setting, scan, weights, w);
  w->g_.resize(2 * all);
  for (auto* v : {&w->k_re_, &w->k_im_, &w->o_re_, &w->o_im_}) v->assign(beams + kPack, 0);
  *gradient = {};
  WithEnvelope(*w, setting.focal_spread_A, [&](const auto& envelope) {
    const double by_spread = AdjointPass(setting, envelope, w);
    if (setting.focal_spread_A <= 0) return;
    gradient->focal_spread =
        -2 * FocalDamping(setting.focal_spread_A) / setting.focal_spread_A * by_spread;
  });
  GatherByCoefficient(setting, *w, gradient);
  for (size_t k = 0; k < beams; ++k) {
    const double re = double(w->k_re_[k]) + double(w->o_re_[k]);
    const double im = double(w->k_im_[k]) + double(w->o_im_[k]);
    w->chi_[k] = re * double(w->im_[k]) - im * double(w->re_[k]);
  }
  gradient->aberrations = w->basis_.ComputeAdjoint(w->chi_);
  Sum(scan, setting, w, w->g_.data(), w->g_.data() + all, image.data());
  for (double& v : image) v *= setting.dose;
  Scale(setting.dose, gradient);
  return absl::OkStatus();
}

}  // namespace ronchi::sim
