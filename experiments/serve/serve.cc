#include "experiments/serve/serve.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "experiments/serve/protocols.h"
#include "hw/instrument/capability.h"
#include "hw/server/hub.h"
#include "hw/server/server.h"

namespace ronchi {
namespace {

bool IsThisMachineAlone(const std::string& host) {
  in_addr address = {};
  const bool v4 = inet_pton(AF_INET, host.c_str(), &address) == 1;
  return host == "localhost" || host == "::1" || (v4 && (ntohl(address.s_addr) >> 24) == 127);
}

std::string AddressText(const std::string& host, int port) {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

class Served final : public Serving {
 public:
  Served(std::unique_ptr<hw::Instrument> instrument, const ServeOptions& options)
      : instrument_(std::move(instrument)),
        approval_(options.on_approval, options.on_approval ? options.approval_s : 0) {}
  ~Served() override { (void)End(); }

  absl::Status Begin(const ServeOptions& options) {
    std::vector<hw::Port> ports;
    for (const std::string& name : options.protocols) {
      RONCHI_ASSIGN_OR_RETURN(const ServedProtocol* const p, FindServedProtocol(name));
      if (!IsThisMachineAlone(options.host)) RONCHI_RETURN_IF_ERROR(MayListen(*p, options));
      RONCHI_ASSIGN_OR_RETURN(auto protocols, p->open({&hub_, &approval_, options.token}));
      for (size_t i = 0; i < protocols.size(); ++i) {
        int port = p->ports[i].port;
        if (!options.ports.empty()) {
          if (ports.size() >= options.ports.size()) return Misfit(options);
          port = options.ports[ports.size()];
        }
        at_.push_back({p->name, p->ports[i].what, ""});
        ports.push_back(
            {{AddressText(options.host, port), options.host, port}, std::move(protocols[i])});
      }
    }
    if (!options.ports.empty() && ports.size() != options.ports.size()) return Misfit(options);
    return Listen(std::move(ports));
  }

  std::vector<At> ports() const override { return at_; }
  bool Hear(const std::string& line) override { return approval_.Hear(line); }
  void HearNothingMore() override { approval_.Close(); }

  absl::Status End() override {
    if (!instrument_) return absl::OkStatus();
    const bool can = hw::Can(instrument_->description(), "blank");
    // First the beam: what runs, what waits and what connections still ask for end by themselves.
    hub_.Close();
    if (can) (void)hub_.BlankNow();
    approval_.Close();
    own_.clear();
    server_.reset();
    // Once more, as an unblank may have been on its way.
    const absl::Status blanked = can ? hub_.BlankNow() : absl::OkStatus();
    instrument_.reset();
    return blanked;
  }

 private:
  // Those of the server's, and those that listen by themselves.
  absl::Status Listen(std::vector<hw::Port> all) {
    std::vector<hw::Port> served;
    for (const hw::Port& p : all) {
      if (!p.protocol.listen) served.push_back(p);
    }
    RONCHI_ASSIGN_OR_RETURN(server_, hw::Server::Start(std::move(served)));
    for (size_t i = 0, next = 0; i < all.size(); ++i) {
      int port = 0;
      if (all[i].protocol.listen) {
        RONCHI_ASSIGN_OR_RETURN(auto listening,
                                all[i].protocol.listen(all[i].address.host, all[i].address.port));
        port = listening->port();
        own_.push_back(std::move(listening));
      } else {
        port = server_->port(next++);
      }
      at_[i].address = AddressText(all[i].address.host, port);
    }
    return absl::OkStatus();
  }
  static absl::Status MayListen(const ServedProtocol& p, const ServeOptions& options) {
    if (!p.has_token) {
      return absl::PermissionDeniedError(absl::StrCat(
          p.name,
          " knows no password: it is served on 127.0.0.1 alone. To reach it from "
          "elsewhere put a tunnel in front: ssh -L <port>:127.0.0.1:<port> <this machine>"));
    }
    if (!options.token.empty()) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("--host ", options.host,
                     ": others may connect, so --token-file is needed; nothing is "
                     "encrypted, so put a tunnel in front where others may listen"));
  }
  absl::Status Misfit(const ServeOptions& options) const {
    return absl::InvalidArgumentError(absl::StrCat("--port: ", options.ports.size(), " ports for ",
                                                   options.protocols.size(),
                                                   " protocols; one for each port of each is "
                                                   "needed (docs/serve.md)"));
  }

  std::unique_ptr<hw::Instrument> instrument_;
  hw::Hub hub_{instrument_.get()};
  hw::ApprovalDesk approval_;
  std::vector<At> at_;
  std::unique_ptr<hw::Server> server_;
  std::vector<std::unique_ptr<hw::Listening>> own_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Serving>> Serve(std::unique_ptr<hw::Instrument> instrument,
                                               const ServeOptions& options) {
  auto served = std::make_unique<Served>(std::move(instrument), options);
  RONCHI_RETURN_IF_ERROR(served->Begin(options));
  return std::unique_ptr<Serving>(std::move(served));
}

}  // namespace ronchi
