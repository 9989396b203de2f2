#include "env/wrappers/record_episode.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/storage.h"

namespace ronchi::env {
namespace {

// [T + 1, …] of one entry, out of whole observations.
Array<float> EntryOf(const std::vector<float>& observations, size_t width, size_t offset,
                     const Box& box) {
  const size_t n = observations.size() / width;
  std::vector<size_t> shape = box.shape;
  shape.insert(shape.begin(), n);
  Array<float> out(shape);
  for (size_t t = 0; t < n; ++t) {
    std::copy_n(observations.begin() + std::ptrdiff_t(t * width + offset), box.size(),
                out.begin() + std::ptrdiff_t(t * box.size()));
  }
  return out;
}

Signal Describe(const std::string& name, const Box& box) {
  Signal signal{.name = name, .title = box.meaning, .units = box.unit};
  signal.axes.push_back({.name = "step", .navigate = true, .type = "temporal"});
  for (size_t i = 0; i < box.shape.size(); ++i) {
    signal.axes.push_back({.name = absl::StrCat("axis ", i), .type = "unknown"});
  }
  return signal;
}

}  // namespace

RecordEpisode::RecordEpisode(std::unique_ptr<Environment> inner,
                             const RecordEpisodeOptions& options)
    : Stateful(std::move(inner)), options_(options) {
  RONCHI_CHECK(options.every > 0);
}

RecordEpisode::~RecordEpisode() { Finish().IgnoreError(); }

void RecordEpisode::Note(std::span<const float> observation) {
  observations_.insert(observations_.end(), observation.begin(), observation.end());
  const std::span<const double> info = inner().info();
  info_.insert(info_.end(), info.begin(), info.end());
}

absl::Status RecordEpisode::Finish() {
  if (recording_) End("unfinished");
  return std::exchange(status_, absl::OkStatus());
}

absl::Status RecordEpisode::ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                                      std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(Finish());
  RONCHI_RETURN_IF_ERROR(inner().ResetInto(seed, options, observation));
  recording_ = episodes_++ % options_.every == 0;
  for (auto* values : {&observations_, &actions_}) values->clear();
  for (auto* values : {&rewards_, &info_}) values->clear();
  if (recording_) Note(observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> RecordEpisode::StepInto(std::span<const float> action,
                                                std::span<float> observation) {
  const absl::StatusOr<Outcome> outcome = inner().StepInto(action, observation);
  if (!outcome.ok() || !recording_) return outcome;
  Note(observation);
  actions_.insert(actions_.end(), action.begin(), action.end());
  rewards_.push_back(outcome->reward);
  if (outcome->terminated || outcome->truncated) {
    End(outcome->terminated ? "terminated" : "truncated");
  }
  return outcome;
}

void RecordEpisode::End(const char* how) {
  recording_ = false;
  const absl::Status written = Write(how);
  if (status_.ok()) status_ = written;
}

absl::Status RecordEpisode::Write(const char* how) const {
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(options_.folder));
  const Spec& spec = inner().spec();
  const std::string name = absl::StrCat(options_.name, "-episode-", episodes_ - 1);
  RONCHI_ASSIGN_OR_RETURN(
      DataFile file,
      DataFile::Create(absl::StrCat(options_.folder, "/", name, ".hdf5"),
                       {.title = absl::StrCat(spec.id, ", ", name), .identity = name}));
  for (const auto& [entry, box] : spec.observation_space) {
    RONCHI_RETURN_IF_ERROR(
        file.Write(Describe(entry, box),
                   EntryOf(observations_, spec.observation_size(), spec.Offset(entry), box)));
  }
  const size_t steps = rewards_.size(), names = spec.info_names.size();
  const std::vector<double> actions(actions_.begin(), actions_.end());
  if (steps > 0) {
    RONCHI_RETURN_IF_ERROR(file.WriteArray(
        "/episode/actions", {{steps, spec.action_space.size()}, actions}, spec.action_space.unit));
    RONCHI_RETURN_IF_ERROR(file.WriteArray("/episode/rewards", {{steps}, rewards_}, ""));
  }
  for (size_t k = 0; k < names; ++k) {
    Array<double> values({steps + 1});
    for (size_t t = 0; t <= steps; ++t) values[t] = info_[t * names + k];
    RONCHI_RETURN_IF_ERROR(file.WriteArray("/episode/info/" + spec.info_names[k], values, ""));
  }
  RONCHI_RETURN_IF_ERROR(file.WriteText("/episode/environment", spec.id));
  RONCHI_RETURN_IF_ERROR(file.WriteText("/episode/ended", how));
  return file.Close();
}

nlohmann::json RecordEpisode::SaveOwn() const {
  return {{"episodes", episodes_}, {"recording", recording_}, {"observations", observations_},
          {"actions", actions_},   {"rewards", rewards_},     {"info", info_}};
}

absl::Status RecordEpisode::RestoreOwn(const nlohmann::json& saved) {
  const auto episodes = saved.at("episodes").get<uint64_t>();
  const bool recording = saved.at("recording").get<bool>();
  auto observations = saved.at("observations").get<std::vector<float>>();
  auto actions = saved.at("actions").get<std::vector<float>>();
  auto rewards = saved.at("rewards").get<std::vector<double>>();
  auto info = saved.at("info").get<std::vector<double>>();
  if (recording && (observations.size() != (rewards.size() + 1) * spec().observation_size() ||
                    actions.size() != rewards.size() * spec().action_space.size() ||
                    info.size() != (rewards.size() + 1) * spec().info_names.size())) {
    return absl::InvalidArgumentError("a saved RecordEpisode of another environment");
  }
  episodes_ = episodes;
  recording_ = recording;
  observations_ = std::move(observations);
  actions_ = std::move(actions);
  rewards_ = std::move(rewards);
  info_ = std::move(info);
  return absl::OkStatus();
}

}  // namespace ronchi::env
