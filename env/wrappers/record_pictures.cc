#include "env/wrappers/record_pictures.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
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
  pictures_ = 0;
  gif_.reset();
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
  const absl::Status status = Add();
  if (status_.ok()) status_ = status;
}

absl::Status RecordPictures::Add() {
  RONCHI_ASSIGN_OR_RETURN(const Array<uint8_t> picture, inner().Render());
  if (picture.rank() != 3 || picture.shape()[2] != 3) {
    return absl::InternalError("a picture that is not [height, width, 3]");
  }
  if (pictures_++ == 0) {
    height_ = picture.shape()[0];
    width_ = picture.shape()[1];
    if (options_.gif) {
      RONCHI_ASSIGN_OR_RETURN(gif_, GifWriter::Create(width_, height_, options_.delay_ms));
    }
  }
  if (gif_) RONCHI_RETURN_IF_ERROR(gif_->Add(picture));
  return options_.png ? WritePng(picture) : absl::OkStatus();
}

absl::Status RecordPictures::WritePng(const Array<uint8_t>& picture) const {
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(Stem()));
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes,
                          EncodePng(picture.shape()[1], picture.shape()[0], 3, picture.values()));
  return WriteFileAtomically(absl::StrFormat("%s/step-%04d.png", Stem(), pictures_ - 1), bytes);
}

absl::Status RecordPictures::WriteGif() {
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(options_.folder));
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, gif_->Finish());
  return WriteFileAtomically(Stem() + ".gif", bytes);
}

void RecordPictures::End() {
  recording_ = false;
  if (pictures_ == 0) return;
  if (gif_) {
    const absl::Status status = WriteGif();
    gif_.reset();
    if (status.ok()) written_.push_back(Stem() + ".gif");
    if (status_.ok()) status_ = status;
  }
  if (options_.png) written_.push_back(Stem());
}

nlohmann::json RecordPictures::SaveOwn() const {
  const std::string gif = gif_ ? gif_->so_far() : "";
  return {{"episodes", episodes_}, {"recording", recording_},
          {"pictures", pictures_}, {"height", height_},
          {"width", width_},       {"gif", nlohmann::json::binary({gif.begin(), gif.end()})}};
}

absl::Status RecordPictures::RestoreOwn(const nlohmann::json& saved) {
  const auto episodes = saved.at("episodes").get<uint64_t>();
  const bool recording = saved.at("recording").get<bool>();
  const auto pictures = saved.at("pictures").get<size_t>();
  const auto height = saved.at("height").get<size_t>(), width = saved.at("width").get<size_t>();
  const auto& bytes = saved.at("gif").get_binary();
  std::optional<GifWriter> gif;
  if (!bytes.empty()) {
    RONCHI_ASSIGN_OR_RETURN(gif, GifWriter::Resume(width, height, options_.delay_ms,
                                                   std::string(bytes.begin(), bytes.end())));
  }
  episodes_ = episodes;
  recording_ = recording;
  pictures_ = pictures;
  height_ = height;
  width_ = width;
  gif_ = std::move(gif);
  return absl::OkStatus();
}

}  // namespace ronchi::env
