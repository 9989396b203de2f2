// Ways to act that are written down, not learned: the baselines that documents quote. A script is
// one source file: what it looks at, its numbers, and a class whose object lives for one episode
// and is its memory. ScriptedAgent makes an agent of it, policy file and config keys included.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agents/kinds.h"

namespace ronchi::agents {

// What a script has to go by.
struct ScriptTask {
  env::DictSpace observations;  // those that it looks at, alone
  env::Box actions;
  int max_episode_steps = 0;
  std::map<std::string, double> numbers;  // of the script, by name
};

// One episode.
class Script {
 public:
  virtual ~Script() = default;
  // The observation has the task's shapes and is finite. `step` counts from 0. The action is
  // brought into the action space afterwards.
  virtual std::vector<double> Act(const env::Observation& observation, int step) = 0;
};

struct ScriptNumber {
  std::string name;
  double standard = 0;
  NumberRange allowed;
  std::string meaning;
};

struct ScriptKind {
  std::string kind, summary;
  // Observations by name with their shape; 0 stands for any length.
  std::vector<std::pair<std::string, std::vector<size_t>>> looks_at;
  size_t action_size = 0;  // 0: any
  std::vector<ScriptNumber> numbers;
  // What else must be so, after the above; null: nothing.
  absl::Status (*fits)(const ScriptTask& task);
  std::unique_ptr<Script> (*begin)(const ScriptTask& task);
};

AgentKind ScriptedAgent(const ScriptKind& kind);

// For `fits`. The action is in the unit of this observation.
absl::Status NeedUnitOf(const ScriptTask& task, const std::string& observation);
absl::Status NeedSameShape(const ScriptTask& task, const std::string& a, const std::string& b);
// The action is a place in a field, x and y of −1 … 1; episodes have a known length.
absl::Status NeedPlaceInField(const ScriptTask& task);

}  // namespace ronchi::agents
