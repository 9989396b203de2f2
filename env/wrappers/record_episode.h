// Writes whole episodes as HDF5 files, <folder>/<name>-episode-<n>.hdf5: every entry of the
// observation as a signal with the step as its first axis (T + 1 of them, the one of Reset first),
// and /episode/actions [T, action size], rewards [T], info/<name> [T + 1], spec and ended.
// docs/environments.md has the layout. Which episodes: every `every`-th, from the first on.
//
// What cannot be written is told by the next Reset and by Finish; a step is never lost for it.
#pragma once

#include "env/wrappers/stateful.h"

namespace ronchi::env {

struct RecordEpisodeOptions {
  std::string folder;  // made when missing
  std::string name = "environment";
  uint64_t every = 1;
};

class RecordEpisode final : public Stateful {
 public:
  RecordEpisode(std::unique_ptr<Environment> inner, const RecordEpisodeOptions& options);
  ~RecordEpisode() override;  // as Finish
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override;
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;
  // Writes the episode that is going on as far as it has come, if it is one of those to be written.
  absl::Status Finish();

 private:
  const char* kind() const override { return "RecordEpisode"; }
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  void Note(std::span<const float> observation);
  void End(const char* how);
  absl::Status Write(const char* how) const;

  const RecordEpisodeOptions options_;
  uint64_t episodes_ = 0;  // begun so far
  bool recording_ = false;
  std::vector<float> observations_, actions_;
  std::vector<double> rewards_, info_;
  absl::Status status_;  // of what was written since it was last told
};

}  // namespace ronchi::env
