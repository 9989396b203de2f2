// A peer that is asked and answers in frames of some protocol, over one TCP connection: made when
// it is first needed, given up after whatever went wrong, so that no late answer is taken for the
// next one's, and made anew with the next question.
// Threads: one at a time; Shut may come from any.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "hw/wire/stream.h"

namespace ronchi::hw::wire {

// Where the first frame of `bytes` ends; 0: it is not whole yet. InvalidArgument: it begins none.
using FrameEnd = absl::StatusOr<size_t> (*)(std::string_view bytes);

struct PeerOptions {
  double connect_s = 5;
  size_t most_bytes = 16 << 20;  // of a frame
};

class FramedPeer {
 public:
  FramedPeer(Address address, FrameEnd end, const PeerOptions& options = {});

  const std::string& name() const { return address_.name; }
  const Address& address() const { return address_; }
  size_t links() const { return links_; }  // that were made so far
  // The frame that answers `bytes`. Errors are of hw/instrument/error.h: kCommunication where there
  // is no link, with the effect none if nothing was sent; kTimeout, kCommunication with the effect
  // perhaps else.
  absl::StatusOr<std::string> Ask(std::string_view bytes, double within_s);
  // Without an answer.
  absl::Status Tell(std::string_view bytes, double within_s);
  // The next frame, of a peer that speaks by itself; connects if there is no link.
  absl::StatusOr<std::string> Next(double within_s);
  void Drop();  // the link, if there is one; what came and was not asked for is forgotten
  void Shut();  // ends what waits, from any thread; there is no link afterwards

 private:
  absl::Status Connect();
  absl::StatusOr<std::string> Frame(Stream::Clock::time_point until, bool asked);
  absl::Status GiveUp(const absl::Status& why, bool sent);

  const Address address_;
  const FrameEnd end_;
  const PeerOptions options_;
  std::mutex mutex_;  // of the pointer alone
  std::shared_ptr<Stream> stream_;
  size_t links_ = 0;
  std::string come_;  // what of the next frames has come
  const std::unique_ptr<char[]>
      chunk_;  // into which it comes: clearing it each time would take longer than the rest
};

}  // namespace ronchi::hw::wire
