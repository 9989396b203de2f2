// The backend of our own for networks of numbers alone: two hidden layers of tanh for the actor and
// as many for the critic, in float32. Names, order and layout of the parameters are those of the
// libtorch backend, and so are the first weights of a seed, to round-off; files are read by either.
#pragma once

#include <memory>

#include "agents/nn/backend.h"

namespace ronchi::agents {

// Whether the layout is one of numbers alone. Images need convolutions, which are libtorch's.
bool NativeNetworksCan(const ActorCriticShape& shape);

// For shapes that NativeNetworksCan. Any number of threads may call Forward at a time; the same
// rows give the same bits. The hyperbolic tangent is a rational approximation of float32, whose
// error is below 5e-7. InvalidArgument: another shape, no units, rows that are not whole.
const NetworkBackend& NativeNetworks();

}  // namespace ronchi::agents
