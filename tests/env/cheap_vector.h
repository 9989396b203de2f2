// Vectors of cheap environments, and what to do in them.
#pragma once

#include <memory>
#include <vector>

#include "core/random.h"
#include "env/vector_environment.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::env {

inline std::unique_ptr<VectorEnvironment> MakeVector(
    size_t n, Autoreset autoreset = Autoreset::kNextStep,
    const testing_support::CheapOptions& options = {}) {
  return *VectorEnvironment::Create(testing_support::CheapFactory(options),
                                    {.environments = n, .autoreset = autoreset});
}

// Actions of step t: a function of (t, environment) alone.
inline std::vector<float> VectorActions(size_t n, int t) {
  std::vector<float> actions;
  for (size_t i = 0; i < n; ++i) {
    RandomStream stream({.seed = 1, .name = "actions", .environment = i, .step = uint64_t(t)});
    actions.push_back(float(stream.Uniform(-1, 1)));
    actions.push_back(float(stream.Uniform(-2, 2)));
  }
  return actions;
}

}  // namespace ronchi::env
