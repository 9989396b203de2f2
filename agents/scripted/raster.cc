// raster (AdaptiveScan-v0, SpectrumSearch-v0): the lines of a square grid that has as many points
// as an episode has steps, or a few more.
#include <cmath>

#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Raster final : public Script {
 public:
  explicit Raster(int steps) : side_(int(std::ceil(std::sqrt(double(steps))))) {}
  std::vector<double> Act(const env::Observation&, int step) override {
    return {At(step % side_), At(step / side_)};
  }

 private:
  double At(int i) const { return 2 * (double(i) + 0.5) / side_ - 1; }
  const int side_;
};

}  // namespace

AgentKind RasterAgent() {
  return ScriptedAgent(
      {.kind = "raster",
       .summary = "the points of a square grid, line by line; a baseline of AdaptiveScan-v0 and "
                  "SpectrumSearch-v0",
       .looks_at = {{"mask", {0, 0}}},
       .action_size = 2,
       .numbers = {},
       .fits = NeedPlaceInField,
       .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
         return std::make_unique<Raster>(task.max_episode_steps);
       }});
}

}  // namespace ronchi::agents
