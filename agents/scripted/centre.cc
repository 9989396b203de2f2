// centre (ZoneAxisTilt-v1): turns against the deflection of the pattern. A tilt alpha about x moves
// the pattern along −y, beta along +x, and by about half of itself in 10 nm of SrTiO3.
#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Centre final : public Script {
 public:
  explicit Centre(double gain) : gain_(gain) {}
  std::vector<double> Act(const env::Observation& o, int) override {
    const auto& deflection = o.at("deflection");
    return {gain_ * double(deflection[1]), -gain_ * double(deflection[0])};
  }

 private:
  const double gain_;
};

}  // namespace

AgentKind CentreAgent() {
  return ScriptedAgent(
      {.kind = "centre",
       .summary = "turns against the pattern's deflection; a baseline of ZoneAxisTilt-v1",
       .looks_at = {{"deflection", {2}}},
       .action_size = 2,
       .numbers = {{"gain", 1.5, {.min = 0.01, .max = 100}, "mrad of tilt a mrad of deflection"}},
       .fits = [](const ScriptTask& task) { return NeedUnitOf(task, "deflection"); },
       .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
         return std::make_unique<Centre>(task.numbers.at("gain"));
       }});
}

}  // namespace ronchi::agents
