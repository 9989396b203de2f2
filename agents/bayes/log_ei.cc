#include "agents/bayes/log_ei.h"

#include <cmath>

namespace ronchi::agents {
namespace {

constexpr double kLogSqrtTwoPi = 0.91893853320467274178;
constexpr double kSqrtHalf = 0.70710678118654752440;
// Below it φ + zΦ cancels: the loss is a factor of about z² = 25 round-offs here.
constexpr double kDirectAbove = -5;
// Terms of the continued fraction at t = 5 for round-off (34 give 1e-16; it converges faster for
// larger t).
constexpr int kTerms = 40;

// Laplace's continued fraction of the normal tail, Φ(−t)/φ(t) = 1/(t + c),
// c = 1/(t + 2/(t + 3/(t + …))) (Abramowitz & Stegun 26.2.14). Then h(−t)/φ(t) = 1 − t/(t + c) =
// c/(t + c), a form without a difference. Ament et al. use erfcx and log1mexp between −1 and −1/√ε
// and the leading term 1/t² beyond, which this also tends to; it needs no second threshold.
double TailFraction(double t) {
  double denominator = t;
  for (int k = kTerms; k >= 2; --k) denominator = t + k / denominator;
  return 1 / denominator;
}

}  // namespace

LogH ComputeLogH(double z) {
  if (z > kDirectAbove) {
    const double density = std::exp(-0.5 * z * z - kLogSqrtTwoPi);
    const double tail = 0.5 * std::erfc(-z * kSqrtHalf);
    const double h = density + z * tail;
    return {.value = std::log(h), .derivative = tail / h};
  }
  const double t = -z;
  const double c = TailFraction(t);
  return {.value = -0.5 * t * t - kLogSqrtTwoPi + std::log(c) - std::log(t + c),
          .derivative = 1 / c};  // Φ/h = (1/(t + c)) / (c/(t + c))
}

LogPhi ComputeLogPhi(double z) {
  const double log_density = -0.5 * z * z - kLogSqrtTwoPi;
  if (z > kDirectAbove) {
    const double phi = 0.5 * std::erfc(-z * kSqrtHalf);
    // Where Φ is nearly 1 its logarithm is that of what is missing.
    const double value = z > 1 ? std::log1p(-0.5 * std::erfc(z * kSqrtHalf)) : std::log(phi);
    return {.value = value, .derivative = std::exp(log_density) / phi};
  }
  const double denominator = -z + TailFraction(-z);
  return {.value = log_density - std::log(denominator), .derivative = denominator};
}

LogEi ComputeLogEi(double mean, double sigma, double best) {
  const double z = (mean - best) / sigma;
  const LogH h = ComputeLogH(z);
  return {.value = std::log(sigma) + h.value,
          .d_mean = h.derivative / sigma,
          .d_sigma = (1 - z * h.derivative) / sigma};
}

}  // namespace ronchi::agents
