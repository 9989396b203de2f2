// AtomMove-v0 with an atom twin of its own that can be made to fail.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/atom_move.h"
#include "hw/instrument/ground_truth.h"
#include "hw/twin/sheet/sheet_twin.h"
#include "tests/support/instruments.h"

namespace ronchi::testing_support {

// An environment with an atom twin of its own, and what passed between them.
struct AtomWorld {
  explicit AtomWorld(const env::AtomMoveOptions& o = {}, const hw::AtomTwinOptions& twin = {},
                     Spy::Fail fail = nullptr)
      : instrument(*hw::MakeAtomTwin(twin, 0), seen, std::move(fail)),
        env(*env::AtomMove::Create(&instrument, o)) {}
  std::map<std::string, double> Hidden() { return instrument.ground_truth()->Hidden(); }
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  Spy instrument;
  std::unique_ptr<env::AtomMove> env;
};

// The action that puts the beam onto the neighbour nearest to the goal.
inline std::vector<float> TowardsTheGoal(const env::Observation& o) {
  const Array<float>&goal = o.at("goal"), &neighbours = o.at("neighbours");
  size_t best = 0;
  double least = 1e9;
  for (size_t k = 0; k < 3; ++k) {
    const double away = std::hypot(goal[0] - neighbours[2 * k], goal[1] - neighbours[2 * k + 1]);
    if (away < least) {
      least = away;
      best = k;
    }
  }
  const float reach = float(env::kAtomMoveReach_A);
  return {std::clamp(neighbours[2 * best], -reach, reach),
          std::clamp(neighbours[2 * best + 1], -reach, reach)};
}

}  // namespace ronchi::testing_support
