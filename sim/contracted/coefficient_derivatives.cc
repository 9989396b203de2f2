// How an image's coefficients change along several directions at once: with da = −i a dχ,
//   dG = Σ [−i (dχ_k − dχ_k') + d ln(envelope)] a_k a*_k' M,
// the products a a* M being made once for up to four of the directions.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "core/angle.h"
#include "sim/contracted/pass.h"

namespace ronchi::sim {
namespace {

constexpr size_t kTogether = 4;  // slopes whose sums still fit the processor's registers

bool IsZero(const Aberrations& a) {
  const auto none = [](double c) { return c == 0; };
  return std::all_of(a.a_A.begin(), a.a_A.end(), none) &&
         std::all_of(a.b_A.begin(), a.b_A.end(), none);
}

// Numbers of the directions that turn phases.
std::vector<size_t> Turning(std::span<const Contracted::Variation> directions) {
  std::vector<size_t> turning;
  for (size_t d = 0; d < directions.size(); ++d) {
    if (!IsZero(directions[d].aberrations)) turning.push_back(d);
  }
  return turning;
}

// dχ by beam.
void FillSlope(const AberrationBasis& basis, const Contracted::Variation& direction,
               std::span<double> chi, Real* slope) {
  basis.ComputeChi(direction.aberrations, chi);
  std::copy(chi.begin(), chi.end(), slope);
}

// pass(N, first) for groups of N slopes, N a constant.
template <class Pass>
void InGroups(size_t slopes, const Pass& pass) {
  for (size_t first = 0; first < slopes; first += kTogether) {
    switch (std::min(kTogether, slopes - first)) {
      case 1:
        pass(std::integral_constant<size_t, 1>(), first);
        break;
      case 2:
        pass(std::integral_constant<size_t, 2>(), first);
        break;
      case 3:
        pass(std::integral_constant<size_t, 3>(), first);
        break;
      default:
        pass(std::integral_constant<size_t, kTogether>(), first);
    }
  }
}

}  // namespace

absl::Status Contracted::ComputeCoefficientDerivatives(const Setting& setting,
                                                       std::span<const Variation> directions,
                                                       Workspace* w, std::span<double> re,
                                                       std::span<double> im,
                                                       std::span<double> by_re,
                                                       std::span<double> by_im) const {
  const size_t n = differences_.size(), all = values_ * n, count = directions.size();
  RONCHI_CHECK(re.size() == all && im.size() == all && by_re.size() == count * all);
  RONCHI_RETURN_IF_ERROR(Prepare(setting, w));
  const size_t padded = rows_.beams + kPack;
  const std::vector<size_t> turning = Turning(directions);
  w->slope_.assign(turning.size() * padded, 0);
  for (size_t t = 0; t < turning.size(); ++t) {
    FillSlope(w->basis_, directions[turning[t]], w->chi_, &w->slope_[t * padded]);
  }
  const bool spreads = setting.focal_spread_A > 0 &&
                       std::any_of(directions.begin(), directions.end(),
                                   [](const Variation& d) { return d.focal_spread != 0; });
  w->g_.assign(2 * turning.size() * all, 0);  // Σ (dχ_k − dχ_k') a a* M, by direction
  w->moment_.assign(2 * all, 0);              // Σ (k² − k'²)² a a* M
  double *sr = w->g_.data(), *si = sr + turning.size() * all;
  double *mr = w->moment_.data(), *mi = mr + all;
  WithEnvelope(*w, setting.focal_spread_A, [&](const auto& envelope) {
    Pass(*w, envelope, re.data(), im.data());
    InGroups(turning.size(), [&](auto group, size_t first) {
      SlopePass<decltype(group)::value>(*w, w->slope_.data() + first * padded, envelope, all,
                                        sr + first * all, si + first * all);
    });
    if (!spreads) return;
    const auto squares = [&, k2 = w->k2_.data()](size_t k, size_t other) {
      const Pack u = Load(k2 + k) - Load(k2 + other);
      return u * u * envelope(k, other);
    };
    Pass(*w, squares, mr, mi);
  });
  const double s_per_fwhm = 1 / (2 * std::sqrt(2 * std::numbers::ln2));
  const double by_spread =
      spreads ? -2 * FocalDamping(setting.focal_spread_A) / setting.focal_spread_A : 0;
  const double by_source = -4 * kPi * kPi * setting.source_fwhm_A * s_per_fwhm * s_per_fwhm;
  for (size_t j = 0; j < all; ++j) {
    const auto [qx, qy] = Frequency(j % n);
    const double damping = SourceDamping(j % n, setting.source_fwhm_A);
    const double on_g = by_source * (qx * qx + qy * qy);
    for (size_t d = 0, t = 0; d < count; ++d) {
      const double spread = by_spread * directions[d].focal_spread;
      const double source = on_g * directions[d].source_fwhm;
      double dr = spread * mr[j] + source * re[j], di = spread * mi[j] + source * im[j];
      if (t < turning.size() && turning[t] == d) {  // times −i
        dr += si[t * all + j];
        di -= sr[t * all + j];
        ++t;
      }
      by_re[d * all + j] = damping * dr;
      by_im[d * all + j] = damping * di;
    }
  }
  Damp(setting.source_fwhm_A, re.data(), im.data());
  return absl::OkStatus();
}

}  // namespace ronchi::sim
