// The last `frames` observations as one, the oldest first, as Gymnasium's FrameStackObservation:
// every entry of the space gets a first axis of that length. Before there are so many, the first
// observation of the episode stands in (or zeros).
#pragma once

#include "env/wrappers/stateful.h"

namespace ronchi::env {

class FrameStack final : public Stateful {
 public:
  enum class Padding { kReset, kZero };
  FrameStack(std::unique_ptr<Environment> inner, size_t frames, Padding padding = Padding::kReset);
  const Spec& spec() const override { return spec_; }
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override;
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;

 private:
  const char* kind() const override { return "FrameStack"; }
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  absl::Status CheckSize(std::span<float> observation) const;
  void Push();  // newest_ becomes the last of the stack
  void Write(std::span<float> observation) const;

  const size_t frames_;
  const Padding padding_;
  std::vector<size_t> sizes_;  // of the entries, one frame
  Spec spec_;
  std::vector<float> newest_;  // as the environment inside gives it
  std::vector<float> stack_;   // [frames, size of one], the oldest first
};

}  // namespace ronchi::env
