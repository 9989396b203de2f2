#include "hw/wire/framed_peer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::wire {

namespace {
constexpr size_t kChunk = 256 << 10;
}  // namespace

FramedPeer::FramedPeer(Address address, FrameEnd end, const PeerOptions& options)
    : address_(std::move(address)),
      end_(end),
      options_(options),
      chunk_(std::make_unique_for_overwrite<char[]>(kChunk)) {}

void FramedPeer::Drop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stream_.reset();
  come_.clear();
}

void FramedPeer::Shut() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stream_) stream_->Shut();
}

absl::Status FramedPeer::GiveUp(const absl::Status& why, bool sent) {
  Drop();
  const bool late = absl::IsDeadlineExceeded(why);
  return MakeError(
      {late ? ErrorKind::kTimeout : ErrorKind::kCommunication,
       absl::StrCat(address_.name, ": ", Printable(std::string(why.message()))),
       sent ? "read where it stands before repeating" : "see that it runs and can be reached",
       sent ? Effect::kPerhaps : Effect::kNone});
}

// A link that has ended meanwhile, or on which something came that nobody asked for, is none.
absl::Status FramedPeer::Connect() {
  if (stream_) {
    char byte;
    const auto n = stream_->Receive({&byte, 1}, Stream::Clock::now());
    if (n.ok() && *n == 0 && come_.empty()) return absl::OkStatus();
    Drop();
  }
  absl::StatusOr<Stream> stream = Dial(address_, options_.connect_s);
  if (!stream.ok()) return GiveUp(stream.status(), false);
  const std::lock_guard<std::mutex> lock(mutex_);
  stream_ = std::make_shared<Stream>(*std::move(stream));
  ++links_;
  return absl::OkStatus();
}

absl::StatusOr<std::string> FramedPeer::Frame(Stream::Clock::time_point until, bool asked) {
  for (;;) {
    const absl::StatusOr<size_t> end = end_(come_);
    if (!end.ok()) return GiveUp(end.status(), asked);
    if (*end > 0 && *end <= come_.size()) {
      std::string frame = come_.substr(0, *end);
      come_.erase(0, *end);
      return frame;
    }
    if (come_.size() >= options_.most_bytes) {
      return GiveUp(absl::InvalidArgumentError(
                        absl::StrCat("more than ", options_.most_bytes, " bytes in one frame")),
                    asked);
    }
    const size_t room = std::min(kChunk, options_.most_bytes - come_.size());
    const auto n = stream_->Receive({chunk_.get(), room}, until);
    if (!n.ok()) return GiveUp(n.status(), asked);
    if (*n == 0) return GiveUp(absl::DeadlineExceededError("no answer in time"), asked);
    come_.append(chunk_.get(), *n);
  }
}

absl::StatusOr<std::string> FramedPeer::Ask(std::string_view bytes, double within_s) {
  const Stream::Clock::time_point until = Stream::After(within_s);
  RONCHI_RETURN_IF_ERROR(Connect());
  const absl::Status sent = stream_->Send(bytes, until);
  if (!sent.ok()) return GiveUp(sent, true);
  return Frame(until, true);
}

absl::Status FramedPeer::Tell(std::string_view bytes, double within_s) {
  RONCHI_RETURN_IF_ERROR(Connect());
  const absl::Status sent = stream_->Send(bytes, Stream::After(within_s));
  return sent.ok() ? sent : GiveUp(sent, true);
}

absl::StatusOr<std::string> FramedPeer::Next(double within_s) {
  if (!stream_) RONCHI_RETURN_IF_ERROR(Connect());
  return Frame(Stream::After(within_s), false);
}

}  // namespace ronchi::hw::wire
