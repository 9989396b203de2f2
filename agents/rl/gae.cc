#include "agents/rl/gae.h"

namespace ronchi::agents {

std::vector<float> ComputeGae(const GaeInput& in) {
  std::vector<float> advantages(in.rewards.size());
  double advantage = 0;
  for (size_t t = advantages.size(); t-- > 0;) {
    const double future = in.terminated[t] ? 0 : in.gamma * in.next_values[t];
    const double delta = in.rewards[t] + future - in.values[t];
    const bool end = in.terminated[t] || in.truncated[t];
    advantage = delta + (end ? 0 : in.gamma * in.lambda * advantage);
    advantages[t] = float(advantage);
  }
  return advantages;
}

}  // namespace ronchi::agents
