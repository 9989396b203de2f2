// predict (DriftLock-v1): goes where the site will be, by an α-β filter of its path.
// β = α²/(2 − α) (Benedict & Bordner, IRE Trans. Autom. Control 7, 27 (1962)); during the first
// images α falls from 1 as in a fit of a line.
#include <algorithm>
#include <array>

#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Predict final : public Script {
 public:
  explicit Predict(double alpha) : alpha_(alpha) {}

  std::vector<double> Act(const env::Observation& o, int step) override {
    const double n = step + 1, dt_s = o.at("time")[0] - time_s_;
    time_s_ = o.at("time")[0];
    const double a = std::max(alpha_, 2 * (2 * n - 1) / (n * (n + 1)));
    const double b = n < 2 ? 0 : std::max(a * a / (2 - a), 6 / (n * (n + 1)));
    std::vector<double> action(2);
    for (size_t i : {0, 1}) {
      const double center = o.at("center")[i], seen = center + double(o.at("shift")[i]);
      const double miss = seen - (place_[i] + velocity_[i] * dt_s);
      place_[i] += velocity_[i] * dt_s + std::min(1.0, a) * miss;
      if (dt_s > 0) velocity_[i] += std::min(1.0, b) * miss / dt_s;
      // The first image says nothing of the way; the next step is as long as the last.
      action[i] = place_[i] + velocity_[i] * dt_s - center;
    }
    return action;
  }

 private:
  const double alpha_;
  std::array<double, 2> place_{}, velocity_{};  // in the unit of the shift; and a second
  double time_s_ = 0;
};

}  // namespace

AgentKind PredictAgent() {
  return ScriptedAgent(
      {.kind = "predict",
       .summary =
           "goes where the site will be, by an alpha-beta filter; a baseline of DriftLock-v1",
       .looks_at = {{"center", {2}}, {"shift", {2}}, {"time", {1}}},
       .action_size = 2,
       .numbers = {{"alpha",
                    0.6,
                    {.min = 0.01, .max = 1},
                    "share of a miss that corrects the place, once the path is known"}},
       .fits = [](const ScriptTask& task) { return NeedUnitOf(task, "shift"); },
       .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
         return std::make_unique<Predict>(task.numbers.at("alpha"));
       }});
}

}  // namespace ronchi::agents
