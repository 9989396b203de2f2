#pragma once
// A cheap environment walked by random actions through its episodes, for tests of wrappers.
#include <memory>
#include <optional>
#include <vector>

#include "core/random.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::env {

using testing_support::CheapFactory;
using testing_support::CheapOptions;

inline std::unique_ptr<Environment> Cheap(const CheapOptions& options = {}) {
  return *CheapFactory(options)(0);
}

inline std::vector<float> ActionOf(int t) {
  RandomStream stream({.seed = 3, .name = "actions", .step = uint64_t(t)});
  return {float(stream.Uniform(-1, 1)), float(stream.Uniform(-2, 2))};
}

// A step, or a new episode after the end of one. nullopt: a reset.
struct Walker {
  explicit Walker(std::unique_ptr<Environment> e)
      : environment(std::move(e)), row(environment->spec().observation_size()) {}
  std::optional<Outcome> Go(int t) { return Go(ActionOf(t)); }
  std::optional<Outcome> Go(const std::vector<float>& action) {
    if (begun && !ended) {
      const auto outcome = environment->StepInto(action, row);
      RONCHI_CHECK(outcome.ok());
      ended = outcome->terminated || outcome->truncated;
      return *outcome;
    }
    const std::optional<uint64_t> seed = begun ? std::nullopt : std::optional<uint64_t>(5);
    RONCHI_CHECK(environment->ResetInto(seed, {}, row).ok());
    begun = true;
    ended = false;
    return std::nullopt;
  }
  std::unique_ptr<Environment> environment;
  std::vector<float> row;
  bool begun = false, ended = false;
};

}  // namespace ronchi::env
