#include <utility>

#include "absl/strings/str_cat.h"
#include "agents/rl/ppo.h"

namespace ronchi::agents {

absl::Status CheckPpoOptions(const PpoOptions& o) {
  const std::pair<const char*, double> positive[] = {{"total_steps", double(o.total_steps)},
                                                     {"environments", double(o.environments)},
                                                     {"rollout_steps", double(o.rollout_steps)},
                                                     {"epochs", double(o.epochs)},
                                                     {"minibatches", double(o.minibatches)},
                                                     {"learning_rate", o.learning_rate},
                                                     {"ratio_clip", o.ratio_clip},
                                                     {"value_clip", o.value_clip},
                                                     {"max_gradient_norm", o.max_gradient_norm},
                                                     {"hidden", double(o.hidden)}};
  for (const auto& [name, value] : positive) {
    if (!(value > 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("ppo ", name, " ", value, " is not allowed; allowed: above 0"));
    }
  }
  for (double part : {o.gamma, o.lambda}) {
    if (!(part >= 0 && part <= 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("ppo gamma or lambda ", part, " is not allowed; allowed: 0 … 1"));
    }
  }
  return absl::OkStatus();
}

}  // namespace ronchi::agents
