#include "env/wrappers/frame_stack.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

FrameStack::FrameStack(std::unique_ptr<Environment> made, size_t frames, Padding padding)
    : Stateful(std::move(made)), frames_(frames), padding_(padding), spec_(inner().spec()) {
  RONCHI_CHECK(frames > 0);
  newest_.resize(spec_.observation_size());
  stack_.resize(frames * newest_.size());
  for (auto& [name, box] : spec_.observation_space) {
    sizes_.push_back(box.size());
    box.shape.insert(box.shape.begin(), frames);
    for (std::vector<float>* bounds : {&box.lows, &box.highs}) {
      const std::vector<float> one = *bounds;
      for (size_t k = 1; k < frames; ++k) bounds->insert(bounds->end(), one.begin(), one.end());
    }
  }
}

absl::Status FrameStack::CheckSize(std::span<float> observation) const {
  if (observation.size() == stack_.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the observation's buffer holds ", observation.size(), " floats; needed: ", stack_.size()));
}

void FrameStack::Push() {
  std::copy(stack_.begin() + std::ptrdiff_t(newest_.size()), stack_.end(), stack_.begin());
  std::copy(newest_.begin(), newest_.end(), stack_.end() - std::ptrdiff_t(newest_.size()));
}

// From [frame, entry] to [entry, frame].
void FrameStack::Write(std::span<float> observation) const {
  auto out = observation.begin();
  size_t at = 0;
  for (const size_t size : sizes_) {
    for (size_t k = 0; k < frames_; ++k) {
      out = std::copy_n(stack_.begin() + std::ptrdiff_t(k * newest_.size() + at), size, out);
    }
    at += size;
  }
}

absl::Status FrameStack::ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                                   std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(CheckSize(observation));
  RONCHI_RETURN_IF_ERROR(inner().ResetInto(seed, options, newest_));
  std::fill(stack_.begin(), stack_.end(), 0.0f);
  for (size_t k = padding_ == Padding::kReset ? 0 : frames_ - 1; k < frames_; ++k) Push();
  Write(observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> FrameStack::StepInto(std::span<const float> action,
                                             std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(CheckSize(observation));
  absl::StatusOr<Outcome> outcome = inner().StepInto(action, newest_);
  if (!outcome.ok()) return outcome;
  Push();
  Write(observation);
  return outcome;
}

nlohmann::json FrameStack::SaveOwn() const { return {{"stack", stack_}}; }

absl::Status FrameStack::RestoreOwn(const nlohmann::json& saved) {
  auto stack = saved.at("stack").get<std::vector<float>>();
  if (stack.size() != stack_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("saved with another number of frames"));
  }
  stack_ = std::move(stack);
  return absl::OkStatus();
}

}  // namespace ronchi::env
