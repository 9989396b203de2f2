// What a config may choose of agent "gp": the kernel of its model, where it looks next, and the
// noise where that is known. Names as they stand in configs and policy files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agents/bayes/acquisition.h"
#include "agents/bayes/kernel.h"
#include "agents/kinds.h"
#include "core/config.h"
#include "core/status.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::agents {

struct GpChoices {
  std::string kernel = "matern52";                   // a length scale a dimension
  std::string acquisition = "expected_improvement";  // its logarithm
  double beta = 4;  // of upper_confidence: the square of the standard deviations
  // Values far above this count by their logarithm, smaller ones as they are (OnScale); 0: all as
  // they are. For values that change by factors, as a contrast does on the way to its peak.
  double log_above = 0;
  // Standard deviation of the noise in the value's own unit (with log_above: on that scale);
  // without it, it is learned.
  std::optional<double> noise_sd = {};
};

// The generalised logarithm ln((y + √(y² + 4 c²)) / 2c) with c = log_above (Durbin, Hardin, Hawkins
// & Rocke, Bioinformatics 18, S105, 2002): y/2c where |y| is far below c, ln(y/c) far above. c = 0:
// y. It rises everywhere, so that the place of a maximum stays.
double OnScale(double value, double log_above);

// matern12, matern32, matern52, squared_exponential. InvalidArgument: another name.
absl::StatusOr<Kernel> MakeKernel(const std::string& name, size_t dimension);
// expected_improvement, upper_confidence, thompson. InvalidArgument: another name, or a beta that
// MakeUpperConfidence refuses.
absl::StatusOr<std::shared_ptr<const Acquisition>> MakeAcquisition(const GpChoices& choices);
// InvalidArgument: a name that there is not, a beta below 0, a noise that is not above 0.
absl::Status CheckGpChoices(const GpChoices& choices);

std::vector<AgentKey> GpChoiceKeys();
void ReadGpChoices(ConfigReader& reader, GpChoices* choices);

// What is as it is without a word is left out: files of earlier versions have none of it.
void WriteGpChoices(const GpChoices& choices, nlohmann::json* json);
GpChoices GpChoicesOf(const nlohmann::json& json);  // may throw: agents/spaces.h

}  // namespace ronchi::agents
