// Records what passes through.
#pragma once

#include <memory>
#include <string>

#include "hw/record/event_log.h"

namespace ronchi::hw {

// A command that could not be recorded is an error (and Guarded, if outside, blanks): no unrecorded
// operation but one: a confirmed blank or safe is confirmed all the same, and a note of it kept for
// when the disk has room. What is ended by a crash of the process is not in the log; the guard's
// ledger books exposures ahead.
std::unique_ptr<Instrument> MakeRecorded(std::unique_ptr<Instrument> inner, std::string name,
                                         std::shared_ptr<EventLog> log);

}  // namespace ronchi::hw
