// A program of verbs: its command line, read and checked. Each verb is one function; the work is
// done elsewhere. Exit status: 0 done, 1 failed, 2 bad input, 3 ended early, 130 interrupted.
#pragma once

#include <map>
#include <string>

#include "experiments/command/command_line.h"

namespace ronchi {

using VerbFunction = int (*)(const Arguments&);
using VerbFunctions = std::map<std::string, VerbFunction>;

// The exit status of the verb that the command line names.
int RunProgram(const VerbFunctions& functions, int argc, char** argv);

}  // namespace ronchi
