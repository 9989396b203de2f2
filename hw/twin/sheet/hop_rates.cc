#include "hw/twin/sheet/hop_rates.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/angle.h"

namespace ronchi::hw {
namespace {

// Of the prior (Schwarzer et al. 2023): where it is largest, its variance, its height.
constexpr double kPriorCentre = 0.85, kPriorVariance = 0.1;  // bond lengths, their squares
constexpr double kPriorPeak_per_s = std::numbers::ln2 / 3;
// Of the simple law: it is half as large a quarter of a bond away.
constexpr double kSimpleWidth_A = kBond_A / 4;

double Square(double x) { return x * x; }

}  // namespace

HopRates HopRates::Mixture(RandomStream* random) {
  HopRates rates(RateLaw::kMixture);
  const double largest_per_s = random->Uniform(0.01, 1);
  rates.mixture_.resize(size_t(random->Poisson(2) + 1));
  double peak = 0;
  for (Gaussian& g : rates.mixture_) {
    const double weight = random->Uniform(0, 10);
    g.centre = random->Uniform(-2, 3);
    g.along_A2 = random->Uniform(0.1, 5);
    g.across_A2 = random->Uniform(0.1, 5);
    g.height_per_s = weight / std::sqrt(g.along_A2 * g.across_A2);
    peak = std::max(peak, g.height_per_s);
  }
  for (Gaussian& g : rates.mixture_) g.height_per_s *= largest_per_s / peak;
  return rates;
}

HopRates HopRates::KnockOn(const Three& hops_A2_per_s) {
  HopRates rates(RateLaw::kKnockOn);
  rates.hops_A2_per_s_ = hops_A2_per_s;
  return rates;
}

HopRates::Three HopRates::Compute(const Vector2& beam, const std::array<Vector2, 3>& bonds,
                                  double sigma_A) const {
  Three rates;
  for (size_t k = 0; k < 3; ++k) {
    const Vector2& bond = bonds[k];
    const double d2 = Square(beam[0] - bond[0]) + Square(beam[1] - bond[1]);
    double rate = 0;
    switch (law_) {
      case RateLaw::kSimple:
        rate = 1 / (1 + d2 / Square(kSimpleWidth_A));
        break;
      case RateLaw::kPrior:
        rate = kPriorPeak_per_s * std::exp(-(Square(beam[0] - kPriorCentre * bond[0]) +
                                             Square(beam[1] - kPriorCentre * bond[1])) /
                                           (2 * kPriorVariance * Square(kBond_A)));
        break;
      case RateLaw::kMixture: {
        const double along = (beam[0] * bond[0] + beam[1] * bond[1]) / kBond_A;
        const double across = (beam[1] * bond[0] - beam[0] * bond[1]) / kBond_A;
        for (const Gaussian& g : mixture_) {
          rate += g.height_per_s * std::exp(-Square(along - g.centre * kBond_A) / (2 * g.along_A2) -
                                            Square(across) / (2 * g.across_A2));
        }
        break;
      }
      case RateLaw::kKnockOn:
        rate =
            hops_A2_per_s_[k] * std::exp(-d2 / (2 * Square(sigma_A))) / (2 * kPi * Square(sigma_A));
        break;
    }
    rates[k] = scale_ * rate;
  }
  return rates;
}

HopRates::Three HopRates::ComputeMean(double fov_A) const {
  // The integral over the plane, which the square holds nearly all of; of the simple law, whose
  // tail has no end, over the disc of the square's area.
  Three integral_A2{};
  switch (law_) {
    case RateLaw::kSimple:
      integral_A2.fill(kPi * Square(kSimpleWidth_A) *
                       std::log1p(Square(fov_A / kSimpleWidth_A) / kPi));
      break;
    case RateLaw::kPrior:
      integral_A2.fill(kPriorPeak_per_s * 2 * kPi * kPriorVariance * Square(kBond_A));
      break;
    case RateLaw::kMixture: {
      double sum = 0;
      for (const Gaussian& g : mixture_) {
        sum += g.height_per_s * 2 * kPi * std::sqrt(g.along_A2 * g.across_A2);
      }
      integral_A2.fill(sum);
      break;
    }
    case RateLaw::kKnockOn:
      integral_A2 = hops_A2_per_s_;
      break;
  }
  for (double& v : integral_A2) v *= scale_ / Square(fov_A);
  return integral_A2;
}

}  // namespace ronchi::hw
