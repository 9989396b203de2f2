#include "hw/wire/connection.h"

#include "absl/strings/str_cat.h"

namespace ronchi::hw::wire {

absl::Status Connection::Send(const nlohmann::json& head, double within_s) {
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, EncodeHead(head, 0));
  return stream_.Send(bytes, Stream::After(within_s));
}

// The part that is coming, up to `bytes`; false: the time is over before it is whole.
absl::StatusOr<bool> Connection::Fill(char* to, size_t bytes, Clock::time_point until) {
  while (filled_ < bytes) {
    const absl::StatusOr<size_t> n = stream_.Receive({to + filled_, bytes - filled_}, until);
    if (absl::IsOutOfRange(n.status())) {
      const bool between = part_ == Part::kHeader && filled_ == 0;
      return absl::UnavailableError(absl::StrCat(std::string(n.status().message()),
                                                 between ? "" : " in the midst of a message"));
    }
    RONCHI_RETURN_IF_ERROR(n.status());
    if (*n == 0) return false;
    filled_ += *n;
  }
  filled_ = 0;
  return true;
}

absl::StatusOr<std::optional<Message>> Connection::Receive(double within_s, uint32_t most_pixels) {
  const Clock::time_point until = Stream::After(within_s);
  if (part_ == Part::kHeader) {
    RONCHI_ASSIGN_OR_RETURN(const bool whole, Fill(header_bytes_, kHeaderBytes, until));
    if (!whole) return std::nullopt;
    RONCHI_ASSIGN_OR_RETURN(header_, DecodeHeader(header_bytes_, most_pixels));
    text_.resize(header_.json_bytes);
    part_ = Part::kHead;
  }
  if (part_ == Part::kHead) {
    RONCHI_ASSIGN_OR_RETURN(const bool whole, Fill(text_.data(), text_.size(), until));
    if (!whole) return std::nullopt;
    RONCHI_ASSIGN_OR_RETURN(message_.head, DecodeHead(text_));
    message_.pixels.resize(header_.pixels);
    part_ = Part::kPixels;
  }
  RONCHI_ASSIGN_OR_RETURN(const bool whole, Fill(reinterpret_cast<char*>(message_.pixels.data()),
                                                 4 * message_.pixels.size(), until));
  if (!whole) return std::nullopt;
  part_ = Part::kHeader;
  return std::optional<Message>(std::exchange(message_, Message()));
}

}  // namespace ronchi::hw::wire
