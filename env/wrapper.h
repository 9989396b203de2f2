// An environment around another: it forwards all, and a wrapper of its own overrides what it
// changes. `Mounted` owns an instrument besides, so that an environment can be handed about whole.
#pragma once

#include "env/environment.h"
#include "hw/instrument/instrument.h"

namespace ronchi::env {

class Wrapper : public Environment {
 public:
  explicit Wrapper(std::unique_ptr<Environment> inner) : inner_(std::move(inner)) {}
  const Spec& spec() const override { return inner_->spec(); }
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override {
    return inner_->ResetInto(seed, options, observation);
  }
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override {
    return inner_->StepInto(action, observation);
  }
  std::span<const double> info() const override { return inner_->info(); }
  absl::StatusOr<std::string> Save() const override { return inner_->Save(); }
  absl::Status Restore(const std::string& saved) override { return inner_->Restore(saved); }
  absl::Status ShiftOrigin(std::span<const double> change) override {
    return inner_->ShiftOrigin(change);
  }
  absl::StatusOr<Array<uint8_t>> Render() const override { return inner_->Render(); }

 protected:
  Environment& inner() { return *inner_; }
  const Environment& inner() const { return *inner_; }

 private:
  std::unique_ptr<Environment> inner_;
};

// The instrument lies in a base of its own, before the task: it is destroyed after it.
struct OwnsInstrument {
  std::unique_ptr<hw::Instrument> owned;
};
class Mounted final : private OwnsInstrument, public Wrapper {
 public:
  Mounted(std::unique_ptr<hw::Instrument> instrument, std::unique_ptr<Environment> task)
      : OwnsInstrument{std::move(instrument)}, Wrapper(std::move(task)) {}
};

}  // namespace ronchi::env
