// An instrument in another process, or on another computer: what is asked and answered goes over a
// wire (docs/add_driver.md, "The wire"). What the description forbids is refused here and never
// sent.
//
// A link that is lost, garbled or silent is an error of kind communication or timeout with effect
// perhaps: neither the command's outcome nor whether the beam is blanked is known. The link is then
// given up; where the other side can be reached again, the next command makes a new one and finds
// the beam blanked, as every server blanks when it loses the connection that commands.
#pragma once

#include <memory>

#include "hw/instrument/instrument.h"
#include "hw/wire/connection.h"

namespace ronchi::hw {

struct RemoteOptions {
  double connect_s = 10;  // for a connection and the greeting
  double silence_s = 10;  // a server that executes says so every second; without a word it is gone
  double cancel_s = 10;   // from a cancel to the end of the command
  double longest_s = 60;  // a command, beyond what the description predicts it to take
};

// Connects and greets. Unavailable, DeadlineExceeded: nobody, no answer. Unimplemented: another
// version of the wire. InvalidArgument: what answers is no instrument.
absl::StatusOr<std::unique_ptr<Instrument>> MakeRemote(std::unique_ptr<wire::Endpoint> endpoint,
                                                       const RemoteOptions& options = {});

}  // namespace ronchi::hw
