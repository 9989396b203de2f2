#include "hw/drivers/merlin/frame_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "hw/wire/mpx.h"

namespace ronchi::hw {
namespace {

using wire::kMpxPrefixBytes;

constexpr std::string_view kAcquisition = "HDR,";
// Lines of settings; those of the vendor are some kilobytes.
constexpr size_t kMostAcquisitionHeader = 1 << 20;

// Does the header of an acquisition begin here? None: too little has come to know.
std::optional<bool> BeginsAcquisition(std::string_view bytes) {
  if (!wire::MayBeMpx(bytes)) return false;
  if (bytes.size() > kMpxPrefixBytes &&
      !kAcquisition.starts_with(bytes.substr(kMpxPrefixBytes, kAcquisition.size()))) {
    return false;
  }
  if (bytes.size() < kMpxPrefixBytes + kAcquisition.size()) return std::nullopt;
  const auto body = wire::MpxBodyBytes(bytes.substr(0, kMpxPrefixBytes));
  return body.ok() && *body <= kMostAcquisitionHeader;
}

}  // namespace

FrameReader::FrameReader(wire::Address address, const FrameReaderOptions& options)
    : address_(std::move(address)), options_(options) {
  Grow(options_.buffer_bytes);
}

void FrameReader::Grow(size_t bytes) {
  auto buffer = std::make_unique_for_overwrite<char[]>(bytes);
  if (end_ > begin_) std::memcpy(buffer.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  size_ = bytes;
  buffer_ = std::move(buffer);
}

absl::Status FrameReader::Connect(double within_s) {
  if (stream_) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(wire::Stream stream, wire::Dial(address_, within_s));
  const std::lock_guard<std::mutex> lock(mutex_);
  stream_ = std::make_shared<wire::Stream>(std::move(stream));
  return absl::OkStatus();
}

void FrameReader::Drop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stream_.reset();
  begin_ = end_ = told_ = junk_ = 0;
}

void FrameReader::Shut() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stream_) stream_->Shut();
}

absl::Status FrameReader::Drain(Clock::time_point until) {
  told_ = 0;
  for (size_t drained = 0; drained <= options_.most_junk;) {
    begin_ = end_ = 0;
    RONCHI_ASSIGN_OR_RETURN(const size_t n, stream_->Receive({buffer_.get(), size_}, Clock::now()));
    if (n == 0) return absl::OkStatus();
    drained += n;
    if (Clock::now() >= until) break;
  }
  return absl::ResourceExhaustedError("data come without having been asked for, and do not end");
}

// Until `wanted` bytes are there from begin_ on; false: not until then. Reads as much as there is
// room for.
absl::StatusOr<bool> FrameReader::Receive(size_t wanted, Clock::time_point until) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (wanted > size_) {
    Grow(wanted + wanted / 2);
  } else if (begin_ + wanted > size_) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < wanted) {
    RONCHI_ASSIGN_OR_RETURN(const size_t n,
                            stream_->Receive({buffer_.get() + end_, size_ - end_}, until));
    if (n == 0) return false;
    end_ += n;
  }
  return true;
}

// The body of the next message, once it is whole.
absl::StatusOr<std::optional<std::string_view>> FrameReader::Message(Clock::time_point until) {
  begin_ += told_;
  told_ = 0;
  RONCHI_ASSIGN_OR_RETURN(bool there, Receive(kMpxPrefixBytes, until));
  if (!there) return std::nullopt;
  RONCHI_ASSIGN_OR_RETURN(const size_t body, wire::MpxBodyBytes(come().substr(0, kMpxPrefixBytes)));
  if (body > options_.most_message) {
    return absl::InvalidArgumentError(absl::StrCat("a message of ", body, " bytes; allowed are ",
                                                   options_.most_message, " at most"));
  }
  RONCHI_ASSIGN_OR_RETURN(there, Receive(kMpxPrefixBytes + body, until));
  if (!there) return std::nullopt;
  told_ = kMpxPrefixBytes + body;
  return come().substr(kMpxPrefixBytes, body);
}

// Up to what is, or may become, the header of an acquisition.
absl::Status FrameReader::SkipJunk() {
  const size_t had = begin_;
  while (begin_ < end_) {
    const std::string_view rest = come();
    const void* m = std::memchr(rest.data(), 'M', rest.size());
    begin_ = m ? size_t(static_cast<const char*>(m) - buffer_.get()) : end_;
    if (begin_ == end_ || BeginsAcquisition(come()) != false) break;
    ++begin_;
  }
  junk_ += begin_ - had;
  if (junk_ <= options_.most_junk) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no acquisition begins within ", options_.most_junk, " bytes"));
}

absl::StatusOr<std::optional<wire::AcquisitionHeader>> FrameReader::Begin(Clock::time_point until) {
  begin_ += told_;
  told_ = 0;
  for (;;) {
    RONCHI_RETURN_IF_ERROR(SkipJunk());
    if (end_ > begin_ && BeginsAcquisition(come()) == true) break;
    RONCHI_ASSIGN_OR_RETURN(const bool more, Receive(end_ - begin_ + 1, until));
    if (!more) return std::nullopt;
  }
  RONCHI_ASSIGN_OR_RETURN(const auto body, Message(until));
  if (!body) return std::nullopt;
  RONCHI_ASSIGN_OR_RETURN(const wire::AcquisitionHeader header,
                          wire::ParseAcquisitionHeader(*body));
  sequence_ = junk_ = 0;
  return std::optional(header);
}

absl::StatusOr<std::optional<MerlinFrame>> FrameReader::Next(Clock::time_point until) {
  RONCHI_ASSIGN_OR_RETURN(const auto body, Message(until));
  if (!body) return std::nullopt;
  RONCHI_ASSIGN_OR_RETURN(const wire::MibHeader h, wire::ParseMibHeader(*body));
  if (h.header_bytes + h.pixel_bytes() != body->size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a frame of ", body->size(), " bytes; its header says ", h.header_bytes,
                     " and ", h.width, " × ", h.height, " pixels of ", wire::PixelBytes(h.pixel)));
  }
  if (h.sequence != sequence_ + 1) {
    return absl::DataLossError(
        absl::StrCat("frame ", h.sequence, " comes where ", sequence_ + 1, " was due"));
  }
  ++sequence_;
  return std::optional(MerlinFrame{h, body->substr(h.header_bytes)});
}

}  // namespace ronchi::hw
