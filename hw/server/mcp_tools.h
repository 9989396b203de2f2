// An instrument's verbs as tools of the Model Context Protocol, for whoever plans with a language
// model. Of mcp_server.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "hw/server/approval.h"
#include "hw/server/hub.h"

namespace ronchi::hw {

// [{name, description, inputSchema, annotations: {readOnlyHint, destructiveHint …}}], of what the
// instrument can.
nlohmann::json McpTools(const Description& description);
// {content: [{type: text | image, …}], isError}. What drives, exposes or unblanks waits for a
// person's word on exactly that command; reading and blanking do not. NotFound: no such tool.
absl::StatusOr<nlohmann::json> CallMcpTool(Hub* hub, ApprovalDesk* approval,
                                           const std::string& tool,
                                           const nlohmann::json& arguments);

}  // namespace ronchi::hw
