// What off-policy learners remember: the last so many transitions, of which batches are drawn
// evenly and with replacement (Lin 1992; Mnih et al. 2015). Memory: 4 (2 row_size + action_size +
// 2) bytes a transition, all of it from the beginning.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "core/random.h"

namespace ronchi::agents {

struct ReplayBatch {
  ReplayBatch(size_t size, size_t row_size, size_t action_size)
      : size(size),
        rows(2 * size * row_size),
        actions(size * action_size),
        rewards(size),
        discounts(size) {}
  size_t size;
  std::vector<float> rows;       // [2 size, row_size]: those acted on, then those that came of it
  std::vector<float> actions;    // [size, action_size]
  std::vector<float> rewards;    // [size]
  std::vector<float> discounts;  // [size], of the value of the row that came; 0: terminated
};

class ReplayBuffer {
 public:
  ReplayBuffer(size_t capacity, size_t row_size, size_t action_size);
  void Add(std::span<const float> row, std::span<const float> action, float reward, float discount,
           std::span<const float> next_row);
  size_t size() const { return size_; }
  // Fills the batch, of this replay's widths; there is a transition. Allocates nothing.
  void Draw(RandomStream& stream, ReplayBatch* batch) const;

  // Transitions as they lie in memory, binary. Restore: false: of other widths, or more than fit;
  // may throw nlohmann's exceptions.
  nlohmann::json Save() const;
  bool Restore(const nlohmann::json& saved);

 private:
  const size_t capacity_, row_size_, action_size_, width_;
  std::vector<float> all_;  // [capacity, width]: row, action, reward, discount, next row
  size_t size_ = 0, next_ = 0;
};

}  // namespace ronchi::agents
