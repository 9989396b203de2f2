// Connections over TCP.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "hw/wire/connection.h"

namespace ronchi::hw::wire {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// 0, or the errno of why not.
int Finish(int socket, const addrinfo& to, double within_s) {
  if (connect(socket, to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd p = {socket, POLLOUT, 0};
  if (poll(&p, 1, int(std::clamp(within_s * 1e3, 0.0, 1e6))) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

class Tcp final : public Endpoint {
 public:
  Tcp(std::string name, std::string host, std::string port)
      : name_(std::move(name)), host_(std::move(host)), port_(std::move(port)) {}
  const std::string& name() const override { return name_; }
  bool many() const override { return true; }

  absl::StatusOr<std::unique_ptr<Connection>> Connect(double within_s) override {
    const addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    addrinfo* found = nullptr;
    const int failed = getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found);
    if (failed != 0) {
      return absl::NotFoundError(absl::StrCat(name_, ": ", gai_strerror(failed)));
    }
    const std::unique_ptr<addrinfo, FreeAddresses> list(found);
    int error = 0;
    for (const addrinfo* to = list.get(); to; to = to->ai_next) {
      Descriptor s(socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      error = s.is_open() ? Finish(s.value(), *to, within_s) : errno;
      if (error != 0) continue;
      // A command is one small message, and its answer is waited for; and a host that is gone shows
      // also while nothing is asked.
      const int on = 1;
      setsockopt(s.value(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      setsockopt(s.value(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
      return std::make_unique<Connection>(std::move(s));
    }
    return absl::UnavailableError(absl::StrCat(name_, ": cannot connect: ", std::strerror(error)));
  }

 private:
  const std::string name_, host_, port_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Endpoint>> MakeTcpEndpoint(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, std::min(colon, address.size()));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    host.clear();  // IPv6 stands in brackets
  }
  int port = 0;
  if (colon == std::string::npos || host.empty() ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is not allowed; allowed: host:port, port from 1 to 65535"));
  }
  return std::make_unique<Tcp>(address, host, std::to_string(port));
}

}  // namespace ronchi::hw::wire
