// edges_then_climb (SpectrumSearch-v0): during the first half of an episode the steepest pixels of
// the overview, some pixels apart; then what is next to the best score.
#include <algorithm>

#include "agents/scripted/pixel_grid.h"
#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class EdgesThenClimb final : public Script {
 public:
  explicit EdgesThenClimb(int steps) : steps_(steps) {}
  std::vector<double> Act(const env::Observation& o, int step) override {
    const size_t pixel = step < steps_ / 2 ? Edge(o) : NextToTheBest(o);
    return PixelGrid(o.at("mask")).Place(pixel);
  }

 private:
  static size_t Edge(const env::Observation& o) {
    const Array<float>& mask = o.at("mask");
    const std::vector<float> distance = DistanceTo(mask), gradient = GradientOf(o.at("image"));
    size_t best = 0;
    float largest = -1;
    for (size_t i = 0; i < gradient.size(); ++i) {
      const float score = gradient[i] * std::min(distance[i], 4.0f);
      if (mask[i] == 0 && score > largest) largest = score, best = i;
    }
    return best;
  }
  // The unmeasured neighbour, within two pixels, of the best score that has one.
  static size_t NextToTheBest(const env::Observation& o) {
    const Array<float>&mask = o.at("mask"), &scores = o.at("scores");
    const PixelGrid grid(mask);
    size_t best = 0;
    float largest = -1e9f;
    for (size_t i = 0; i < grid.size(); ++i) {
      if (mask[i] == 0) continue;
      for (int dr = -2; dr <= 2; ++dr) {
        for (int dc = -2; dc <= 2; ++dc) {
          const int r = int(i / grid.columns) + dr, c = int(i % grid.columns) + dc;
          if (r < 0 || c < 0 || r >= int(grid.rows) || c >= int(grid.columns)) continue;
          const size_t j = size_t(r) * grid.columns + size_t(c);
          const float score = scores[i] - 1e-3f * float(dr * dr + dc * dc);
          if (mask[j] == 0 && score > largest) largest = score, best = j;
        }
      }
    }
    return best;
  }

  const int steps_;
};

}  // namespace

AgentKind EdgesThenClimbAgent() {
  return ScriptedAgent({.kind = "edges_then_climb",
                        .summary = "edges of the overview first, then what is next to the best "
                                   "score; a baseline of SpectrumSearch-v0",
                        .looks_at = {{"image", {0, 0}}, {"mask", {0, 0}}, {"scores", {0, 0}}},
                        .action_size = 2,
                        .numbers = {},
                        .fits =
                            [](const ScriptTask& task) {
                              RONCHI_RETURN_IF_ERROR(NeedSameShape(task, "mask", "image"));
                              RONCHI_RETURN_IF_ERROR(NeedSameShape(task, "mask", "scores"));
                              return NeedPlaceInField(task);
                            },
                        .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
                          return std::make_unique<EdgesThenClimb>(task.max_episode_steps);
                        }});
}

}  // namespace ronchi::agents
