// One connection to a server: bytes come in, bytes are answered. It knows nothing of sockets, so
// that a test or a fuzzer speaks to it as a network would.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi::hw {

// What goes out on a connection without having been asked for: frames of a camera. From any thread.
class Outbox {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~Outbox() = default;
  // Waits until there is room. DeadlineExceeded: the other side takes too little; Unavailable: it
  // has gone.
  virtual absl::Status Push(std::string bytes, Clock::time_point until) = 0;
};

class Session {
 public:
  virtual ~Session() = default;
  // The next bytes that came, of any length; appends what is answered. May wait for an instrument.
  // An error ends the connection, once `answer` is sent.
  virtual absl::Status Take(std::string_view bytes, std::string* answer) = 0;
};

// A port on which a library of others' listens by itself.
class Listening {
 public:
  virtual ~Listening() = default;  // ends it
  virtual int port() const = 0;
};

// What is spoken on a port.
struct Protocol {
  std::string name;       // "temscript"
  double silent_s = 600;  // a connection without a byte for so long is ended
  std::function<std::unique_ptr<Session>(std::shared_ptr<Outbox>)> open = nullptr;
  // In place of `open`. Port 0: a free one.
  std::function<absl::StatusOr<std::unique_ptr<Listening>>(const std::string& host, int port)>
      listen = nullptr;
};

}  // namespace ronchi::hw
