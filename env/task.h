// What every task over an instrument does in the same way: seeds and episodes, the order of calls,
// checks, the count of steps, time and dose, saving. A task of its own says what a beginning and an
// action are, and fills the observation.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/random.h"
#include "env/environment.h"
#include "hw/instrument/instrument.h"

namespace ronchi::env {

class Task : public Environment {
 public:
  const Spec& spec() const final { return spec_; }
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) final;
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) final;
  std::span<const double> info() const final { return info_; }
  absl::StatusOr<std::string> Save() const final;
  absl::Status Restore(const std::string& saved) final;

 protected:
  // What the first entries of every task's info are.
  enum : size_t { kTime_s = 0, kDose_e_per_A2 = 1, kOwnInfo = 2 };
  // The instrument is borrowed and outlives the task. `spec.info_names` holds the task's own names;
  // "time_s" and "dose_e_per_A2" come before them. `environment`: the index in a vector of
  // environments. `randomise`: a simulation's hidden state is drawn anew at Reset.
  Task(hw::Instrument* instrument, Spec spec, uint64_t environment, bool randomise);

  // The start of an episode: info is zero, the instrument randomised. `options` are checked.
  virtual absl::Status Begin(const ResetOptions& options, std::span<float> observation) = 0;
  // A step: the action is checked. `truncated` for the last step is set by the caller of this.
  // After an error the step does not count.
  virtual absl::StatusOr<Outcome> Act(std::span<const float> action,
                                      std::span<float> observation) = 0;
  // The task's own state in the midst of an episode (never inf or nan).
  virtual nlohmann::json SaveOwn() const = 0;
  virtual absl::Status RestoreOwn(const nlohmann::json& saved) = 0;

  // Carries out a command and adds its time and dose to info.
  absl::StatusOr<hw::Reply> Execute(const hw::Command& command);
  hw::Instrument& instrument() { return *instrument_; }
  const hw::Instrument& instrument() const { return *instrument_; }
  std::span<double> own_info() { return std::span(info_).subspan(kOwnInfo); }
  // What is drawn by the task itself: a function of (seed, name, environment, episode, step).
  RandomStream Stream(std::string_view name) const;
  int step() const { return step_; }  // done in this episode
  // What Reset or Step gave last, for Render; zeros before.
  std::span<const float> last_observation() const { return last_observation_; }

 private:
  absl::Status TakeOver(const std::string& saved);  // after an error: something in between
  absl::Status CheckOptions(const ResetOptions& options) const;

  hw::Instrument* instrument_;
  Spec spec_;
  const uint64_t environment_;
  const bool randomise_;
  std::optional<uint64_t> seed_;
  uint64_t episode_ = 0;
  int step_ = 0;
  enum class Phase { kBeforeReset, kRunning, kEnded } phase_ = Phase::kBeforeReset;
  std::vector<double> info_;
  std::vector<float> last_observation_;
};

}  // namespace ronchi::env
