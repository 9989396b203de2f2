// An agent of the catalogue that learns nothing, for episodes of tests and benches.
#pragma once

#include <string>

#include "experiments/catalog/agents.h"
#include "tests/support/episodes.h"

namespace ronchi::testing_support {

// `agent` as in a recipe: "hold", or "{kind: predict, alpha: 0.4}".
inline Actor Agent(const env::Spec& spec, const std::string& agent) {
  const Config config = *Config::Parse(agent[0] == '{' ? agent : "{kind: " + agent + "}", "agent");
  auto made = MakeAgent(config, spec, {}, 1);
  RONCHI_CHECK(made.ok());
  return Of(std::move(made->policy));
}

}  // namespace ronchi::testing_support
