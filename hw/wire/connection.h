// A two-way link that carries messages: a socket to a server, or to a program's standard streams.
// It waits for nothing longer than it is told, and holds no more than one message.
// Threads: one sends and receives at a time; Shut may come from any.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hw/wire/message.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::wire {

class Connection {
 public:
  using Clock = Stream::Clock;
  explicit Connection(Stream stream) : stream_(std::move(stream)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Unavailable: the link is lost. DeadlineExceeded: the other side takes nothing.
  absl::Status Send(const nlohmann::json& head, double within_s);
  // The next message; none yet after `within_s`, and what has come of it is kept. Unavailable: the
  // link is lost. InvalidArgument: what came is no message, or one larger than may be; nothing can
  // be received any more.
  absl::StatusOr<std::optional<Message>> Receive(double within_s, uint32_t most_pixels);
  Clock::time_point heard() const { return stream_.heard(); }  // when the last bytes came
  void Shut() { stream_.Shut(); }                              // both ways, for good

 private:
  absl::StatusOr<bool> Fill(char* to, size_t bytes, Clock::time_point until);
  Stream stream_;
  // The message that is coming, in this order; filled_ counts the bytes of the part that has begun.
  enum class Part { kHeader, kHead, kPixels } part_ = Part::kHeader;
  size_t filled_ = 0;
  char header_bytes_[kHeaderBytes] = {};
  Header header_;
  std::string text_;
  Message message_;
};

// Where a connection comes from.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual const std::string& name() const = 0;  // "127.0.0.1:4711"; "python3 column.py"
  // Unavailable: nobody answers there. NotFound: no such host or program.
  virtual absl::StatusOr<std::unique_ptr<Connection>> Connect(double within_s) = 0;
  virtual bool many() const = 0;  // more than one connection can be had, one beside the other
  virtual std::string Fate() {
    return "";
  }  // what is known of the end of a link: "it was killed …"
};

// `address`: "host:port", "[::1]:port". InvalidArgument: no such thing.
absl::StatusOr<std::unique_ptr<Endpoint>> MakeTcpEndpoint(const std::string& address);

}  // namespace ronchi::hw::wire
