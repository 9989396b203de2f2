// Adds latency on the host's clock: a network, a slow server, or a simulation in real time.
#pragma once

#include <memory>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

struct SlowOptions {
  double latency_s = 0;  // before every command
  // Of the time that a command took on the instrument's clock, spent after it: 1 makes a
  // simulation real-time. Lines come all at once before.
  double real_time = 0;
};

// A wait ends when the command is cancelled: before the command as kCancelled (blank, safe, abort
// and read go on), after it with the reply.
std::unique_ptr<Instrument> MakeSlow(std::unique_ptr<Instrument> inner, const SlowOptions& options);

}  // namespace ronchi::hw
