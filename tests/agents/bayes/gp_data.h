// A function of a few inputs with noise, and hyper-parameters as they might be.
#pragma once

#include <cmath>

#include "agents/bayes/map_fit.h"
#include "agents/bayes/sobol.h"
#include "core/random.h"

namespace ronchi::agents {

inline GpData MakeData(Eigen::Index n, Eigen::Index d, uint64_t seed = 3) {
  GpData data{SobolPoints(size_t(n), size_t(d), {.seed = seed, .name = "test"}),
              Eigen::VectorXd(n)};
  RandomStream noise({.seed = seed, .name = "noise"});
  for (Eigen::Index i = 0; i < n; ++i) {
    data.outputs[i] =
        std::sin(6 * data.inputs(i, 0)) + data.inputs.row(i).squaredNorm() + 0.1 * noise.Normal();
  }
  data.outputs.array() -= data.outputs.mean();
  return data;
}
inline GpHyperparameters MakeHyper(Eigen::Index d) {
  GpHyperparameters h;
  h.log_kernel.resize(d + 1);
  h.log_kernel << Eigen::VectorXd::LinSpaced(d, -1.2, -0.3), 0.4;
  h.log_noise_variance = -4;
  return h;
}

// Mean and Matérn 5/2 written out from its definition, one pair at a time.
inline double DefinedKernel(const Eigen::VectorXd& a, const Eigen::VectorXd& b,
                            const GpHyperparameters& h) {
  double r2 = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    r2 += std::pow((a[i] - b[i]) / std::exp(h.log_kernel[i]), 2);
  }
  const double r = std::sqrt(r2), t = std::sqrt(5.0) * r;
  return kMeanVariance + std::exp(h.log_kernel[a.size()]) * (1 + t + 5 * r2 / 3) * std::exp(-t);
}

}  // namespace ronchi::agents
