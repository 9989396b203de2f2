// hold: no change, whatever is seen. What a task gives to those who do nothing.
#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Hold final : public Script {
 public:
  explicit Hold(size_t n) : none_(n) {}
  std::vector<double> Act(const env::Observation&, int) override { return none_; }

 private:
  const std::vector<double> none_;
};

}  // namespace

AgentKind HoldAgent() {
  return ScriptedAgent(
      {.kind = "hold",
       .summary = "no change: every number of the action is 0, or as near to it as is allowed",
       .looks_at = {},
       .numbers = {},
       .fits = nullptr,
       .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
         return std::make_unique<Hold>(task.actions.size());
       }});
}

}  // namespace ronchi::agents
