#include "env/task.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi::env {
namespace {

constexpr double kPerA2_per_m2 = 1e-20;  // e/Å² of one e/m²
constexpr int kSavedVersion = 1;

nlohmann::json BytesOf(std::span<const float> values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return nlohmann::json::binary({bytes, bytes + values.size_bytes()});
}

}  // namespace

Task::Task(hw::Instrument* instrument, Spec spec, uint64_t environment, bool randomise)
    : instrument_(instrument),
      spec_(std::move(spec)),
      environment_(environment),
      randomise_(randomise),
      last_observation_(spec_.observation_size()) {
  const std::string common[] = {"time_s", "dose_e_per_A2"};
  spec_.info_names.insert(spec_.info_names.begin(), std::begin(common), std::end(common));
  info_.assign(spec_.info_names.size(), 0);
}

absl::StatusOr<hw::Reply> Task::Execute(const hw::Command& command) {
  absl::StatusOr<hw::Reply> reply = instrument_->Execute(command);
  if (!reply.ok()) {
    // A measurement that was made and has no result has taken its time all the same.
    const auto* measure = std::get_if<hw::Measure>(&command);
    const auto* known =
        measure ? instrument_->description().FindMeasurement(measure->what) : nullptr;
    if (known && hw::MayHaveHappened(reply.status())) info_[kTime_s] += known->time_s;
    return reply;
  }
  info_[kTime_s] += reply->elapsed_s;
  info_[kDose_e_per_A2] += reply->dose_e_per_m2 * kPerA2_per_m2;
  return reply;
}

RandomStream Task::Stream(std::string_view name) const {
  return RandomStream({.seed = seed_.value_or(0),
                       .name = name,
                       .environment = environment_,
                       .episode = episode_,
                       .step = uint64_t(step_)});
}

absl::Status Task::CheckOptions(const ResetOptions& options) const {
  for (const auto& [name, value] : options) {
    const auto found = spec_.reset_options.find(name);
    if (found == spec_.reset_options.end()) {
      std::vector<std::string> names;
      for (const auto& [known, box] : spec_.reset_options) names.push_back(known);
      return absl::InvalidArgumentError(
          absl::StrCat("reset option '", name, "' is not known to ", spec_.id,
                       "; there are: ", names.empty() ? "none" : absl::StrJoin(names, ", ")));
    }
    const Box& box = found->second;
    if (!(value >= box.low && value <= box.high)) {
      return absl::InvalidArgumentError(absl::StrCat("reset option ", name, " = ", value,
                                                     " is not allowed; allowed: ", box.low, " … ",
                                                     box.high, " ", box.unit));
    }
  }
  return absl::OkStatus();
}

absl::Status Task::ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                             std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(CheckOptions(options));
  if (observation.size() != last_observation_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the observation's buffer holds ",
                                                   observation.size(),
                                                   " floats; needed: ", last_observation_.size()));
  }
  phase_ = Phase::kBeforeReset;
  if (seed || !seed_) {
    episode_ = 0;
    seed_ = seed.value_or(0);
  } else {
    ++episode_;
  }
  step_ = 0;
  std::fill(info_.begin(), info_.end(), 0);
  if (hw::GroundTruth* truth = instrument_->ground_truth(); truth && randomise_) {
    truth->Randomise(*seed_, environment_, episode_);
  }
  RONCHI_RETURN_IF_ERROR(Begin(options, observation));
  std::copy(observation.begin(), observation.end(), last_observation_.begin());
  phase_ = Phase::kRunning;
  return absl::OkStatus();
}

absl::StatusOr<Outcome> Task::StepInto(std::span<const float> action,
                                       std::span<float> observation) {
  if (phase_ != Phase::kRunning) {
    return absl::FailedPreconditionError(
        phase_ == Phase::kEnded ? "Step after the end of the episode" : "Step before Reset");
  }
  RONCHI_RETURN_IF_ERROR(CheckAction(spec_.action_space, action));
  if (observation.size() != last_observation_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the observation's buffer holds ",
                                                   observation.size(),
                                                   " floats; needed: ", last_observation_.size()));
  }
  absl::StatusOr<Outcome> outcome = Act(action, observation);
  if (!outcome.ok()) return outcome;
  std::copy(observation.begin(), observation.end(), last_observation_.begin());
  ++step_;
  if (!outcome->terminated && step_ >= spec_.max_episode_steps) outcome->truncated = true;
  if (outcome->terminated || outcome->truncated) phase_ = Phase::kEnded;
  return outcome;
}

absl::StatusOr<std::string> Task::Save() const {
  if (phase_ == Phase::kBeforeReset) {
    return absl::FailedPreconditionError("there is no episode to be saved");
  }
  hw::GroundTruth* truth = instrument_->ground_truth();
  if (!truth) return absl::UnimplementedError("a real instrument's state cannot be saved");
  RONCHI_ASSIGN_OR_RETURN(const std::string instrument, truth->Save());
  const nlohmann::json saved = {
      {"version", kSavedVersion},
      {"id", spec_.id},
      {"environment", environment_},
      {"seed", *seed_},
      {"episode", episode_},
      {"step", step_},
      {"ended", phase_ == Phase::kEnded},
      {"info", info_},
      {"observation", BytesOf(last_observation_)},
      {"own", SaveOwn()},
      {"instrument", nlohmann::json::binary({instrument.begin(), instrument.end()})}};
  const std::vector<uint8_t> bytes = nlohmann::json::to_cbor(saved);
  return std::string(bytes.begin(), bytes.end());
}

absl::Status Task::Restore(const std::string& bytes) {
  if (phase_ == Phase::kBeforeReset) return TakeOver(bytes);
  RONCHI_ASSIGN_OR_RETURN(const std::string before, Save());
  const absl::Status status = TakeOver(bytes);
  if (!status.ok()) RONCHI_CHECK(TakeOver(before).ok());
  return status;
}

absl::Status Task::TakeOver(const std::string& bytes) {
  hw::GroundTruth* truth = instrument_->ground_truth();
  if (!truth) return absl::UnimplementedError("a real instrument's state cannot be restored");
  const absl::StatusOr<nlohmann::json> read = ReadCbor(bytes);
  if (!read.ok()) return Annotate(read.status(), "this is no saved state of " + spec_.id);
  const nlohmann::json& saved = *read;
  try {
    if (!saved.is_object() || saved.value("version", 0) != kSavedVersion ||
        saved.value("id", "") != spec_.id) {
      return absl::InvalidArgumentError("this is no saved state of " + spec_.id);
    }
    if (saved.at("environment").get<uint64_t>() != environment_) {
      return absl::InvalidArgumentError(absl::StrCat("saved in environment number ",
                                                     saved.at("environment").get<uint64_t>(),
                                                     "; this is number ", environment_));
    }
    const std::vector<double> info = saved.at("info").get<std::vector<double>>();
    const auto& instrument = saved.at("instrument").get_binary();
    const auto& observation = saved.at("observation").get_binary();
    if (info.size() != info_.size() ||
        observation.size() != last_observation_.size() * sizeof(float)) {
      return absl::InvalidArgumentError("saved by another version, or with other options, of " +
                                        spec_.id);
    }
    const uint64_t seed = saved.at("seed").get<uint64_t>();
    const uint64_t episode = saved.at("episode").get<uint64_t>();
    const int step = saved.at("step").get<int>();
    const Phase phase = saved.at("ended").get<bool>() ? Phase::kEnded : Phase::kRunning;
    RONCHI_RETURN_IF_ERROR(truth->Restore(std::string(instrument.begin(), instrument.end())));
    RONCHI_RETURN_IF_ERROR(RestoreOwn(saved.at("own")));
    seed_ = seed;
    episode_ = episode;
    step_ = step;
    info_ = info;
    std::memcpy(last_observation_.data(), observation.data(), observation.size());
    phase_ = phase;
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("saved state of ", spec_.id, ": ", JsonError(e)));
  }
  return absl::OkStatus();
}

}  // namespace ronchi::env
