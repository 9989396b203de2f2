#include "env/wrappers/record_pictures.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/gif.h"
#include "core/png.h"

namespace ronchi::env {

RecordPictures::RecordPictures(std::unique_ptr<Environment> inner,
                               const RecordPicturesOptions& options)
    : Stateful(std::move(inner)), options_(options) {
  RONCHI_CHECK(options.every > 0);
}

RecordPictures::~RecordPictures() { Finish().IgnoreError(); }

std::string RecordPictures::Stem() const {
  return absl::StrCat(options_.folder, "/", options_.name, "-episode-", episodes_ - 1);
}

absl::Status RecordPictures::Finish() {
  if (recording_) End();
  return std::exchange(status_, absl::OkStatus());
}

absl::Status RecordPictures::ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                                       std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(Finish());
  RONCHI_RETURN_IF_ERROR(inner().ResetInto(seed, options, observation));
  recording_ = episodes_++ % options_.every == 0;
  pictures_.clear();
  Note();
  return absl::OkStatus();
}

absl::StatusOr<Outcome> RecordPictures::StepInto(std::span<const float> action,
                                                 std::span<float> observation) {
  const absl::StatusOr<Outcome> outcome = inner().StepInto(action, observation);
  if (!outcome.ok()) return outcome;
  Note();
  if (recording_ && (outcome->terminated || outcome->truncated)) End();
  return outcome;
}

void RecordPictures::Note() {
  if (!recording_) return;
  absl::StatusOr<Array<uint8_t>> picture = inner().Render();
  absl::Status status = picture.status();
  if (status.ok()) {
    pictures_.push_back(*std::move(picture));
    if (options_.png) status = WritePng(pictures_.back());
  }
  if (status_.ok()) status_ = status;
}

absl::Status RecordPictures::WritePng(const Array<uint8_t>& picture) const {
  if (picture.rank() != 3 || picture.shape()[2] != 3) {
    return absl::InternalError("a picture that is not [height, width, 3]");
  }
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(Stem()));
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes,
                          EncodePng(picture.shape()[1], picture.shape()[0], 3, picture.values()));
  return WriteFileAtomically(absl::StrFormat("%s/step-%04d.png", Stem(), pictures_.size() - 1),
                             bytes);
}

absl::Status RecordPictures::WriteGif() const {
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(options_.folder));
  const std::vector<size_t>& shape = pictures_[0].shape();
  RONCHI_ASSIGN_OR_RETURN(GifWriter gif, GifWriter::Create(shape[1], shape[0], options_.delay_ms));
  for (const Array<uint8_t>& picture : pictures_) RONCHI_RETURN_IF_ERROR(gif.Add(picture));
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, gif.Finish());
  return WriteFileAtomically(Stem() + ".gif", bytes);
}

void RecordPictures::End() {
  recording_ = false;
  if (pictures_.empty()) return;
  if (options_.gif) {
    const absl::Status status = WriteGif();
    if (status.ok()) written_.push_back(Stem() + ".gif");
    if (status_.ok()) status_ = status;
  }
  if (options_.png) written_.push_back(Stem());
}

nlohmann::json RecordPictures::SaveOwn() const {
  nlohmann::json pictures = nlohmann::json::array();
  for (const Array<uint8_t>& picture : pictures_) {
    pictures.push_back({{"shape", picture.shape()},
                        {"pixels", nlohmann::json::binary({picture.begin(), picture.end()})}});
  }
  return {{"episodes", episodes_}, {"recording", recording_}, {"pictures", std::move(pictures)}};
}

absl::Status RecordPictures::RestoreOwn(const nlohmann::json& saved) {
  const auto episodes = saved.at("episodes").get<uint64_t>();
  const bool recording = saved.at("recording").get<bool>();
  std::vector<Array<uint8_t>> pictures;
  for (const nlohmann::json& picture : saved.at("pictures")) {
    const auto shape = picture.at("shape").get<std::vector<size_t>>();
    const auto& pixels = picture.at("pixels").get_binary();
    if (shape.size() != 3 || shape[0] > pixels.size() || shape[1] > pixels.size() ||
        shape[2] != 3 || shape[0] * shape[1] * 3 != pixels.size()) {
      return absl::InvalidArgumentError("a saved picture is not whole");
    }
    pictures.emplace_back(shape, std::vector<uint8_t>(pixels.begin(), pixels.end()));
  }
  episodes_ = episodes;
  recording_ = recording;
  pictures_ = std::move(pictures);
  return absl::OkStatus();
}

}  // namespace ronchi::env
