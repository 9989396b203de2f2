// steepest (AdaptiveScan-v0): where the reconstruction is steep and the nearest reading far.
#include "agents/scripted/pixel_grid.h"
#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Steepest final : public Script {
 public:
  explicit Steepest(float floor) : floor_(floor) {}
  std::vector<double> Act(const env::Observation& o, int) override {
    const std::vector<float> distance = DistanceTo(o.at("mask"));
    const std::vector<float> gradient = GradientOf(o.at("reconstruction"));
    size_t best = 0;
    float largest = -1;
    for (size_t i = 0; i < distance.size(); ++i) {
      const float score = (gradient[i] + floor_) * distance[i] * distance[i];
      if (score > largest) largest = score, best = i;
    }
    return PixelGrid(o.at("mask")).Place(best);
  }

 private:
  const float floor_;
};

}  // namespace

AgentKind SteepestAgent() {
  return ScriptedAgent(
      {.kind = "steepest",
       .summary = "where the reconstruction is steep and readings are far; a baseline of "
                  "AdaptiveScan-v0",
       .looks_at = {{"mask", {0, 0}}, {"reconstruction", {0, 0}}},
       .action_size = 2,
       .numbers = {{"floor",
                    0.01,
                    {.min = 0, .max = 1e3},
                    "gradient that flat parts count with; there the farthest pixel is next"}},
       .fits =
           [](const ScriptTask& task) {
             RONCHI_RETURN_IF_ERROR(NeedSameShape(task, "mask", "reconstruction"));
             return NeedPlaceInField(task);
           },
       .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
         return std::make_unique<Steepest>(float(task.numbers.at("floor")));
       }});
}

}  // namespace ronchi::agents
