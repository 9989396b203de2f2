#include "hw/drivers/dectris/stream_reader.h"

#include <zmq.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::dectris {
namespace {

using wire::SimplonEnd;
using wire::SimplonImage;
using wire::SimplonMessage;
using wire::SimplonStart;

constexpr size_t kMostParts = 16;  // a header with all details has nine

absl::Status Lost(const std::string& what) { return absl::DataLossError(what); }

class ZmqMessage {
 public:
  ZmqMessage() { zmq_msg_init(&message_); }
  ~ZmqMessage() { zmq_msg_close(&message_); }
  ZmqMessage(const ZmqMessage&) = delete;
  ZmqMessage& operator=(const ZmqMessage&) = delete;
  zmq_msg_t* get() { return &message_; }
  std::string_view bytes() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }

 private:
  zmq_msg_t message_;
};

int MillisecondsUntil(SimplonReader::Clock::time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - wire::Stream::Clock::now());
  return int(std::clamp<int64_t>(left.count(), 0, 1000));
}

// Of a socket: that its connection is there.
class Events {
 public:
  Events(void* context, void* socket) : watched_(socket) {
    zmq_socket_monitor(watched_, kPlace, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    events_ = zmq_socket(context, ZMQ_PAIR);
    if (events_) zmq_connect(events_, kPlace);
  }
  ~Events() {
    zmq_socket_monitor(watched_, nullptr, 0);
    if (events_) zmq_close(events_);
  }
  bool AwaitHandshake(SimplonReader::Clock::time_point until) {
    if (!events_) return false;
    for (;;) {
      const int wait_ms = MillisecondsUntil(until);
      zmq_pollitem_t item = {events_, 0, ZMQ_POLLIN, 0};
      if (zmq_poll(&item, 1, wait_ms) > 0) return true;
      if (wait_ms == 0) return false;
    }
  }

 private:
  static constexpr const char* kPlace = "inproc://events";
  void* const watched_;
  void* events_ = nullptr;
};

}  // namespace

struct SimplonReader::Socket {
  ~Socket() {
    if (socket) zmq_close(socket);
    if (context) zmq_ctx_term(context);
  }
  void* context = nullptr;
  void* socket = nullptr;
  std::array<ZmqMessage, kMostParts> parts;
  size_t count = 0;  // of parts of the message that came last
};

SimplonReader::SimplonReader(wire::Address address, const SimplonReaderOptions& options)
    : address_(std::move(address)), options_(options) {}
SimplonReader::~SimplonReader() = default;

void SimplonReader::Drop() { socket_ = nullptr; }

absl::Status SimplonReader::Connect(Clock::time_point until) {
  if (socket_) return absl::OkStatus();
  auto s = std::make_unique<Socket>();
  s->context = zmq_ctx_new();
  s->socket = s->context ? zmq_socket(s->context, ZMQ_PULL) : nullptr;
  if (!s->socket) return absl::UnavailableError(zmq_strerror(zmq_errno()));
  const int none = 0, again_ms = 10;
  const int queue = int(std::clamp<size_t>(options_.most_queue / options_.frame_bytes, 4, 10000));
  const auto most = int64_t(options_.most_message);
  const auto set = [&](int option, const void* value, size_t size) {
    return zmq_setsockopt(s->socket, option, value, size) == 0;
  };
  Events events(s->context, s->socket);
  const bool made = set(ZMQ_LINGER, &none, sizeof(none)) &&
                    set(ZMQ_RCVHWM, &queue, sizeof(queue)) &&
                    set(ZMQ_MAXMSGSIZE, &most, sizeof(most)) &&
                    set(ZMQ_RECONNECT_IVL, &again_ms, sizeof(again_ms)) &&
                    zmq_connect(s->socket, ("tcp://" + address_.name).c_str()) == 0;
  if (!made) return absl::UnavailableError(zmq_strerror(zmq_errno()));
  if (!events.AwaitHandshake(until)) return absl::UnavailableError("nobody sends images there");
  socket_ = std::move(s);
  return absl::OkStatus();
}

// One message, into the socket's parts.
absl::StatusOr<bool> SimplonReader::Receive(Clock::time_point until) {
  Socket& s = *socket_;
  s.count = 0;
  for (;;) {
    zmq_msg_t* const part = s.parts[std::min(s.count, kMostParts - 1)].get();
    // Parts after the first are there when it is.
    if (zmq_msg_recv(part, s.socket, ZMQ_DONTWAIT) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      if (error != EAGAIN) return absl::UnavailableError(zmq_strerror(error));
      const int wait_ms = MillisecondsUntil(until);
      if (wait_ms == 0) return false;
      zmq_pollitem_t item = {s.socket, 0, ZMQ_POLLIN, 0};
      zmq_poll(&item, 1, wait_ms);
      continue;
    }
    ++s.count;
    if (!zmq_msg_more(part)) break;
  }
  if (s.count <= kMostParts) return true;
  return absl::InvalidArgumentError(
      absl::StrCat("a message of ", s.count, " parts; allowed are ", kMostParts));
}

absl::StatusOr<std::optional<SimplonMessage>> SimplonReader::Message(Clock::time_point until) {
  if (!socket_) return absl::UnavailableError("no connection");
  RONCHI_ASSIGN_OR_RETURN(const bool came, Receive(until));
  if (!came) return std::nullopt;
  std::array<std::string_view, kMostParts> parts;
  for (size_t i = 0; i < socket_->count; ++i) parts[i] = socket_->parts[i].bytes();
  auto parsed = options_.cbor ? wire::ParseSimplonCbor(parts[0], options_.channel)
                              : wire::ParseSimplonParts(std::span(parts).first(socket_->count));
  RONCHI_RETURN_IF_ERROR(parsed.status());
  return std::optional<SimplonMessage>(*parsed);
}

absl::Status SimplonReader::Drain(Clock::time_point until) {
  if (!socket_) return absl::OkStatus();
  for (;;) {
    const auto came = Receive(Clock::now());
    // Whatever it is.
    if (came.ok() && !*came) return absl::OkStatus();
    if (absl::IsUnavailable(came.status())) return came.status();
    if (Clock::now() >= until) return absl::ResourceExhaustedError("messages come without end");
  }
}

absl::StatusOr<bool> SimplonReader::Begin(uint64_t series, Clock::time_point until) {
  series_ = series;
  next_ = 0;
  for (;;) {
    const auto message = Message(until);
    // Of an older series there may be anything.
    if (absl::IsInvalidArgument(message.status()) || absl::IsUnimplemented(message.status())) {
      if (Clock::now() >= until) return message.status();
      continue;
    }
    RONCHI_RETURN_IF_ERROR(message.status());
    if (!*message) return false;
    const auto* start = std::get_if<SimplonStart>(&**message);
    if (start && start->series == series) return true;
    if (Clock::now() >= until) return false;
  }
}

absl::StatusOr<std::optional<SimplonImage>> SimplonReader::Next(Clock::time_point until) {
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const auto message, Message(until));
    if (!message) return std::nullopt;
    if (std::holds_alternative<wire::SimplonOther>(*message)) continue;
    if (const auto* end = std::get_if<SimplonEnd>(&*message)) {
      if (end->series != series_) continue;
      return Lost(absl::StrCat("the series ends where image ", next_, " was due"));
    }
    if (std::holds_alternative<SimplonStart>(*message)) {
      return Lost(absl::StrCat("another series begins where image ", next_, " was due"));
    }
    const auto& image = std::get<SimplonImage>(*message);
    if (image.series != series_) {
      return Lost(absl::StrCat("an image of series ", image.series, " comes in series ", series_));
    }
    if (image.image != next_) {
      return Lost(absl::StrCat(
          "image ", image.image, " comes where ", next_, " was due",
          image.image > next_ ? "; another program that listens gets a share of the images" : ""));
    }
    ++next_;
    return std::optional<SimplonImage>(image);
  }
}

absl::StatusOr<bool> SimplonReader::End(Clock::time_point until) {
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const auto message, Message(until));
    if (!message) return false;
    if (const auto* end = std::get_if<SimplonEnd>(&*message)) {
      if (end->series == series_) return true;
    } else if (std::holds_alternative<SimplonImage>(*message)) {
      return Lost(absl::StrCat("an image comes after the last, which was ", next_ - 1));
    }
  }
}

}  // namespace ronchi::hw::dectris
