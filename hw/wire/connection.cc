#include "hw/wire/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::wire {
namespace {

using Clock = Connection::Clock;

Clock::time_point After(double seconds) {
  constexpr double kLongest_s = 1e6;
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(std::min(seconds, kLongest_s)));
}

// Until the socket is ready for `events`, or the time is over: false.
bool WaitFor(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    pollfd p = {socket, events, 0};
    const int ready = poll(&p, 1, int(std::clamp<int64_t>(left.count(), 0, 1000000)));
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= until) return false;
    if (ready < 0 && errno != EINTR) return true;  // reading or writing says what is wrong
  }
}

absl::Status Lost(const std::string& why) {
  return absl::UnavailableError(absl::StrCat("the link is lost: ", why));
}

}  // namespace

Connection::Connection(Descriptor socket) : socket_(std::move(socket)) {
  fcntl(socket_.value(), F_SETFL, fcntl(socket_.value(), F_GETFL) | O_NONBLOCK);
}

void Connection::Shut() { shutdown(socket_.value(), SHUT_RDWR); }

absl::Status Connection::Send(const nlohmann::json& head, double within_s) {
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, EncodeHead(head, 0));
  const Clock::time_point until = After(within_s);
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(socket_.value(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += size_t(n);
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!WaitFor(socket_.value(), POLLOUT, until)) {
        return absl::DeadlineExceededError("the other side takes nothing");
      }
    } else {
      return Lost(std::strerror(errno));
    }
  }
  return absl::OkStatus();
}

// The part that is coming, up to `bytes`; false: the time is over before it is whole.
absl::StatusOr<bool> Connection::Fill(char* to, size_t bytes, Clock::time_point until) {
  while (filled_ < bytes) {
    const ssize_t n = recv(socket_.value(), to + filled_, bytes - filled_, 0);
    if (n > 0) {
      filled_ += size_t(n);
      heard_ = Clock::now();
    } else if (n == 0) {
      return Lost(part_ == Part::kHeader && filled_ == 0
                      ? "the other side has closed it"
                      : "the other side has closed it in the midst of a message");
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!WaitFor(socket_.value(), POLLIN, until)) return false;
    } else {
      return Lost(std::strerror(errno));
    }
  }
  filled_ = 0;
  return true;
}

absl::StatusOr<std::optional<Message>> Connection::Receive(double within_s, uint32_t most_pixels) {
  const Clock::time_point until = After(within_s);
  if (part_ == Part::kHeader) {
    RONCHI_ASSIGN_OR_RETURN(const bool whole, Fill(header_bytes_, kHeaderBytes, until));
    if (!whole) return std::nullopt;
    RONCHI_ASSIGN_OR_RETURN(header_, DecodeHeader(header_bytes_, most_pixels));
    text_.resize(header_.json_bytes);
    part_ = Part::kHead;
  }
  if (part_ == Part::kHead) {
    RONCHI_ASSIGN_OR_RETURN(const bool whole, Fill(text_.data(), text_.size(), until));
    if (!whole) return std::nullopt;
    RONCHI_ASSIGN_OR_RETURN(message_.head, DecodeHead(text_));
    message_.pixels.resize(header_.pixels);
    part_ = Part::kPixels;
  }
  RONCHI_ASSIGN_OR_RETURN(const bool whole, Fill(reinterpret_cast<char*>(message_.pixels.data()),
                                                 4 * message_.pixels.size(), until));
  if (!whole) return std::nullopt;
  part_ = Part::kHeader;
  return std::optional<Message>(std::exchange(message_, Message()));
}

}  // namespace ronchi::hw::wire
