// Expected improvement, by its logarithm (agents/bayes/log_ei.h). With noisy observations the
// incumbent is the highest posterior mean at the points observed, not the highest output, which
// would be the luckiest one (the plug-in of Picheny, Wagner & Ginsbourger, Struct. Multidisc.
// Optim. 48, 607, 2013).
#pragma once

#include <memory>

#include "agents/bayes/acquisition.h"

namespace ronchi::agents {

std::shared_ptr<const Acquisition> MakeExpectedImprovement();

}  // namespace ronchi::agents
