// temscript's service in front of an instrument, some answers of which a test spoils.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "hw/drivers/temscript/temscript.h"
#include "hw/server/server.h"
#include "hw/server/temscript_desk.h"
#include "hw/wire/http.h"

namespace ronchi::testing_support {

// By "GET beam_shift": bytes that are sent instead of the answer; then the connection ends. Without
// bytes it ends at once; kSilence: it stays, and nothing comes.
inline const std::string kSilence = "(silence)";
using Spoils = std::map<std::string, std::string>;

inline std::string HttpJson(const std::string& body) {
  return hw::wire::HttpAnswerBytes(200, "OK", body, "application/json", true);
}

class SpoiledSession final : public hw::Session {
 public:
  SpoiledSession(std::shared_ptr<hw::TemscriptDesk> desk, std::shared_ptr<Spoils> spoils)
      : desk_(std::move(desk)), spoils_(std::move(spoils)) {}
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    RONCHI_ASSIGN_OR_RETURN(const auto all, requests_.Take(bytes, answer));
    if (all.empty()) return absl::OkStatus();
    const hw::wire::HttpRequest& r = all[0].request;
    const std::string name = r.target.substr(4, r.target.find('?') - 4);
    const auto spoil = spoils_->find(r.method + " " + name);
    if (spoil != spoils_->end() && spoil->second == kSilence) return absl::OkStatus();
    if (spoil != spoils_->end()) {
      *answer = spoil->second;
    } else if (r.method == "GET") {
      const auto value = desk_->Get(name, r.target);
      *answer = value.ok() ? HttpJson(value->dump()) : Failed(value.status());
    } else {
      const absl::Status s = desk_->Put(name, r.target, nlohmann::json::parse(r.body));
      *answer = s.ok() ? hw::wire::HttpAnswerBytes(204, "No Content", "", "", true) : Failed(s);
    }
    return absl::CancelledError("one request");
  }

 private:
  static std::string Failed(const absl::Status& s) {
    return hw::wire::HttpAnswerBytes(absl::IsNotFound(s) ? 404 : 500, s.message().data(), "", "",
                                     true);
  }
  const std::shared_ptr<hw::TemscriptDesk> desk_;
  const std::shared_ptr<Spoils> spoils_;
  hw::wire::HttpRequests requests_;
};

class ServedByTemscript {
 public:
  explicit ServedByTemscript(hw::Instrument* instrument) : hub_(instrument) { Start(); }
  void Start(int port = 0) {
    hw::Protocol p{.name = "temscript"};
    p.open = [this](auto) { return std::make_unique<SpoiledSession>(desk_, spoils); };
    server_ = *hw::Server::Start({{{"here", "127.0.0.1", port}, p}});
  }
  void Stop() { server_.reset(); }
  int port() const { return server_->port(0); }
  hw::TemscriptOptions Options() const {
    return {.address = {"column", "127.0.0.1", port()},
            .answer_s = 20,
            .field_at_magnification_1_m = 0.1};
  }
  std::shared_ptr<Spoils> spoils = std::make_shared<Spoils>();

 private:
  hw::Hub hub_;
  std::shared_ptr<hw::TemscriptDesk> desk_ =
      std::make_shared<hw::TemscriptDesk>(&hub_, hw::TemscriptServerOptions());
  std::unique_ptr<hw::Server> server_;
};

}  // namespace ronchi::testing_support
