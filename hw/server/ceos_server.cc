#include "hw/server/ceos_server.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/server/ceos_corrector.h"
#include "hw/wire/message.h"
#include "hw/wire/netstring.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

// The codes of JSON-RPC 2.0, section 5.1, and the first of the server's own.
enum RpcCode {
  kNoJson = -32700,
  kNoRequest = -32600,
  kNoMethod = -32601,
  kBadParams = -32602,
  kInstrumentError = -32000
};

constexpr size_t kMostIdBytes = 1000;

json RpcError(RpcCode code, const std::string& message) {
  return {{"code", int(code)}, {"message", message}};
}

// What the instrument says, with what a driver of ours makes the same error from.
json InstrumentError(const absl::Status& status) {
  const Error e = ErrorOf(status);
  json error = RpcError(kInstrumentError, Printable(std::string(status.message())));
  error["data"] = {{"kind", std::string(KindName(e.kind))},
                   {"effect", std::string(EffectName(*e.effect))},
                   {"remedy", Printable(e.remedy)}};
  return error;
}

json ErrorOfCall(const absl::Status& status) {
  const std::string message = Printable(std::string(status.message()));
  if (!HasError(status) && absl::IsInvalidArgument(status)) return RpcError(kBadParams, message);
  if (!HasError(status) && absl::IsNotFound(status)) return RpcError(kNoMethod, message);
  return InstrumentError(status);
}

class CeosSession final : public Session {
 public:
  explicit CeosSession(std::shared_ptr<CeosCorrector> corrector)
      : corrector_(std::move(corrector)) {}

  absl::Status Take(std::string_view bytes, std::string* answer) override {
    come_.append(bytes);
    size_t done = 0;
    absl::Status status;
    for (;;) {
      const std::string_view rest = std::string_view(come_).substr(done);
      const absl::StatusOr<size_t> end = wire::NetstringEndUpTo(rest, kMostCeosRequestBytes);
      if (!end.ok()) {
        Append(json(), "error", RpcError(kNoJson, std::string(end.status().message())), answer);
        status = end.status();  // where the next would begin is not known
        break;
      }
      if (*end == 0) break;
      Answer(wire::PayloadOf(rest.substr(0, *end)), answer);
      done += *end;
    }
    come_.erase(0, done);
    return status;
  }

 private:
  static void Append(const json& id, const char* what, json content, std::string* answer) {
    const json message = {{"jsonrpc", "2.0"}, {"id", id}, {what, std::move(content)}};
    answer->append(wire::Netstring(message.dump(-1, ' ', false, json::error_handler_t::replace)));
  }

  void Answer(std::string_view payload, std::string* answer) {
    const absl::StatusOr<json> request = wire::DecodeHead(payload);
    if (!request.ok()) {
      const bool batch = payload.starts_with('[');
      const auto error = batch ? RpcError(kNoRequest, "several requests at once are not taken")
                               : RpcError(kNoJson, std::string(request.status().message()));
      return Append(json(), "error", error, answer);
    }
    const json id = request->value("id", json());
    const bool good_id =
        id.is_null() || id.is_number() ||
        (id.is_string() && id.get_ref<const std::string&>().size() <= kMostIdBytes);
    const json version = request->value("jsonrpc", json("2.0"));
    const json method = request->value("method", json());
    json params = request->value("params", json::object());
    if (params.is_null() || (params.is_array() && params.empty())) params = json::object();
    if (!good_id || version != "2.0" || !method.is_string()) {
      return Append(good_id ? id : json(), "error",
                    RpcError(kNoRequest, "no request of JSON-RPC 2.0: jsonrpc, id, method, params"),
                    answer);
    }
    const absl::StatusOr<json> result =
        params.is_object() ? corrector_->Call(method.get<std::string>(), params)
                           : absl::InvalidArgumentError("params are given by name");
    if (!request->contains("id")) return;  // nobody waits for an answer
    if (!result.ok()) return Append(id, "error", ErrorOfCall(result.status()), answer);
    Append(id, "result", *result, answer);
  }

  const std::shared_ptr<CeosCorrector> corrector_;
  std::string come_;
};

}  // namespace

Protocol CeosProtocol(Hub* hub) {
  const auto corrector = std::make_shared<CeosCorrector>(hub);
  Protocol protocol{.name = "ceos"};
  protocol.open = [corrector](std::shared_ptr<Outbox>) {
    return std::make_unique<CeosSession>(corrector);
  };
  return protocol;
}

}  // namespace ronchi::hw
