#include "experiments/flow/flow_decider.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "agents/classical/nelder_mead_policy.h"
#include "agents/classical/random_policy.h"
#include "agents/policy_file.h"

namespace ronchi {
namespace {

using hw::workflow::Decision;
using hw::workflow::Type;
using hw::workflow::Value;

// The outputs' bounds become −1 … 1 for an agent.
env::Box Settings(size_t n) {
  return {.shape = {n}, .low = -1, .high = 1, .unit = "of the bounds"};
}
env::Box Changes(size_t n) { return {.shape = {n}, .low = -2, .high = 2, .unit = "of the bounds"}; }

absl::StatusOr<std::unique_ptr<agents::Policy>> MakePolicy(const Decision& d) {
  const size_t n = d.outputs.size();
  // Random choices are the choices themselves, not changes.
  if (d.agent == "random") return agents::RandomPolicy::Create(Settings(n));
  if (d.agent != "nelder_mead") return agents::LoadPolicy(d.agent);
  const env::DictSpace space = {{"value", {.shape = {1}, .low = -INFINITY, .high = INFINITY}},
                                {"settings", Settings(n)}};
  return agents::NelderMeadPolicy::Create(space, Changes(n), {.task = {.value_key = "value"}});
}

double ToUnit(const Decision::Output& o, double si) {
  return std::clamp(2 * (si - o.low) / (o.high - o.low) - 1, -1.0, 1.0);
}
double FromUnit(const Decision::Output& o, double u) {
  return std::clamp(o.low + (u + 1) / 2 * (o.high - o.low), o.low, o.high);
}

Array<float> Vector(const std::vector<double>& v) {
  Array<float> a(std::vector<size_t>{v.size()});
  for (size_t i = 0; i < v.size(); ++i) a[i] = float(v[i]);
  return a;
}

// An observation as a policy file wants it.
absl::StatusOr<env::Observation> Observe(const Decision& d) {
  env::Observation o;
  for (const auto& [name, v] : d.observed) {
    if (v.type != Type::kImage && !v.unit.IsNumber()) {
      return absl::InvalidArgumentError(absl::StrCat("observe.", name, " is a ", v.Kind(),
                                                     "; a policy takes plain numbers, as in ", name,
                                                     " / (1 nm)"));
    }
    if (v.type == Type::kNumber) o[name] = Vector({v.number.low});
    if (v.type == Type::kList) {
      std::vector<double> items;
      for (const auto& item : v.items) items.push_back(item.low);
      o[name] = Vector(items);
    }
    if (v.type != Type::kImage || !v.images) continue;
    Array<float> mean(v.images->frames.at(0).shape());
    for (const Array<float>& f : v.images->frames) {
      for (size_t i = 0; i < mean.size(); ++i) mean[i] += f[i] / float(v.images->frames.size());
    }
    o[name] = std::move(mean);
  }
  return o;
}

}  // namespace

std::string AgentProblem(const hw::workflow::DecideStep& step) {
  if (step.agent == "random") return "";
  if (step.agent == "nelder_mead") {
    return step.value ? "" : "nelder_mead needs 'maximise', the number that it works for";
  }
  std::error_code ec;
  if (!std::filesystem::is_regular_file(step.agent, ec)) {
    return absl::StrCat("no agent or policy file '", step.agent,
                        "'; agents: nelder_mead, random; others are trained: ronchi train");
  }
  const auto policy = agents::LoadPolicy(step.agent);
  return policy.ok() ? "" : std::string(policy.status().message());
}

absl::StatusOr<AgentDecider::Agent*> AgentDecider::Find(const Decision& d) {
  const auto it = agents_.find(d.step);
  if (it != agents_.end()) return &it->second;
  RONCHI_ASSIGN_OR_RETURN(auto policy, MakePolicy(d));
  policy->Reset(d.seed);
  Agent agent{std::move(policy), std::vector<double>(d.outputs.size(), 0.0),
              d.agent != "random" && d.agent != "nelder_mead"};
  return &agents_.emplace(d.step, std::move(agent)).first->second;
}

absl::StatusOr<std::vector<double>> AgentDecider::Decide(const Decision& d) {
  RONCHI_ASSIGN_OR_RETURN(Agent * agent, Find(d));
  if (agent->from_file) {
    RONCHI_ASSIGN_OR_RETURN(const env::Observation o, Observe(d));
    RONCHI_ASSIGN_OR_RETURN(const agents::Action action, agent->policy->Act(o));
    return std::vector<double>(action.begin(), action.end());
  }
  const size_t n = d.outputs.size();
  std::vector<double> at = agent->last;
  for (size_t i = 0; i < n; ++i) {
    for (const auto& [name, v] : d.observed) {
      if (name == d.outputs[i].name) at[i] = ToUnit(d.outputs[i], v.number.low);
    }
  }
  const env::Observation o = {{"value", Vector({d.value.value_or(0)})}, {"settings", Vector(at)}};
  RONCHI_ASSIGN_OR_RETURN(const agents::Action action, agent->policy->Act(o));
  std::vector<double> chosen(n);
  for (size_t i = 0; i < n; ++i) {
    const bool absolute = d.agent == "random";
    agent->last[i] = std::clamp(action[i] + (absolute ? 0 : at[i]), -1.0, 1.0);
    chosen[i] = FromUnit(d.outputs[i], agent->last[i]);
  }
  return chosen;
}

}  // namespace ronchi
