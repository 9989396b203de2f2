// Thompson sampling (Biometrika 25, 285, 1933): the maximum of one function drawn from the
// posterior. It is drawn jointly at a finite set of points, 256 Sobol points and those near the
// incumbent, which takes any kernel and is exact there; between them it does not look.
#pragma once

#include <memory>

#include "agents/bayes/acquisition.h"

namespace ronchi::agents {

// Of AcquisitionOptions nothing is used.
std::shared_ptr<const Acquisition> MakeThompson();

}  // namespace ronchi::agents
