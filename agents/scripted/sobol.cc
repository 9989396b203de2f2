// sobol (AdaptiveScan-v0, SpectrumSearch-v0): Sobol's sequence without its first two points, the
// corner and the middle; the same points in every episode. Directions: Boost.Random (Joe & Kuo
// 2008).
#include <boost/random/sobol.hpp>

#include "agents/scripted/script.h"

namespace ronchi::agents {
namespace {

class Sobol final : public Script {
 public:
  Sobol() { points_.discard(2); }
  std::vector<double> Act(const env::Observation&, int) override {
    const double x = Next(), y = Next();
    return {x, y};
  }

 private:
  double Next() {
    return 2 * (double(points_()) - double(points_.min())) / (double(points_.max()) + 1) - 1;
  }
  boost::random::sobol points_{2};
};

}  // namespace

AgentKind SobolAgent() {
  return ScriptedAgent({.kind = "sobol",
                        .summary = "the points of Sobol's sequence, which fill a field evenly; a "
                                   "baseline of AdaptiveScan-v0 and SpectrumSearch-v0",
                        .looks_at = {{"mask", {0, 0}}},
                        .action_size = 2,
                        .numbers = {},
                        .fits = NeedPlaceInField,
                        .begin = [](const ScriptTask&) -> std::unique_ptr<Script> {
                          return std::make_unique<Sobol>();
                        }});
}

}  // namespace ronchi::agents
