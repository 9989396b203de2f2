// Maximum-a-posteriori hyper-parameters of a Gaussian process: independent normal priors on the
// logarithms (that is, log-normal priors), bounded L-BFGS from a few starts, analytic gradients.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "agents/bayes/gaussian_process.h"

namespace ronchi::agents {

// Over GpHyperparameters::ToVector(), [d + 2].
struct GpPrior {
  Eigen::VectorXd mean, sd;

  // For a problem nothing is known of.
  // Length scales: LogNormal(√2 + ½ ln d, √3), which grows with the dimension as distances in a
  // unit cube do (Hvarfner, Hellsten & Nardi, ICML 2024, arXiv 2402.02229). Noise variance:
  // LogNormal(−4, 1), as BoTorch has it beside that. Both maximise a density of ℓ (and of the
  // noise) itself; over the logarithm the same maximum belongs to a normal of mean μ − σ².
  // Signal variance: ln s² ~ N(0, 1), since outputs are standardised.
  static GpPrior Broad(size_t dimension);
};

// Observations of one function.
struct GpData {
  Eigen::MatrixXd inputs;   // [n, d], unit cube
  Eigen::VectorXd outputs;  // [n], standardised
};

// log p(data | θ) + log p(θ) up to a constant, and its gradient unless nullptr. Several data sets
// are functions drawn independently with the same hyper-parameters: their likelihoods multiply.
double LogPosterior(std::span<const GpData> data, const GpPrior& prior,
                    const Eigen::VectorXd& theta, Eigen::VectorXd* gradient);

// The MAP point; `starts` are tried besides the prior's mean, and the best end wins.
GpHyperparameters FitMap(std::span<const GpData> data, const GpPrior& prior,
                         const std::vector<GpHyperparameters>& starts);

}  // namespace ronchi::agents
