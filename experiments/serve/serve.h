// An instrument on ports, each with its protocol.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi {

struct ServeOptions {
  std::vector<std::string> protocols;  // names, one or more
  std::vector<int> ports;  // of all of them, in order; 0: a free one; none: the protocols' own
  std::string host = "127.0.0.1";
  std::string token;  // empty: none is asked for
  // Tells a person of a call that waits for a word, and its code. None: such calls are denied.
  std::function<void(const std::string& call, const std::string& code)> on_approval = nullptr;
  double approval_s = 120;  // without a word for so long it is denied
};

class Serving {
 public:
  virtual ~Serving() = default;  // ends all connections
  struct At {
    std::string protocol, what, address;  // "merlin", "data", "127.0.0.1:6342"
  };
  virtual std::vector<At> ports() const = 0;
  // A person's line on a call that waits: "yes <code>", "no <code>". False: it is none.
  virtual bool Hear(const std::string& line) = 0;
  // Nobody is there any more to ask: calls that need a word are denied.
  virtual void HearNothingMore() = 0;
  // Of the instrument, which then blanks if it can.
  virtual absl::Status End() = 0;
};

// InvalidArgument: ports do not fit protocols; PermissionDenied: others than this machine may
// connect and there is no token, or the protocol has no place for one; NotFound, Unavailable: no
// such address, or in use.
absl::StatusOr<std::unique_ptr<Serving>> Serve(std::unique_ptr<hw::Instrument> instrument,
                                               const ServeOptions& options);

}  // namespace ronchi
