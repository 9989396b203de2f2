// Included by programs that link to the libtorch backend: their networks come from it, not from the
// module that the program `ronchi` loads.
#pragma once

#include "agents/torch/networks.h"

namespace ronchi::agents {

inline const bool kWithTorch = (UseNetworkBackend(&TorchNetworks()), true);

}  // namespace ronchi::agents
