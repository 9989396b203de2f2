// How a workflow's run ended, in the words that all runs have.
#pragma once

#include "experiments/loop/ending.h"
#include "hw/workflow/run.h"

namespace ronchi {

// `done` and the workflow's own `stop` are all that was asked for.
Ending EndingOf(const hw::workflow::RunResult& result);

}  // namespace ronchi
