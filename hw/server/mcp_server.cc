#include "hw/server/mcp_server.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "hw/server/http_gate.h"
#include "hw/server/mcp_tools.h"
#include "hw/wire/http.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using wire::HttpAnswerBytes;

constexpr int kRpcNoJson = -32700, kRpcNoRequest = -32600, kRpcNoMethod = -32601,
              kRpcBadParams = -32602, kRpcInternal = -32603;
constexpr const char* kRevisions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};

json McpRpcError(const json& id, int code, const std::string& message) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

json TextField(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? *found : json();
}

class McpSession final : public Session {
 public:
  McpSession(Hub* hub, ApprovalDesk* approval, std::string token)
      : hub_(hub), approval_(approval), token_(std::move(token)) {}

  absl::Status Take(std::string_view bytes, std::string* answer) override {
    RONCHI_ASSIGN_OR_RETURN(const auto all, requests_.Take(bytes, answer));
    for (const auto& one : all) {
      const std::optional<std::string> refused = RefusedRequest(one, token_);
      *answer += refused ? *refused : Answer(one);
      if (one.last || refused) return absl::CancelledError("the last request");
    }
    return absl::OkStatus();
  }

 private:
  std::string Answer(const wire::HttpRequests::Came& came) {
    const wire::HttpRequest& r = came.request;
    if (r.target.substr(0, r.target.find('?')) != "/mcp") {
      return HttpAnswerBytes(404, "POST /mcp is served here", "", "", came.last);
    }
    if (r.method != "POST") {  // no stream of the server's own is offered
      return HttpAnswerBytes(405, "POST alone is allowed", "", "", came.last);
    }
    const json said = Rpc(r.body);
    if (said.is_null()) return HttpAnswerBytes(202, "Accepted", "", "", came.last);
    return HttpAnswerBytes(200, "OK", said.dump(-1, ' ', false, json::error_handler_t::replace),
                           "application/json", came.last);
  }

  // Null: a notification, or an answer, which want none.
  json Rpc(const std::string& body) {
    if (NestsTooDeeply(body)) return McpRpcError(json(), kRpcNoJson, "nested too deeply");
    const json ask = json::parse(body, nullptr, false);
    if (ask.is_discarded()) return McpRpcError(json(), kRpcNoJson, "no JSON");
    if (!ask.is_object() || TextField(ask, "jsonrpc") != "2.0") {
      return McpRpcError(json(), kRpcNoRequest, "no JSON-RPC 2.0 (batches are not part of it)");
    }
    const json method = TextField(ask, "method"), id = ask.value("id", json());
    if (method.is_null())
      return ask.contains("result") ? json() : McpRpcError(id, kRpcNoRequest, "no method");
    if (!ask.contains("id")) return json();
    if (!id.is_string() && !id.is_number_integer()) {
      return McpRpcError(json(), kRpcNoRequest, "an id is a text or a whole number");
    }
    const json params = ask.value("params", json::object());
    if (!params.is_object()) return McpRpcError(id, kRpcBadParams, "params: an object is needed");
    const auto result = [&](const json& r) {
      return json{{"jsonrpc", "2.0"}, {"id", id}, {"result", r}};
    };
    if (method == "initialize") return result(Initialize(params));
    if (method == "ping") return result(json::object());
    if (method == "tools/list") return result({{"tools", McpTools(hub_->description())}});
    if (method != "tools/call") {
      return McpRpcError(id, kRpcNoMethod,
                         "no method '" + Printable(method.get<std::string>()) + "'");
    }
    const json tool = TextField(params, "name");
    if (tool.is_null()) return McpRpcError(id, kRpcBadParams, "name: a tool's name is needed");
    const auto called = CallMcpTool(hub_, approval_, tool.get<std::string>(),
                                    params.value("arguments", json::object()));
    if (called.ok()) return result(*called);
    return McpRpcError(id, absl::IsNotFound(called.status()) ? kRpcBadParams : kRpcInternal,
                       std::string(called.status().message()));
  }

  json Initialize(const json& params) const {
    const json asked = TextField(params, "protocolVersion");
    std::string revision = kRevisions[0];
    for (const char* known : kRevisions) {
      if (asked == known) revision = known;
    }
    const Description& d = hub_->description();
    return {{"protocolVersion", revision},
            {"capabilities", {{"tools", {{"listChanged", false}}}}},
            {"serverInfo", {{"name", "ronchi"}, {"title", d.id}, {"version", "0.1.0"}}},
            {"instructions",
             absl::StrCat(d.simulated ? "A simulated" : "A real", " electron microscope, ", d.model,
                          ". Whatever drives, exposes or unblanks waits until a person at the "
                          "instrument has approved exactly that call; blank and safe are always "
                          "allowed. Begin with describe.")}};
  }

  Hub* const hub_;
  ApprovalDesk* const approval_;
  const std::string token_;
  wire::HttpRequests requests_;
};

}  // namespace

Protocol McpProtocol(Hub* hub, ApprovalDesk* approval, const McpServerOptions& options) {
  Protocol protocol{.name = "mcp", .silent_s = 600};
  protocol.open = [=](std::shared_ptr<Outbox>) {
    return std::make_unique<McpSession>(hub, approval, options.token);
  };
  return protocol;
}

}  // namespace ronchi::hw
