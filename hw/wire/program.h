// A program of ours that speaks over its standard input and output. It is started once, in a
// process group of its own, so that Ctrl-C at the terminal does not reach it before the beam is
// blanked; what it says on standard error comes out on ours.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/wire/connection.h"

namespace ronchi::hw::wire {

struct ProgramOptions {
  std::vector<std::string> command;  // the program and its arguments; found along PATH
  std::string folder;                // it runs there; empty: here
  double end_s = 5;  // from the end of its input it has so long to end by itself, and is then ended
};

// NotFound: no such program or folder. Its end is that of the object.
absl::StatusOr<std::unique_ptr<Endpoint>> StartProgram(const ProgramOptions& options);

}  // namespace ronchi::hw::wire
