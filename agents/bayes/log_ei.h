// The logarithm of expected improvement, accurate however hopeless the point (Ament, Daulton,
// Eriksson, Balandat & Bakshy, NeurIPS 2023, arXiv 2310.20708): EI itself underflows to zero far
// from the incumbent and leaves its optimiser without a gradient.
#pragma once

namespace ronchi::agents {

// log h(z) with h(z) = φ(z) + z Φ(z), so that EI = σ h((μ − best) / σ); and d log h / dz > 0.
// Any finite z; relative accuracy of h about 1e-14 for z > -1e3.
struct LogH {
  double value = 0;
  double derivative = 0;
};
LogH ComputeLogH(double z);

// log Φ(z) of the standard normal distribution, and its derivative φ(z)/Φ(z). Any finite z; to some
// round-offs of Φ, or of the logarithm where that is larger.
struct LogPhi {
  double value = 0;
  double derivative = 0;
};
LogPhi ComputeLogPhi(double z);

// log EI of maximisation; sigma > 0. The derivatives are with respect to mean and sigma.
struct LogEi {
  double value = 0;
  double d_mean = 0, d_sigma = 0;
};
LogEi ComputeLogEi(double mean, double sigma, double best);

}  // namespace ronchi::agents
