// Where networks come from: those of numbers alone are our own (native_actor_critic.h), unless the
// environment variable RONCHI_NETWORKS is "torch", for a comparison. The rest is in the module
// libronchi_torch.so, loaded when one is first needed, not when the program starts (it costs a
// third of a second and 140 MB), and built then, where ./ronchi has built the program alone; or
// what a program that links to a backend itself has named.
#pragma once

#include <memory>

#include "agents/nn/actor_critic.h"

namespace ronchi::agents {

// What a backend offers.
struct NetworkBackend {
  absl::StatusOr<std::unique_ptr<ActorCritic>> (*make_actor_critic)(const ActorCriticShape& shape,
                                                                    uint64_t seed);
};

// In place of the module's, for a program that links to a backend, as tests do. At start-up.
void UseNetworkBackend(const NetworkBackend* backend);

// NotFound: the module lies neither beside the library that asks nor where the program's build put
// it, or libtorch is not installed. Unavailable: the process has loaded another libtorch.
absl::StatusOr<const NetworkBackend*> LoadNetworkBackend();

}  // namespace ronchi::agents
