// The libtorch backend, for programs that link to it. Others load it: agents/nn/backend.h.
#pragma once

#include "agents/nn/backend.h"

namespace ronchi::agents {

const NetworkBackend& TorchNetworks();

}  // namespace ronchi::agents
