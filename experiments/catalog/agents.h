// From a config's mapping to an agent. Its `kind` is one of agents/kinds.h (default gp); the rest
// are that kind's own keys, with defaults. Keys of another kind are left alone, so that one recipe
// serves several agents (`--set agent.kind=ppo`); keys that no kind has are refused.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agents/kinds.h"
#include "core/config.h"

namespace ronchi {

// Reads and checks everything, in no time; defaults are written into `agent`.
// InvalidArgument: "file:line: agent.key: …", also where the kind does not fit the task.
absl::Status CheckAgent(const Config& agent, const env::Spec& spec);

// The agent, trained in environments of the factory if its kind learns; `spec` is theirs. All that
// is random derives from `seed`. Errors: CheckAgent's, and those of training.
absl::StatusOr<agents::Trained> MakeAgent(const Config& agent, const env::Spec& spec,
                                          const env::EnvironmentFactory& make, uint64_t seed);

// "gp" of {kind: gp, …}; InvalidArgument with the kinds there are.
absl::StatusOr<const agents::AgentKind*> AgentKindOf(const Config& agent);

// What `ronchi describe` tells: summary, whether it learns, keys with meaning and default.
absl::StatusOr<nlohmann::json> DescribeAgent(const std::string& kind);

}  // namespace ronchi
