// How an image changes along a direction: with da = −i a dχ,
//   dG = Σ [−i (dχ_k − dχ_k') + d ln(envelope)] a_k a*_k' M, dampings and positions by the chain
// rule.
#include <cmath>
#include <numbers>

#include "core/angle.h"
#include "sim/contracted/pass.h"

namespace ronchi::sim {

void Contracted::DampAlong(const Setting& setting, const Variation& direction, double by_spread,
                           Workspace* w) const {
  const size_t n = differences_.size(), all = values_ * n;
  double *dr = w->g_.data(), *di = dr + all, *gr = w->w_.data(), *gi = gr + all;
  const double *mr = w->moment_.data(), *mi = mr + all;
  const double s_per_fwhm = 1 / (2 * std::sqrt(2 * std::numbers::ln2));
  const double by_source =
      -4 * kPi * kPi * setting.source_fwhm_A * s_per_fwhm * s_per_fwhm * direction.source_fwhm;
  const auto [sx, sy] = direction.shift;
  for (size_t i = 0; i < n; ++i) {
    const double damping = SourceDamping(i, setting.source_fwhm_A);
    const auto [qx, qy] = Frequency(i);
    // Of e^{−2πi q·R} and the source, as a factor (re, im) on G.
    const double re = by_source * (qx * qx + qy * qy), im = -2 * kPi * (qx * sx + qy * sy);
    for (size_t j = i; j < all; j += n) {
      const double change_re = di[j] + (by_spread != 0 ? by_spread * mr[j] : 0);  // −i dG
      const double change_im = -dr[j] + (by_spread != 0 ? by_spread * mi[j] : 0);
      dr[j] = damping * (change_re + re * gr[j] - im * gi[j]);
      di[j] = damping * (change_im + re * gi[j] + im * gr[j]);
      gr[j] *= damping;
      gi[j] *= damping;
    }
  }
}

void Contracted::AddTurn(const Setting& setting, const Variation& direction, const ScanLines& scan,
                         Workspace* w, std::span<double> derivative) const {
  const size_t n = differences_.size(), all = values_ * n, probes = scan.probes();
  double *dr = w->g_.data(), *di = dr + all;
  const double *gr = w->w_.data(), *gi = gr + all;
  const auto& m = direction.matrix;
  for (size_t axis : {0, 1}) {
    if (m[2 * axis] == 0 && m[2 * axis + 1] == 0) continue;
    for (size_t j = 0; j < all; ++j) {
      const double q = -2 * kPi * Frequency(j % n)[axis];
      dr[j] = -q * gi[j];
      di[j] = q * gr[j];
    }
    Sum(scan, setting, w, dr, di, w->image_.data());
    for (size_t p = 0; p < probes; ++p) {
      const auto r = FromCenter(scan, setting.scan, p);
      const double move = m[2 * axis] * r[0] + m[2 * axis + 1] * r[1];
      for (size_t v = 0; v < values_; ++v) {
        derivative[v * probes + p] += move * w->image_[v * probes + p];
      }
    }
  }
}

absl::Status Contracted::ComputeDerivative(const Setting& setting, const Variation& direction,
                                           const ScanLines& scan, Workspace* w,
                                           std::span<double> derivative) const {
  const size_t all = values_ * differences_.size();
  RONCHI_CHECK_EQ(derivative.size(), values_ * scan.probes());
  RONCHI_RETURN_IF_ERROR(Prepare(setting, w));
  // dG and G; and G's changes that the spread of focus makes.
  w->g_.resize(2 * all);
  w->w_.resize(2 * all);
  w->moment_.resize(2 * all);
  w->image_.resize(derivative.size());
  double *dr = w->g_.data(), *di = dr + all;
  double *gr = w->w_.data(), *gi = gr + all;
  w->slope_.resize(rows_.beams + kPack);
  w->basis_.ComputeChi(direction.aberrations, w->chi_);
  for (size_t k = 0; k < rows_.beams; ++k) w->slope_[k] = Real(w->chi_[k]);
  const Real *slope = w->slope_.data(), *k2 = w->k2_.data();
  double by_spread = 0;
  WithEnvelope(*w, setting.focal_spread_A, [&](const auto& envelope) {
    const auto by_phase = [&](size_t k, size_t other) {
      return (Load(slope + k) - Load(slope + other)) * envelope(k, other);
    };
    Pass(*w, envelope, gr, gi);
    Pass(*w, by_phase, dr, di);
    if (setting.focal_spread_A <= 0 || direction.focal_spread == 0) return;
    const auto by_focus = [&](size_t k, size_t other) {
      const Pack u = Load(k2 + k) - Load(k2 + other);
      return u * u * envelope(k, other);
    };
    Pass(*w, by_focus, w->moment_.data(), w->moment_.data() + all);
    by_spread =
        -2 * FocalDamping(setting.focal_spread_A) / setting.focal_spread_A * direction.focal_spread;
  });
  DampAlong(setting, direction, by_spread, w);
  Sum(scan, setting, w, dr, di, derivative.data());
  AddTurn(setting, direction, scan, w, derivative);
  for (double& d : derivative) d *= setting.dose;
  if (direction.dose != 0) {
    Sum(scan, setting, w, gr, gi, w->image_.data());
    for (size_t p = 0; p < derivative.size(); ++p) derivative[p] += direction.dose * w->image_[p];
  }
  return absl::OkStatus();
}

}  // namespace ronchi::sim
