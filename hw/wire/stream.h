// Bytes both ways over a TCP connection, for any protocol. It waits for nothing longer than it is
// told, and holds nothing itself.
// Threads: one sends and one receives at a time; Shut may come from any.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace ronchi::hw::wire {

class Stream {
 public:
  using Clock = std::chrono::steady_clock;
  static Clock::time_point After(double seconds);  // from now; without end: in eleven days

  explicit Stream(Descriptor socket);  // a connected stream socket
  Stream(Stream&&) = default;

  // Unavailable: the link is lost. DeadlineExceeded: the other side takes nothing.
  absl::Status Send(std::string_view bytes, Clock::time_point until);
  // As many bytes as there are, one at least. 0: none came until then. Unavailable: the link is
  // lost; OutOfRange: the other side has ended it, in order.
  absl::StatusOr<size_t> Receive(std::span<char> to, Clock::time_point until);
  Clock::time_point heard() const { return heard_; }  // when the last bytes came
  void Shut();                                        // both ways, for good

 private:
  Descriptor socket_;
  Clock::time_point heard_ = Clock::now();
};

struct Address {
  std::string name;  // as it was given: "127.0.0.1:4711", "[::1]:4711"
  std::string host;  // without brackets
  int port = 0;
};
// InvalidArgument: no "host:port". Port 0 only where `any_port`: of a server, one that is free.
absl::StatusOr<Address> ParseAddress(const std::string& text, bool any_port = false);
// Unavailable: nobody answers there. NotFound: no such host.
absl::StatusOr<Stream> Dial(const Address& to, double within_s);

}  // namespace ronchi::hw::wire
