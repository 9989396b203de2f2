// Adam (Kingma & Ba, ICLR 2015) on a run of parameters, with the gradient's length clipped first.
#pragma once

#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

namespace ronchi::agents {

class Adam {
 public:
  // epsilon: 1e-5 as PPO's implementations have it; the paper's is 1e-8.
  explicit Adam(size_t size, double epsilon = 1e-5)
      : mean_(size), square_(size), epsilon_(epsilon) {}
  // One step down, in float32; allocates nothing. The gradient is shortened to `max_length` when it
  // is longer.
  void Step(std::span<const float> gradient, double rate, double max_length,
            std::span<float> parameters);
  void Step(std::span<const float> gradient, double rate, std::span<float> parameters) {
    Step(gradient, rate, std::numeric_limits<double>::infinity(), parameters);
  }
  nlohmann::json Save() const;
  bool Restore(
      const nlohmann::json& saved);  // false: another size; may throw nlohmann's exceptions

 private:
  std::vector<float> mean_, square_;  // running, of the gradient
  double epsilon_;
  int64_t steps_ = 0;
};

}  // namespace ronchi::agents
