// Any column as a corrector on a port, and a driver for it.
#pragma once

#include <memory>

#include "hw/drivers/ceos/ceos.h"
#include "hw/server/ceos_server.h"
#include "hw/server/server.h"

namespace ronchi::testing_support {

inline hw::ceos::CeosOptions Everything() {
  hw::ceos::CeosOptions o;
  o.limits_m.fill(1e-5);
  return o;
}

struct Corrector {
  explicit Corrector(hw::Instrument* column, const hw::ceos::CeosOptions& options = Everything())
      : hub(column) {
    server = *hw::Server::Start(
        {{*hw::wire::ParseAddress("127.0.0.1:0", true), hw::CeosProtocol(&hub)}});
    opened = hw::ceos::MakeCeos({"corrector", "127.0.0.1", server->port(0)}, options);
  }
  hw::Instrument& driver() { return **opened; }
  hw::Hub hub;
  std::unique_ptr<hw::Server> server;
  absl::StatusOr<std::unique_ptr<hw::Instrument>> opened;
};

}  // namespace ronchi::testing_support
