// What a client of the Model Context Protocol sends. Nobody approves: nothing may move.
#include <gtest/gtest.h>

#include "hw/server/mcp_server.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing_support::Fuzz;
using testing_support::NullInstrument;
using testing_support::NullState;

std::string McpRequest(const std::string& body) {
  return "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: application/json\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string ToolCall(const std::string& tool, const std::string& arguments) {
  return McpRequest(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + tool +
                    R"(","arguments":)" + arguments + "}}");
}

TEST(FuzzMcp, Requests) {
  const auto state = std::make_shared<NullState>();
  NullInstrument null(state);
  Hub hub(&null);
  ApprovalDesk approval([](const std::string&, const std::string&) {}, 0);
  const Protocol protocol = McpProtocol(&hub, &approval);
  Fuzz(
      {.kind = "mcp",
       .corpus = {McpRequest(R"({"jsonrpc":"2.0","id":"a","method":"initialize","params":)"
                             R"({"protocolVersion":"2025-06-18","capabilities":{}}})"),
                  McpRequest(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"),
                  McpRequest(R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})"),
                  ToolCall("read", R"({"properties":["optics.C10","stage.x"]})"),
                  ToolCall("set", R"({"property":"optics.C10","value":"5 nm","relative":true})"),
                  ToolCall("scan", R"({"fov_nm":4,"pixels":8,"dwell_us":1,"detectors":["haadf"]})"),
                  ToolCall("unblank", "{}"), ToolCall("describe", "{}")},
       .read = [&](const std::string& bytes) -> absl::Status {
         std::string answer;
         RONCHI_RETURN_IF_ERROR(protocol.open(nullptr)->Take(bytes, &answer));
         if (!state->blanked || state->at["optics.C10"] != 0) {
           ADD_FAILURE() << "it moved without a person's word: " << bytes;
         }
         if (answer.empty()) return absl::InvalidArgumentError("not whole");
         return absl::OkStatus();
       }});
}

}  // namespace
}  // namespace ronchi::hw
