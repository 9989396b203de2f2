// The names of a twin's hidden numbers, their ranges and what they can be at all.
#pragma once

#include <map>
#include <string>

#include "core/config.h"
#include "theory/parameters/prior.h"

namespace ronchi::hw {

// Every hidden number that a twin has, with the range it has when the config names none.
const std::map<std::string, theory::Range>& DefaultTwinPrior();
// Ratios are above zero, widths and noise not below.
NumberRange PossibleHidden(const std::string& name);

}  // namespace ronchi::hw
