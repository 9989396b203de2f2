// Images from a DECTRIS detector's stream over ZeroMQ, in order and none lost: whatever else comes
// ends the reading with an error. The socket makes a lost connection anew by itself; what was lost
// with it shows by the images' numbers.
// Threads: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hw/wire/simplon_stream.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::dectris {

struct SimplonReaderOptions {
  bool cbor = false;         // the second version of the stream
  std::string channel = {};  // of the second version, where there are several
  size_t most_message = 64 << 20;
  size_t most_queue = 256 << 20;  // bytes of images that wait to be read
  size_t frame_bytes = 1 << 20;   // of an image, as far as it is known
};

class SimplonReader {
 public:
  using Clock = wire::Stream::Clock;
  SimplonReader(wire::Address address, const SimplonReaderOptions& options = {});
  ~SimplonReader();

  // Until the other side has answered. Does nothing where there is a socket. Unavailable: nobody
  // speaks ZeroMQ there.
  absl::Status Connect(Clock::time_point until);
  // Forgets what has come until now. ResourceExhausted: it comes without end.
  absl::Status Drain(Clock::time_point until);
  // The start of that series; what belongs to others is skipped. False: until then it has not come,
  // and may be asked for again, as with Next.
  absl::StatusOr<bool> Begin(uint64_t series, Clock::time_point until);
  // The next image of the series; a view until the next call. DataLoss: images are missing, or come
  // again. InvalidArgument, Unimplemented: what comes is no image that can be read.
  absl::StatusOr<std::optional<wire::SimplonImage>> Next(Clock::time_point until);
  // Whether the end of the series has come. DataLoss: another image has.
  absl::StatusOr<bool> End(Clock::time_point until);

  const std::string& name() const { return address_.name; }
  void Drop();  // the socket, and what has come

 private:
  struct Socket;
  absl::StatusOr<std::optional<wire::SimplonMessage>> Message(Clock::time_point until);
  absl::StatusOr<bool> Receive(Clock::time_point until);

  const wire::Address address_;
  const SimplonReaderOptions options_;
  std::unique_ptr<Socket> socket_;
  uint64_t series_ = 0, next_ = 0;
};

}  // namespace ronchi::hw::dectris
