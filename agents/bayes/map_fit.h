// Maximum-a-posteriori hyper-parameters of a Gaussian process: independent normal priors on the
// logarithms (that is, log-normal priors), bounded L-BFGS from a few starts, analytic gradients.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "agents/bayes/gaussian_process.h"

namespace ronchi::agents {

// Over GpHyperparameters::ToVector(), [p + 1].
struct GpPrior {
  Eigen::VectorXd mean, sd;
  std::optional<Kernel> kernel = {};  // of p parameters; without it a Matérn 5/2

  Kernel KernelOrMatern52() const {
    return kernel.value_or(Kernel::Matern52(size_t(mean.size()) - 2));
  }

  // For a problem nothing is known of; over the logarithms, of a unit cube and standardised
  // outputs:
  //   length scales   N(√2 + ½ ln d − 3, 1²)   signal variance N(0, 1²)   noise variance N(−9, 3²).
  // The length scale's centre is the mode of LogNormal(√2 + ½ ln d, √3), which grows with the
  // dimension as distances in a unit cube do (Hvarfner, Hellsten & Nardi, ICML 2024, arXiv
  // 2402.02229). Ours differs: its spread is 1, not √3, and the noise may be anything from a
  // deterministic function's to more than the outputs' own (BoTorch has LogNormal(−4, 1)). Chosen
  // with bench/agents/gp_regret on seeds below 1000.
  static GpPrior Broad(size_t dimension);
  // The same of each leaf of another kernel; α and periods N(0, 1²).
  static GpPrior Broad(const Kernel& kernel);
  // The mean with the length scales shorter by a factor e: a start for FitMap.
  GpHyperparameters Shorter() const;
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

// The MAP point; `starts` are tried besides the prior's mean with a noise of 1.5 standard
// deviations more, and the best end wins.
GpHyperparameters FitMap(std::span<const GpData> data, const GpPrior& prior,
                         const std::vector<GpHyperparameters>& starts);

}  // namespace ronchi::agents
