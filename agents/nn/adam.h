// Adam (Kingma & Ba, ICLR 2015) on a run of parameters, with the gradient's length clipped first.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

namespace ronchi::agents {

class Adam {
 public:
  explicit Adam(size_t size) : mean_(size), square_(size) {}
  // One step down. The gradient is shortened to `max_length` when it is longer.
  void Step(std::span<const float> gradient, double rate, double max_length,
            std::span<float> parameters);
  nlohmann::json Save() const;
  bool Restore(
      const nlohmann::json& saved);  // false: another size; may throw nlohmann's exceptions

 private:
  std::vector<float> mean_, square_;  // running, of the gradient
  int64_t steps_ = 0;
};

}  // namespace ronchi::agents
