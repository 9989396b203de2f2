// An environment with a map twin of its own that can be made to fail, and what passed between them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "env/task.h"
#include "hw/instrument/ground_truth.h"
#include "tests/support/in_space.h"
#include "tests/support/instruments.h"
#include "tests/support/map_twin.h"

namespace ronchi::testing_support {

template <class Environment, class Options>
struct MapWorld {
  explicit MapWorld(const Options& options, const std::string& yaml = "preset: plasmonic_particles")
      : instrument(*hw::MakeMapTwin(MapFromYaml(yaml), 0), seen,
                   [this](const hw::Command& c) {
                     return broken && hw::Exposes(c) ? absl::UnavailableError("link lost")
                                                     : absl::OkStatus();
                   }),
        env(*Environment::Create(&instrument, options)) {}
  bool broken = false;
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  Spy instrument;
  std::unique_ptr<Environment> env;
};

// Everything an episode gives under actions that are a function of the step.
struct Trace {
  std::vector<env::Observation> observations;
  std::vector<double> rewards;
  env::Info info;
  bool operator==(const Trace&) const = default;
};
inline std::vector<float> SomeAction(const env::Spec& spec, int step) {
  RandomStream r({.seed = 2, .name = "test.action", .step = uint64_t(step)});
  std::vector<float> a(spec.action_space.size());
  for (float& v : a) v = float(r.Uniform(-1, 1));
  return a;
}
inline Trace GoOn(env::Environment* e, int from, int steps) {
  Trace t;
  for (int i = from; i < from + steps; ++i) {
    auto r = e->Step(SomeAction(e->spec(), i));
    EXPECT_TRUE(r.ok()) << r.status();
    if (!r.ok()) return t;
    t.observations.push_back(std::move(r->observation));
    t.rewards.push_back(r->reward);
    t.info = r->info;
  }
  return t;
}
inline Trace Episode(env::Environment* e, std::optional<uint64_t> seed, int steps) {
  auto reset = e->Reset(seed);
  EXPECT_TRUE(reset.ok()) << reset.status();
  Trace t = GoOn(e, 0, steps);
  t.observations.push_back(std::move(reset->observation));
  return t;
}

// Step before Reset and after the end; wrong sizes, what is not finite, out of bounds: errors, and
// no step of them. The observation lies in its space throughout; the end comes once, on time.
inline void ExpectContract(env::Environment* e) {
  const env::Spec& spec = e->spec();
  EXPECT_TRUE(absl::IsFailedPrecondition(e->Step(SomeAction(spec, 0)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(e->Reset(1, {{"no such option", 1}}).status()));
  for (int episode = 0; episode < 2; ++episode) {
    const auto reset = e->Reset(episode ? std::nullopt : std::optional<uint64_t>(3));
    ASSERT_TRUE(reset.ok()) << reset.status();
    ExpectInSpace(spec, reset->observation);
    EXPECT_EQ(reset->observation.at("remaining")[0] > 0, true);
    const size_t n = spec.action_space.size();
    const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
    for (float bad : {nan, inf, -inf, 1.001f, -1.001f}) {
      std::vector<float> action(n);
      action.back() = bad;
      EXPECT_TRUE(absl::IsInvalidArgument(e->Step(action).status())) << bad;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(e->Step(std::vector<float>(n + 1)).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(e->Step(std::vector<float>{}).status()));
    for (int step = 1; step <= spec.max_episode_steps; ++step) {
      const auto r = e->Step(SomeAction(spec, step));
      ASSERT_TRUE(r.ok()) << r.status();
      ExpectInSpace(spec, r->observation);
      EXPECT_TRUE(std::isfinite(r->reward));
      EXPECT_EQ(r->terminated, step == spec.max_episode_steps);
      EXPECT_FALSE(r->truncated);
    }
    EXPECT_TRUE(absl::IsFailedPrecondition(e->Step(SomeAction(spec, 0)).status()));
  }
}

}  // namespace ronchi::testing_support
