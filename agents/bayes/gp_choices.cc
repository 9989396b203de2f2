#include "agents/bayes/gp_choices.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/bayes/expected_improvement.h"
#include "agents/bayes/thompson.h"
#include "agents/bayes/upper_confidence.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

struct NamedKernel {
  const char* name;
  Kernel (*make)(size_t dimension);
};
constexpr NamedKernel kNamedKernels[] = {{"matern12", Kernel::Matern12},
                                         {"matern32", Kernel::Matern32},
                                         {"matern52", Kernel::Matern52},
                                         {"squared_exponential", Kernel::SquaredExponential}};
const std::vector<std::string> kAcquisitionNames = {"expected_improvement", "thompson",
                                                    "upper_confidence"};

std::vector<std::string> KernelNames() {
  std::vector<std::string> names;
  for (const NamedKernel& kernel : kNamedKernels) names.push_back(kernel.name);
  return names;
}

absl::Status NoSuch(const char* what, const std::string& name,
                    const std::vector<std::string>& allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, " '", name, "' is not allowed; allowed: ", absl::StrJoin(allowed, ", ")));
}

}  // namespace

absl::StatusOr<Kernel> MakeKernel(const std::string& name, size_t dimension) {
  for (const NamedKernel& kernel : kNamedKernels) {
    if (name == kernel.name) return kernel.make(dimension);
  }
  return NoSuch("kernel", name, KernelNames());
}

absl::StatusOr<std::shared_ptr<const Acquisition>> MakeAcquisition(const GpChoices& choices) {
  if (choices.acquisition == "expected_improvement") return MakeExpectedImprovement();
  if (choices.acquisition == "thompson") return MakeThompson();
  if (choices.acquisition == "upper_confidence") return MakeUpperConfidence(choices.beta);
  return NoSuch("acquisition", choices.acquisition, kAcquisitionNames);
}

double OnScale(double value, double log_above) {
  return log_above > 0 ? std::asinh(value / (2 * log_above)) : value;
}

absl::Status CheckGpChoices(const GpChoices& choices) {
  RONCHI_RETURN_IF_ERROR(MakeKernel(choices.kernel, 1).status());
  RONCHI_RETURN_IF_ERROR(MakeAcquisition(choices).status());
  if (!(choices.log_above >= 0 && std::isfinite(choices.log_above))) {
    return absl::InvalidArgumentError(
        absl::StrCat("log_above ", choices.log_above, " is not allowed; allowed: 0 or above"));
  }
  if (choices.noise_sd && !(*choices.noise_sd > 0 && std::isfinite(*choices.noise_sd))) {
    return absl::InvalidArgumentError(
        absl::StrCat("noise_sd ", *choices.noise_sd, " is not allowed; allowed: above 0"));
  }
  return absl::OkStatus();
}

std::vector<AgentKey> GpChoiceKeys() {
  return {{"kernel", absl::StrCat("of its model: ", absl::StrJoin(KernelNames(), ", "))},
          {"acquisition",
           absl::StrCat("where it looks next: ", absl::StrJoin(kAcquisitionNames, ", "))},
          {"beta", "of upper_confidence: the square of the standard deviations that it adds"},
          {"log_above", "values far above it count by their logarithm; 0: as they are"},
          {"noise_sd", "of the value, in its own unit, where it is known; 0: it is learned"}};
}

void ReadGpChoices(ConfigReader& reader, GpChoices* choices) {
  double noise_sd = choices->noise_sd.value_or(0);
  reader.Choice("kernel", &choices->kernel, KernelNames());
  reader.Choice("acquisition", &choices->acquisition, kAcquisitionNames);
  reader.Number("beta", &choices->beta, {.min = 0, .max = 1e6});
  reader.Number("log_above", &choices->log_above, {.min = 0, .max = 1e300});
  reader.Number("noise_sd", &noise_sd, {.min = 0, .max = 1e300});
  choices->noise_sd = noise_sd > 0 ? std::optional(noise_sd) : std::nullopt;
}

void WriteGpChoices(const GpChoices& choices, nlohmann::json* json) {
  const GpChoices usual;
  if (choices.kernel != usual.kernel) (*json)["kernel"] = choices.kernel;
  if (choices.acquisition != usual.acquisition) (*json)["acquisition"] = choices.acquisition;
  if (choices.beta != usual.beta) (*json)["beta"] = choices.beta;
  if (choices.log_above != usual.log_above) (*json)["log_above"] = choices.log_above;
  if (choices.noise_sd) (*json)["noise_sd"] = *choices.noise_sd;
}

GpChoices GpChoicesOf(const nlohmann::json& json) {
  GpChoices choices;
  choices.kernel = json.value("kernel", choices.kernel);
  choices.acquisition = json.value("acquisition", choices.acquisition);
  choices.beta = json.value("beta", choices.beta);
  choices.log_above = json.value("log_above", choices.log_above);
  if (json.contains("noise_sd")) choices.noise_sd = json.at("noise_sd").get<double>();
  return choices;
}

}  // namespace ronchi::agents
