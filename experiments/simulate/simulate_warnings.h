// What a person should know before trusting a simulation that can be carried out as it stands.
#pragma once

#include <string>
#include <vector>

#include "sim/simulation.h"

namespace ronchi {

// One line each: those of the structure file; partly occupied sites imaged at rest; scattering
// factors used beyond where they hold; what an integrated DPC of segments is not.
std::vector<std::string> SimulationWarnings(const sim::SimulationOptions& options);

}  // namespace ronchi
