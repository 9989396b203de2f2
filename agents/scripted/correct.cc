// correct (CorrectorTuning-v0): takes out what was measured. What was measured before is not
// forgotten: the estimate of each term is the mean of its measurements, each brought up to date by
// what was done since, in which an older one weighs `memory` times as much as the one after it.
#include <algorithm>

#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Correct final : public Script {
 public:
  Correct(double gain, double memory) : gain_(gain), memory_(memory) {}
  std::vector<double> Act(const env::Observation& o, int) override {
    const auto& measured = o.at("measured");
    const auto& settings = o.at("settings");
    sum_.resize(measured.size());
    at_.resize(measured.size(), 0);
    // Nothing was measured since: what was known still is.
    const bool failed = o.at("angle")[0] <= 0 && weight_ > 0;
    std::vector<double> change(measured.size());
    const double weight = failed ? weight_ : memory_ * weight_ + 1;
    for (size_t i = 0; i < measured.size(); ++i) {
      const double moved = double(settings[i]) - at_[i];
      sum_[i] += weight_ * moved;
      if (!failed) sum_[i] = memory_ * sum_[i] + double(measured[i]);
      at_[i] = double(settings[i]);
      change[i] = -gain_ * sum_[i] / weight;
    }
    weight_ = weight;
    return change;
  }

 private:
  const double gain_, memory_;
  double weight_ = 0;
  std::vector<double> sum_, at_;  // of estimates by their weights; settings that they belong to
};

}  // namespace

AgentKind CorrectAgent() {
  return ScriptedAgent(
      {.kind = "correct",
       .summary = "takes out the aberrations that were measured; a baseline of CorrectorTuning-v0",
       .looks_at = {{"angle", {1}}, {"measured", {0}}, {"settings", {0}}},
       .action_size = 0,
       .numbers =
           {{"gain", 1, {.min = 0.01, .max = 2}, "of what is known, taken out at once"},
            {"memory", 0.5, {.min = 0, .max = 1}, "weight of a measurement before the last"}},
       .fits =
           [](const ScriptTask& task) {
             const absl::Status same = NeedSameShape(task, "measured", "settings");
             return same.ok() ? NeedUnitOf(task, "measured") : same;
           },
       .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
         return std::make_unique<Correct>(task.numbers.at("gain"), task.numbers.at("memory"));
       }});
}

}  // namespace ronchi::agents
