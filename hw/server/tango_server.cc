#include "hw/server/tango_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "core/descriptor.h"
#include "hw/server/tango_desk.h"

namespace ronchi::hw {
namespace {

// A port that nobody has: libtango takes no 0. InvalidArgument, Unavailable: it is none, or taken.
absl::StatusOr<int> FreePort(const std::string& host, int port) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(uint16_t(port));
  const std::string v4 = host == "localhost" ? "127.0.0.1" : host;
  if (inet_pton(AF_INET, v4.c_str(), &at.sin_addr) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(host, ": TANGO is served at an address like 127.0.0.1"));
  }
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)setsockopt(socket.value(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  socklen_t size = sizeof(at);
  if (bind(socket.value(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0 ||
      getsockname(socket.value(), reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    return absl::UnavailableError(absl::StrCat(host, ":", port, ": cannot listen"));
  }
  return ntohs(at.sin_port);
}

class TangoListening final : public Listening {
 public:
  TangoListening(int port, std::unique_ptr<wire::TangoServing> serving)
      : port_(port), serving_(std::move(serving)) {}
  int port() const override { return port_; }

 private:
  const int port_;
  const std::unique_ptr<wire::TangoServing> serving_;
};

}  // namespace

absl::StatusOr<TangoProtocols> MakeTangoProtocols(Hub* hub) {
  RONCHI_ASSIGN_OR_RETURN(const wire::TangoLibrary* const library, wire::LoadTangoLibrary());
  const auto shelf = std::make_shared<TiledShelf>();
  const auto desk = std::make_shared<TangoDesk>(hub, shelf);
  TangoProtocols out;
  out.images = TiledProtocol(shelf);
  out.devices.name = "tango";
  out.devices.listen = [library, desk](const std::string& host,
                                       int port) -> absl::StatusOr<std::unique_ptr<Listening>> {
    RONCHI_ASSIGN_OR_RETURN(const int free, FreePort(host, port));
    const std::string v4 = host == "localhost" ? "127.0.0.1" : host;
    RONCHI_ASSIGN_OR_RETURN(auto serving, library->serve(v4, free, desk));
    return std::unique_ptr<Listening>(std::make_unique<TangoListening>(free, std::move(serving)));
  };
  return out;
}

}  // namespace ronchi::hw
