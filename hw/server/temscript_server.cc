#include "hw/server/temscript_server.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/nesting.h"
#include "hw/server/http_gate.h"
#include "hw/server/temscript_desk.h"
#include "hw/wire/http.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using wire::HttpAnswerBytes;

// One request a connection, as with temscript's own server: its client goes on without having read
// an answer to the end.
class TemscriptSession final : public Session {
 public:
  TemscriptSession(std::shared_ptr<TemscriptDesk> desk, std::string token)
      : desk_(std::move(desk)), token_(std::move(token)) {}

  absl::Status Take(std::string_view bytes, std::string* answer) override {
    RONCHI_ASSIGN_OR_RETURN(const auto all, requests_.Take(bytes, answer));
    if (all.empty()) return absl::OkStatus();
    *answer += Answer(all[0]);
    return absl::CancelledError("one request a connection");
  }

 private:
  std::string Answer(const wire::HttpRequests::Came& came) {
    if (const auto refused = RefusedRequest(came, token_)) return *refused;
    const wire::HttpRequest& r = came.request;
    const std::string path = r.target.substr(0, r.target.find('?'));
    absl::StatusOr<json> value = absl::NotFoundError("Unknown API version: '" + path + "'");
    if (absl::StartsWith(path, "/v1/")) {
      const std::string name = path.substr(4);
      value = r.method == "GET" ? desk_->Get(name, r.target) : PutValue(r, name);
    }
    if (value.ok() && value->is_null()) return HttpAnswerBytes(204, "No Content", "", "", true);
    if (value.ok()) {
      return HttpAnswerBytes(200, "OK", value->dump(), "application/json", true);
    }
    // temscript says in the reason what is wrong.
    const std::string why(value.status().message());
    if (absl::IsNotFound(value.status())) return HttpAnswerBytes(404, why, "", "", true);
    return HttpAnswerBytes(500, absl::StrCat("Error handling request '", path, "': ", why), "", "",
                           true);
  }

  absl::StatusOr<json> PutValue(const wire::HttpRequest& r, const std::string& name) {
    if (r.method != "PUT") return absl::InvalidArgumentError("GET or PUT is needed");
    if (NestsTooDeeply(r.body)) return absl::InvalidArgumentError("nested too deeply");
    const json value = json::parse(r.body, nullptr, false);
    if (value.is_discarded()) return absl::InvalidArgumentError("no JSON");
    RONCHI_RETURN_IF_ERROR(desk_->Put(name, r.target, value));
    return json();
  }

  const std::shared_ptr<TemscriptDesk> desk_;
  const std::string token_;
  wire::HttpRequests requests_;
};

}  // namespace

Protocol TemscriptProtocol(Hub* hub, const TemscriptServerOptions& options) {
  const auto desk = std::make_shared<TemscriptDesk>(hub, options);
  Protocol protocol{.name = "temscript", .silent_s = 60};
  protocol.open = [=](std::shared_ptr<Outbox>) {
    return std::make_unique<TemscriptSession>(desk, options.token);
  };
  return protocol;
}

}  // namespace ronchi::hw
