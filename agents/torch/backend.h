// libtorch is loaded when it is first needed, not when the program starts: it costs a third of a
// second and 140 MB. Programs link to this loader alone; the networks live in the module
// libronchi_torch.so beside it.
#pragma once

#include <memory>

#include "agents/learner.h"
#include "agents/policy_file.h"
#include "agents/torch/ppo.h"

namespace ronchi::agents {

// What the module offers.
struct TorchBackend {
  std::unique_ptr<Learner> (*make_ppo_learner)(const PpoOptions& options);
  PolicyReader read_ppo_policy;
};

// NotFound: the module lies neither beside the library that asks nor where the program's build put
// it, or libtorch is not installed. Unavailable: the process has loaded another libtorch.
absl::StatusOr<const TorchBackend*> LoadTorchBackend();

}  // namespace ronchi::agents
