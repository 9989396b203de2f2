// Frames from Merlin's data port, in order and none lost: whatever else comes ends the reading with
// an error. What comes is read into one buffer and told as views of it; nothing is allocated for a
// frame.
// Threads: one at a time; Shut may come from any.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "hw/wire/mib.h"
#include "hw/wire/stream.h"

namespace ronchi::hw {

struct FrameReaderOptions {
  // It grows to hold one message. Little enough that what was received is still in the processor's
  // cache when it is converted.
  size_t buffer_bytes = 1 << 20;
  size_t most_message = 64 << 20;  // 4096 × 4096 pixels of 32 bits
  // Before the header of an acquisition: old frames, and what some servers send on connecting.
  size_t most_junk = 64 << 20;
};

struct MerlinFrame {
  wire::MibHeader header;
  std::string_view pixels;  // big-endian, until the next call
};

class FrameReader {
 public:
  using Clock = wire::Stream::Clock;
  FrameReader(wire::Address address, const FrameReaderOptions& options = {});

  // Does nothing where there is a link. Unavailable, NotFound: as wire::Dial.
  absl::Status Connect(double within_s);
  // Forgets what has come until now. Unavailable, OutOfRange: the link is lost. ResourceExhausted:
  // it comes without end.
  absl::Status Drain(Clock::time_point until);
  // The header of the next acquisition; what comes before it is skipped. None yet: until then it
  // has not come, and may be asked for again, as with Next. InvalidArgument: damaged, or more junk
  // than may be.
  absl::StatusOr<std::optional<wire::AcquisitionHeader>> Begin(Clock::time_point until);
  // The next frame of the acquisition. DataLoss: frames are missing, or come again.
  // InvalidArgument: what comes is no frame.
  absl::StatusOr<std::optional<MerlinFrame>> Next(Clock::time_point until);

  bool connected() const { return stream_ != nullptr; }
  const std::string& name() const { return address_.name; }
  void Drop();  // the link, and what has come
  void Shut();  // ends what waits, from any thread

 private:
  std::string_view come() const { return {buffer_.get() + begin_, end_ - begin_}; }
  absl::StatusOr<bool> Receive(size_t wanted, Clock::time_point until);
  absl::StatusOr<std::optional<std::string_view>> Message(Clock::time_point until);
  absl::Status SkipJunk();
  void Grow(size_t bytes);

  const wire::Address address_;
  const FrameReaderOptions options_;
  std::mutex mutex_;  // of the pointer alone
  std::shared_ptr<wire::Stream> stream_;
  std::unique_ptr<char[]> buffer_;
  size_t size_ = 0, begin_ = 0, end_ = 0;  // what has come and is not told: [begin, end)
  size_t told_ = 0;                        // bytes of the message that the last call told
  size_t junk_ = 0;                        // skipped since the last acquisition
  size_t sequence_ = 0;                    // of the last frame
};

}  // namespace ronchi::hw
