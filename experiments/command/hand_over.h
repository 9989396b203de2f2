// Workflows are another program's, ronchi-flow: half as much code again, of which many never need
// any; servers likewise, ronchi-serve. Parts of the build that are made when they are first asked
// for (core/later_part.h).
#pragma once

#include <string>

#include "experiments/command/command_line.h"

namespace ronchi {

// What tells workflows and their runs from recipes and theirs. False too when there is none.
bool IsWorkflowFile(const std::string& path);
bool IsWorkflowFolder(const std::string& folder);

// Goes on as ronchi-flow, ronchi-serve with the same command line. Returns, with an exit status,
// only when that cannot be had.
int HandOver(const Arguments& a);
int HandOverToServe(const Arguments& a);

}  // namespace ronchi
