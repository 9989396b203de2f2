// follow (DriftLock-v1): goes where the last image saw the site, which is to lag by one step.
#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Follow final : public Script {
 public:
  std::vector<double> Act(const env::Observation& o, int) override {
    return {o.at("shift")[0], o.at("shift")[1]};
  }
};

}  // namespace

AgentKind FollowAgent() {
  return ScriptedAgent(
      {.kind = "follow",
       .summary = "goes where the last image saw the site; a baseline of DriftLock-v1",
       .looks_at = {{"shift", {2}}},
       .action_size = 2,
       .numbers = {},
       .fits = [](const ScriptTask& task) { return NeedUnitOf(task, "shift"); },
       .begin = [](const ScriptTask&) -> std::unique_ptr<Script> {
         return std::make_unique<Follow>();
       }});
}

}  // namespace ronchi::agents
