#include "agents/rl/replay.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/status.h"

namespace ronchi::agents {

ReplayBuffer::ReplayBuffer(size_t capacity, size_t row_size, size_t action_size)
    : capacity_(capacity),
      row_size_(row_size),
      action_size_(action_size),
      width_(2 * row_size + action_size + 2),
      all_(capacity * width_) {
  RONCHI_CHECK(capacity > 0);
}

void ReplayBuffer::Add(std::span<const float> row, std::span<const float> action, float reward,
                       float discount, std::span<const float> next_row) {
  float* to = all_.data() + next_ * width_;
  to = std::ranges::copy(row, to).out;
  to = std::ranges::copy(action, to).out;
  *to++ = reward;
  *to++ = discount;
  std::ranges::copy(next_row, to);
  next_ = (next_ + 1) % capacity_;
  size_ = std::min(size_ + 1, capacity_);
}

void ReplayBuffer::Draw(RandomStream& stream, ReplayBatch* batch) const {
  for (size_t i = 0; i < batch->size; ++i) {
    const float* from = all_.data() + stream.Below(size_) * width_;
    std::copy_n(from, row_size_, batch->rows.data() + i * row_size_);
    from += row_size_;
    std::copy_n(from, action_size_, batch->actions.data() + i * action_size_);
    from += action_size_;
    batch->rewards[i] = *from++;
    batch->discounts[i] = *from++;
    std::copy_n(from, row_size_, batch->rows.data() + (batch->size + i) * row_size_);
  }
}

nlohmann::json ReplayBuffer::Save() const {
  std::vector<uint8_t> bytes(size_ * width_ * sizeof(float));
  std::memcpy(bytes.data(), all_.data(), bytes.size());
  return {{"transitions", nlohmann::json::binary(std::move(bytes))}, {"next", next_}};
}

bool ReplayBuffer::Restore(const nlohmann::json& saved) {
  const auto& bytes = saved.at("transitions").get_binary();
  const size_t next = saved.at("next").get<size_t>(), one = width_ * sizeof(float);
  const size_t size = bytes.size() / one;
  if (bytes.size() % one != 0 || size > capacity_ || next >= capacity_ || next > size ||
      (size < capacity_ && next != size)) {
    return false;
  }
  std::memcpy(all_.data(), bytes.data(), bytes.size());
  size_ = size;
  next_ = next;
  return true;
}

}  // namespace ronchi::agents
