// Workflows are another program's, ronchi-flow: half as much code again, of which many never need
// any. A part of the build that is made when it is first asked for (core/later_part.h).
#pragma once

#include <string>

#include "experiments/command/command_line.h"

namespace ronchi {

// What tells workflows and their runs from recipes and theirs. False too when there is none.
bool IsWorkflowFile(const std::string& path);
bool IsWorkflowFolder(const std::string& folder);

// Goes on as ronchi-flow with the same command line. Returns, with an exit status, only when that
// cannot be had.
int HandOver(const Arguments& a);

}  // namespace ronchi
