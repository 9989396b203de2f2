// The wires over which an instrument can be served: one row each.
#pragma once

#include <string>
#include <vector>

#include "hw/server/approval.h"
#include "hw/server/hub.h"
#include "hw/server/session.h"

namespace ronchi {

// What a protocol serves, and by whose leave. All of it outlives the protocol.
struct ServeContext {
  hw::Hub* hub = nullptr;
  hw::ApprovalDesk* approval = nullptr;
  std::string token;  // empty: none is asked for
};

struct ServedPort {
  std::string what;  // "" where there is one alone; "control", "data"
  int port = 0;      // its usual one
};

struct ServedProtocol {
  std::string name, summary;
  std::vector<ServedPort> ports;
  bool has_token = false;  // the protocol can carry one
  // One for each port. Unimplemented: the instrument has nothing for it.
  absl::StatusOr<std::vector<hw::Protocol>> (*open)(const ServeContext& context);
};
const std::vector<ServedProtocol>& ServedProtocols();
// NotFound: no such protocol, with those there are.
absl::StatusOr<const ServedProtocol*> FindServedProtocol(const std::string& name);

}  // namespace ronchi
