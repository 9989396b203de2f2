// Scripts by their names, and the spaces that they look for.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "agents/kinds.h"

namespace ronchi::agents {

// `keys` as in a config, "{gain: 2}".
inline absl::StatusOr<std::unique_ptr<Policy>> MakeScript(const std::string& kind,
                                                          const env::Spec& spec,
                                                          const std::string& keys = "{}") {
  const Config config = *Config::Parse(keys, "agent");
  ConfigReader reader(config);
  const AgentPlan plan = FindAgentKind(kind)->read(reader);
  RONCHI_RETURN_IF_ERROR(reader.Done());
  RONCHI_ASSIGN_OR_RETURN(Trained made, plan.make(spec, {}, 1));
  return std::move(made.policy);
}

inline std::string WhyNot(const absl::StatusOr<std::unique_ptr<Policy>>& made) {
  EXPECT_TRUE(absl::IsInvalidArgument(made.status())) << made.status();
  return std::string(made.status().message());
}

// Pictures of a field, and an action that is a place in it.
inline env::Spec FieldSpec(size_t rows, size_t columns, int steps) {
  env::Spec spec;
  for (const char* name : {"image", "mask", "reconstruction", "scores"}) {
    spec.observation_space[name] = {{rows, columns}, -1e6f, 1e6f, "", name};
  }
  spec.action_space = {{2}, -1, 1, "", "place"};
  spec.max_episode_steps = steps;
  return spec;
}

// Row and column of the pixel in which a place of −1 … 1 lies.
inline std::pair<size_t, size_t> PixelAt(const Action& place, size_t rows, size_t columns) {
  return {size_t((place[1] + 1) / 2 * float(rows)), size_t((place[0] + 1) / 2 * float(columns))};
}

// A pair of numbers that is seen, and a pair to answer with, in one unit.
inline env::Spec PairSpec(const std::string& seen, const std::string& unit) {
  env::Spec spec;
  spec.observation_space[seen] = {{2}, -1e6f, 1e6f, unit, seen};
  spec.action_space = {{2}, -100, 100, unit, "change"};
  spec.max_episode_steps = 10;
  return spec;
}

}  // namespace ronchi::agents
