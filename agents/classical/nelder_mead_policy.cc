#include "agents/classical/nelder_mead_policy.h"

#include <nlopt.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "agents/kinds.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

// What the objective knows during a replay.
struct Replay {
  const std::vector<double>* values = nullptr;
  size_t cursor = 0;         // the next value to hand out
  std::vector<double> best;  // so far
  double best_value = -INFINITY;
  std::vector<double> next;  // the first point without a value
  nlopt_opt optimizer = nullptr;
};

double Objective(unsigned n, const double* x, double*, void* data) {
  Replay& replay = *static_cast<Replay*>(data);
  if (replay.cursor == replay.values->size()) {
    if (replay.next.empty()) replay.next.assign(x, x + n);
    nlopt_force_stop(replay.optimizer);
    return replay.best_value;
  }
  const double value = (*replay.values)[replay.cursor++];
  if (value > replay.best_value) {
    replay.best_value = value;
    replay.best.assign(x, x + n);
  }
  return value;
}

// One descent from `start`, until it converges or asks for a value that is not there.
void RunOnce(std::vector<double> start, double step, const NelderMeadOptions& options,
             Replay* replay) {
  const unsigned n = unsigned(start.size());
  nlopt_opt optimizer = nlopt_create(NLOPT_LN_NELDERMEAD, n);
  RONCHI_CHECK(optimizer != nullptr);
  replay->optimizer = optimizer;
  nlopt_set_lower_bounds1(optimizer, 0.0);
  nlopt_set_upper_bounds1(optimizer, 1.0);
  nlopt_set_max_objective(optimizer, Objective, replay);
  nlopt_set_initial_step1(optimizer, step);
  nlopt_set_xtol_abs1(optimizer, options.tolerance);
  double value = 0;
  nlopt_optimize(optimizer, start.data(), &value);  // its outcome is in *replay
  nlopt_destroy(optimizer);
}

std::vector<double> NextPoint(const std::vector<double>& start, const std::vector<double>& values,
                              const NelderMeadOptions& options) {
  Replay replay;
  replay.values = &values;
  replay.best = start;
  // Each descent takes at least one value, so this ends.
  for (double step = options.initial_step; replay.next.empty(); step *= 0.5) {
    RunOnce(replay.best, std::max(step, 2 * options.tolerance), options, &replay);
  }
  return replay.next;
}

// Settings come back as float32 of a box: 1e-4 of the range is far above their rounding and far
// below what matters.
bool Same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double p, double q) { return std::abs(p - q) < 1e-4; });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Policy>> NelderMeadPolicy::Create(
    const env::DictSpace& observation_space, const env::Box& action_space,
    const NelderMeadOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(KnobTask task,
                          KnobTask::Create(observation_space, action_space, options.task));
  for (double part : {options.initial_step, options.tolerance}) {
    if (!(part > 0 && part < 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("Nelder-Mead step or tolerance ", part, " is not allowed; allowed: 0 … 1"));
    }
  }
  return std::unique_ptr<Policy>(new NelderMeadPolicy(std::move(task), options));
}

absl::StatusOr<std::unique_ptr<Policy>> NelderMeadPolicy::FromJson(const nlohmann::json& json) {
  RONCHI_ASSIGN_OR_RETURN(KnobTask task, KnobTask::FromJson(json.at("task")));
  NelderMeadOptions options;
  options.initial_step = json.at("initial_step").get<double>();
  options.tolerance = json.at("tolerance").get<double>();
  return std::unique_ptr<Policy>(new NelderMeadPolicy(std::move(task), options));
}

void NelderMeadPolicy::Reset(uint64_t) {
  start_.clear();
  values_.clear();
  target_.clear();
  previous_.clear();
}

absl::StatusOr<Action> NelderMeadPolicy::Act(const env::Observation& observation) {
  RONCHI_ASSIGN_OR_RETURN(const KnobTask::Reading reading, task_.Read(observation));
  if (start_.empty()) start_ = target_ = reading.settings;
  // One action may not reach the target. Where the settings stand still, they are as near as the
  // environment lets them come, and the value counts for the target.
  if (Same(reading.settings, target_) || Same(reading.settings, previous_)) {
    values_.push_back(reading.value);
    target_ = NextPoint(start_, values_, options_);
  }
  previous_ = reading.settings;
  return task_.Toward(reading.settings, target_);
}

nlohmann::json NelderMeadPolicy::ToJson() const {
  return {{"task", task_.ToJson()},
          {"initial_step", options_.initial_step},
          {"tolerance", options_.tolerance}};
}

AgentKind NelderMeadAgent() {
  return {.kind = "nelder_mead",
          .summary = "downhill simplex on an observed value (NLopt); a baseline",
          .keys = {{kValueKey, kValueMeaning},
                   {"initial_step", "edge of the first simplex, as a part of each setting's range"},
                   {"tolerance", "size at which it starts again, as a part of the range"}},
          .read =
              [](ConfigReader& reader) {
                NelderMeadOptions options;
                ReadKnobTask(reader, &options.task);
                reader.Number("initial_step", &options.initial_step, {.min = 1e-6, .max = 0.999});
                reader.Number("tolerance", &options.tolerance, {.min = 1e-9, .max = 0.999});
                return PlanOfPolicy([options](const env::Spec& spec) {
                  return NelderMeadPolicy::Create(spec.observation_space, spec.action_space,
                                                  options);
                });
              },
          .load = NelderMeadPolicy::FromJson};
}

}  // namespace ronchi::agents
