// Agents that decide in workflows: nelder_mead and random, which need no training, and policies
// from files.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agents/policy.h"
#include "hw/workflow/host.h"
#include "hw/workflow/workflow.h"

namespace ronchi {

// Built-in agents see the value to maximise and where their outputs stand (what they chose last, or
// an observation of the output's name), and choose within the outputs' bounds. A policy file sees
// `observe` by the names of its observation space, as plain numbers in that space's units, and
// gives its action as plain numbers. Each `decide` has an agent of its own.
class AgentDecider final : public hw::workflow::Decider {
 public:
  absl::StatusOr<std::vector<double>> Decide(const hw::workflow::Decision& decision) override;

 private:
  struct Agent {
    std::unique_ptr<agents::Policy> policy;
    std::vector<double> last;  // outputs, in −1 … 1 of their bounds
    bool from_file = false;
  };
  absl::StatusOr<Agent*> Find(const hw::workflow::Decision& decision);
  std::map<std::string, Agent> agents_;
};

// "" or why the step's agent cannot decide there.
std::string AgentProblem(const hw::workflow::DecideStep& step);

}  // namespace ronchi
