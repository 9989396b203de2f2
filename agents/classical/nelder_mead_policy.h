// Nelder and Mead's simplex (NLopt's LN_NELDERMEAD, after Box 1965 for the bounds) as a policy: it
// maximises an observed value over settings, and starts again from the best point, with half the
// step, when the simplex has shrunk. It knows nothing of noise, which is what makes it a baseline.
//
// NLopt wants to call the objective; an environment wants to be asked. At every step NLopt runs
// anew over the values seen so far and is stopped at the first point that has none: no threads,
// the memory is the list of values alone, and n steps cost O(n²) trivial calls.
#pragma once

#include <memory>
#include <vector>

#include "agents/knob_task.h"
#include "agents/policy.h"

namespace ronchi::agents {

struct NelderMeadOptions {
  KnobTaskOptions task = {};
  double initial_step = 0.25;  // edge of the first simplex, as a part of each setting's range
  double tolerance = 0.01;     // size at which it starts again, as a part of the range
};

class NelderMeadPolicy : public Policy {
 public:
  // InvalidArgument: not a task of this kind (see KnobTask), or options outside (0, 1).
  static absl::StatusOr<std::unique_ptr<Policy>> Create(const env::DictSpace& observation_space,
                                                        const env::Box& action_space,
                                                        const NelderMeadOptions& options = {});
  static absl::StatusOr<std::unique_ptr<Policy>> FromJson(const nlohmann::json& json);

  std::string kind() const override { return "nelder_mead"; }
  void Reset(uint64_t seed) override;  // nothing in it is random
  absl::StatusOr<Action> Act(const env::Observation& observation) override;
  nlohmann::json ToJson() const override;

 private:
  NelderMeadPolicy(KnobTask task, const NelderMeadOptions& options)
      : task_(std::move(task)), options_(options) {}

  const KnobTask task_;
  const NelderMeadOptions options_;
  std::vector<double> start_;     // settings of the first observation, unit cube
  std::vector<double> values_;    // in the order in which NLopt asked for them
  std::vector<double> target_;    // the point on the way, unit cube
  std::vector<double> previous_;  // settings one observation ago
};

}  // namespace ronchi::agents
