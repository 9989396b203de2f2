#include "hw/wire/zeromq.h"

#include <zmq.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::wire {
namespace {

absl::Status NobodyThere(const Address& to, const std::string& why) {
  return MakeError({ErrorKind::kCommunication, absl::StrCat(to.name, ": ", why),
                    "see that it runs and can be reached", Effect::kNone});
}

struct Question {
  ~Question() {
    zmq_msg_close(&answer);
    if (socket) zmq_close(socket);
    if (context) zmq_ctx_term(context);
  }
  void* context = zmq_ctx_new();
  void* socket = context ? zmq_socket(context, ZMQ_REQ) : nullptr;
  zmq_msg_t answer;

  Question() { zmq_msg_init(&answer); }
  // It is not sent before there is a connection.
  bool Connect(const Address& to, size_t most_bytes) const {
    const int none = 0, yes = 1;
    const auto most = int64_t(std::min<size_t>(most_bytes, INT64_MAX));
    return socket && zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)) == 0 &&
           zmq_setsockopt(socket, ZMQ_IMMEDIATE, &yes, sizeof(yes)) == 0 &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most)) == 0 &&
           zmq_connect(socket, ("tcp://" + to.name).c_str()) == 0;
  }
  // 1: it can be sent, or has come. 0: not until then.
  int Poll(short events, Stream::Clock::time_point until) const {
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - Stream::Clock::now()).count();
      zmq_pollitem_t item = {socket, 0, events, 0};
      const int n = zmq_poll(&item, 1, long(std::clamp<int64_t>(left, 0, 1000)));
      if (n > 0) return 1;
      if (left <= 0) return 0;
    }
  }
};

}  // namespace

absl::StatusOr<std::string> AskZeroMq(const Address& to, std::string_view question, double within_s,
                                      size_t most_bytes) {
  const Stream::Clock::time_point until = Stream::After(within_s);
  Question q;
  if (!q.Connect(to, most_bytes)) return NobodyThere(to, zmq_strerror(zmq_errno()));
  if (q.Poll(ZMQ_POLLOUT, until) == 0) return NobodyThere(to, "nobody answers there by ZeroMQ");
  if (zmq_send(q.socket, question.data(), question.size(), ZMQ_DONTWAIT) < 0) {
    return NobodyThere(to, zmq_strerror(zmq_errno()));
  }
  if (q.Poll(ZMQ_POLLIN, until) == 0) {
    return MakeError({ErrorKind::kTimeout, absl::StrCat(to.name, ": no answer in time"),
                      "see what the other side does", Effect::kPerhaps});
  }
  if (zmq_msg_recv(&q.answer, q.socket, ZMQ_DONTWAIT) < 0 || zmq_msg_more(&q.answer)) {
    return MakeError({ErrorKind::kCommunication, absl::StrCat(to.name, ": no answer of one part"),
                      "see what the other side is", Effect::kPerhaps});
  }
  return std::string(static_cast<const char*>(zmq_msg_data(&q.answer)), zmq_msg_size(&q.answer));
}

}  // namespace ronchi::hw::wire
