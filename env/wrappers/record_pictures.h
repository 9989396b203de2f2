// Writes what Render shows, after Reset and after each step, as
// <folder>/<name>-episode-<n>/step-<t>.png and <folder>/<name>-episode-<n>.gif, as Gymnasium's
// RecordVideo does with films. Which episodes: every `every`-th, from the first on.
//
// What cannot be written or rendered is told by the next Reset and by Finish; a step is never lost
// for it.
#pragma once

#include "core/gif.h"
#include "env/wrappers/stateful.h"

namespace ronchi::env {

struct RecordPicturesOptions {
  std::string folder;  // made when missing
  std::string name = "environment";
  uint64_t every = 1;
  bool png = true, gif = true;
  int delay_ms = 200;  // of the GIF's frames
};

class RecordPictures final : public Stateful {
 public:
  RecordPictures(std::unique_ptr<Environment> inner, const RecordPicturesOptions& options);
  ~RecordPictures() override;  // as Finish
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override;
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;
  // Writes the GIF of the episode that is going on as far as it has come.
  absl::Status Finish();
  const std::vector<std::string>& written() const { return written_; }  // GIFs, then folders

 private:
  const char* kind() const override { return "RecordPictures"; }
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  std::string Stem() const;  // <folder>/<name>-episode-<n>
  void Note();
  absl::Status Add();
  void End();
  absl::Status WritePng(const Array<uint8_t>& picture) const;
  absl::Status WriteGif();

  const RecordPicturesOptions options_;
  uint64_t episodes_ = 0;  // begun so far
  bool recording_ = false;
  size_t pictures_ = 0;            // of this episode
  size_t height_ = 0, width_ = 0;  // of each
  std::optional<GifWriter> gif_;   // so far
  std::vector<std::string> written_;
  absl::Status status_;
};

}  // namespace ronchi::env
