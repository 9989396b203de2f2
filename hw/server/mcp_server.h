// Any instrument as a server of the Model Context Protocol (streamable HTTP, revision 2025-06-18),
// so that a language model can practise on a twin and ask for a column (docs/serve.md). Approval is
// the server's: hw/server/approval.h.
#pragma once

#include <string>

#include "hw/server/approval.h"
#include "hw/server/hub.h"
#include "hw/server/session.h"

namespace ronchi::hw {

struct McpServerOptions {
  std::string token;  // "Authorization: Bearer <token>"; empty: none is asked for
};

// POST /mcp. `hub` and `approval` outlive the protocol.
Protocol McpProtocol(Hub* hub, ApprovalDesk* approval, const McpServerOptions& options = {});

}  // namespace ronchi::hw
