// The upper confidence bound μ + √β σ (Srinivas, Krause, Kakade & Seeger, ICML 2010).
#pragma once

#include <memory>

#include "agents/bayes/acquisition.h"

namespace ronchi::agents {

// InvalidArgument: beta is negative, infinite or NaN. 4 are two standard deviations.
absl::StatusOr<std::shared_ptr<const Acquisition>> MakeUpperConfidence(double beta);

}  // namespace ronchi::agents
