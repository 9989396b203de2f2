// The agents there are: one table from which configs are read, policy files are loaded, and `ronchi
// list`, `ronchi describe`, the tests of every kind and the table of docs/agents.md derive.
//
// A new agent is one source file with a function that returns its AgentKind, and a row of the table
// in kinds.cc; docs/add_agent.md goes through an example.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/learner.h"
#include "agents/policy_file.h"
#include "core/config.h"
#include "core/status.h"
#include "env/environment.h"

namespace ronchi::agents {

// What a config says of an agent, read and checked, before a task is looked at.
struct AgentPlan {
  // OK: an agent can be made for a task of this spec. InvalidArgument: why not, in one line.
  std::function<absl::Status(const env::Spec& spec)> fits;
  // The agent; a kind that learns trains in environments of the factory, whose spec is `spec`.
  // Random choices derive from `seed`. Errors: those of `fits`, of the environments, of the
  // backend.
  std::function<absl::StatusOr<Trained>(const env::Spec& spec, const EnvironmentFactory& make,
                                        uint64_t seed)>
      make;
};

struct AgentKey {
  std::string name;  // beside `kind` in a mapping that describes an agent
  std::string meaning;
};

struct AgentKind {
  std::string kind;     // "gp"
  std::string summary;  // a line for people
  bool learns = false;  // from episodes of its own
  std::vector<AgentKey> keys;
  // Reads the kind's own keys; mistakes stay with the reader, whose Done() tells them.
  std::function<AgentPlan(ConfigReader& reader)> read;
  PolicyReader load;  // what the policy's ToJson gave
};

// Sorted by kind.
const std::vector<AgentKind>& AgentKinds();
const AgentKind* FindAgentKind(const std::string& kind);  // null: there is none
std::vector<std::string> AgentKindNames();

// Plans of the two usual forms: a policy that is made as it is, and a learner.
AgentPlan PlanOfPolicy(
    std::function<absl::StatusOr<std::unique_ptr<Policy>>(const env::Spec& spec)> create);
AgentPlan PlanOfLearner(std::function<absl::Status(const env::Spec& spec)> fits,
                        std::function<absl::StatusOr<std::unique_ptr<Learner>>()> create,
                        const TrainOptions& options = {});
// The keys of `options`, for a kind's table of keys, and their reading.
std::vector<AgentKey> CheckpointKeys();
TrainOptions ReadCheckpointKeys(ConfigReader& reader);

}  // namespace ronchi::agents
