// Ports on which connections are served, each in its protocol: hundreds of connections at a time,
// slow ones among them, none of which keeps another waiting. What a session does runs on one of a
// few threads; memory is bounded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/server/session.h"
#include "hw/wire/stream.h"

namespace ronchi::hw {

struct ServerOptions {
  // Of all ports; beyond them the one that is idle longest ends. Fewer where the system allows
  // fewer.
  size_t most_connections = 2000;
  size_t most_unsent = 64 << 20;  // bytes of a connection that wait to be taken
  double stuck_s = 20;            // a connection that takes nothing of what it is sent is ended
  size_t threads = 32;            // for sessions; more than may wait for an instrument
  size_t pause_unsent = 1 << 20;  // with so much unsent nothing more is read of a connection
};

struct Port {
  wire::Address address;  // port 0: a free one
  Protocol protocol;
};

class Server {
 public:
  // Listens on all ports, or on none. Unavailable: an address is in use; NotFound: it is no address
  // of this machine.
  static absl::StatusOr<std::unique_ptr<Server>> Start(std::vector<Port> ports,
                                                       const ServerOptions& options = {});
  ~Server();  // ends all connections, and waits for the sessions that work

  int port(size_t i) const;    // on which the i-th listens
  size_t connections() const;  // that there are now

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace ronchi::hw
