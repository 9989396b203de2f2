#include "hw/wire/stream.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ronchi::hw::wire {
namespace {

// Until the socket is ready for `events`, or the time is over: false.
bool WaitFor(int socket, short events, Stream::Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Stream::Clock::now());
    pollfd p = {socket, events, 0};
    const int ready = poll(&p, 1, int(std::clamp<int64_t>(left.count(), 0, 1000000)));
    if (ready > 0) return true;
    if (ready == 0 && Stream::Clock::now() >= until) return false;
    if (ready < 0 && errno != EINTR) return true;  // reading or writing says what is wrong
  }
}

absl::Status LinkLost(const std::string& why) {
  return absl::UnavailableError(absl::StrCat("the link is lost: ", why));
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// 0, or the errno of why not.
int FinishConnect(int socket, const addrinfo& to, Stream::Clock::time_point until) {
  if (connect(socket, to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!WaitFor(socket, POLLOUT, until)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Stream::Clock::time_point Stream::After(double seconds) {
  constexpr double kLongest_s = 1e6;
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(std::min(seconds, kLongest_s)));
}

Stream::Stream(Descriptor socket) : socket_(std::move(socket)) {
  fcntl(socket_.value(), F_SETFL, fcntl(socket_.value(), F_GETFL) | O_NONBLOCK);
}

void Stream::Shut() { shutdown(socket_.value(), SHUT_RDWR); }

absl::Status Stream::Send(std::string_view bytes, Clock::time_point until) {
  while (!bytes.empty()) {
    const ssize_t n = send(socket_.value(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(size_t(n));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!WaitFor(socket_.value(), POLLOUT, until)) {
        return absl::DeadlineExceededError("the other side takes nothing");
      }
    } else {
      return LinkLost(std::strerror(errno));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Stream::Receive(std::span<char> to, Clock::time_point until) {
  for (;;) {
    const ssize_t n = recv(socket_.value(), to.data(), to.size(), 0);
    if (n > 0) {
      heard_ = Clock::now();
      return size_t(n);
    }
    if (n == 0) return absl::OutOfRangeError("the link is lost: the other side has closed it");
    if (errno != EAGAIN && errno != EINTR) return LinkLost(std::strerror(errno));
    if (until <= Clock::now()) return 0;
    if (!WaitFor(socket_.value(), POLLIN, until)) return 0;
  }
}

absl::StatusOr<Address> ParseAddress(const std::string& text, bool any_port) {
  const size_t colon = text.rfind(':');
  std::string host = text.substr(0, std::min(colon, text.size()));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string::npos) {
    host.clear();  // IPv6 stands in brackets
  }
  int port = 0;
  if (colon == std::string::npos || host.empty() ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < (any_port ? 0 : 1) ||
      port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not allowed; allowed: host:port, port from ",
                     any_port ? "0 (a free one)" : "1", " to 65535"));
  }
  return Address{text, host, port};
}

absl::StatusOr<Stream> Dial(const Address& to, double within_s) {
  const Stream::Clock::time_point until = Stream::After(within_s);
  const addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
  if (failed != 0) return absl::NotFoundError(absl::StrCat(to.name, ": ", gai_strerror(failed)));
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  int error = 0;
  for (const addrinfo* a = list.get(); a; a = a->ai_next) {
    Descriptor s(socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    error = s.is_open() ? FinishConnect(s.value(), *a, until) : errno;
    if (error != 0) continue;
    // A command is one small message, and its answer is waited for; and a host that is gone shows
    // also while nothing is asked.
    const int on = 1;
    setsockopt(s.value(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(s.value(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    return Stream(std::move(s));
  }
  return absl::UnavailableError(absl::StrCat(to.name, ": cannot connect: ", std::strerror(error)));
}

}  // namespace ronchi::hw::wire
