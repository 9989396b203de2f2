// An actor and a critic as learners see them: rows of floats in (agents/features.h), numbers out,
// and gradients. What they are made of is a backend's (native_actor_critic.h, torch/); losses,
// optimisers and distributions know nothing of it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agents/features.h"
#include "core/status.h"

namespace ronchi::agents {

struct ActorCriticShape {
  FeatureLayout layout;  // rows in; the actor has layout.action_size() outputs, the critic one
  size_t hidden = 64;    // units of each of two layers
};

struct ActorCriticOutputs {
  std::vector<float> actor;   // [n, action_size]
  std::vector<float> critic;  // [n]
};

class ActorCritic {
 public:
  virtual ~ActorCritic() = default;
  // rows [n, row_size]. Internal: the backend failed.
  virtual absl::StatusOr<ActorCriticOutputs> Forward(std::span<const float> rows) = 0;
  // Gradient of a loss with respect to the parameters; `of_outputs` is given the outputs for these
  // rows and returns the loss's gradient with respect to them.
  using OfOutputs = std::function<ActorCriticOutputs(const ActorCriticOutputs& outputs)>;
  virtual absl::StatusOr<std::vector<float>> Gradient(std::span<const float> rows,
                                                      const OfOutputs& of_outputs) = 0;

  // All parameters one after the other, in the order of `parts`.
  struct Part {
    std::string name;  // "actor.output.bias"
    size_t size = 0;
  };
  virtual std::vector<Part> parts() const = 0;
  virtual std::vector<float> Parameters() const = 0;
  virtual absl::Status SetParameters(std::span<const float> parameters) = 0;
};

// With the backend that does the shape (agents/nn/backend.h). Weights are orthogonal, a function of
// the seed. NotFound, Unavailable: no backend. InvalidArgument: RONCHI_NETWORKS is something else.
absl::StatusOr<std::unique_ptr<ActorCritic>> MakeActorCritic(const ActorCriticShape& shape,
                                                             uint64_t seed);

}  // namespace ronchi::agents
