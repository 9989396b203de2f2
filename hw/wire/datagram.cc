#include "hw/wire/datagram.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::wire {

absl::StatusOr<std::string> AskByDatagram(const Address& to, std::string_view word,
                                          double within_s) {
  const Stream::Clock::time_point until = Stream::After(within_s);
  const addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
  if (failed != 0) return absl::NotFoundError(absl::StrCat(to.name, ": ", gai_strerror(failed)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  // Connected, it takes datagrams from there alone.
  Descriptor s(socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!s.is_open() || connect(s.value(), list->ai_addr, list->ai_addrlen) != 0) {
    return absl::UnavailableError(absl::StrCat(to.name, ": ", std::strerror(errno)));
  }
  Stream stream(std::move(s));
  RONCHI_RETURN_IF_ERROR(stream.Send(word, until));
  std::array<char, 512> answer;
  RONCHI_ASSIGN_OR_RETURN(const size_t n, stream.Receive(answer, until));
  if (n == 0) return absl::DeadlineExceededError("no answer in time");
  return std::string(answer.data(), n);
}

}  // namespace ronchi::hw::wire
