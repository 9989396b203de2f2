#include "experiments/record/trained_policy.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "env/versions.h"
#include "ronchi_paths.h"

namespace ronchi {

agents::Provenance ProvenanceOf(const Recipe& recipe, const std::string& commit, int steps) {
  return {{"recipe", recipe.name}, {"environment", recipe.environment},
          {"version", kVersion},   {"seed", absl::StrCat(recipe.seed)},
          {"commit", commit},      {"steps", double(steps)}};
}

absl::StatusOr<std::unique_ptr<agents::Policy>> LoadPolicyFor(const std::string& environment,
                                                              const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(auto policy, agents::LoadPolicy(path));
  RONCHI_ASSIGN_OR_RETURN(const agents::Provenance provenance, agents::LoadProvenance(path));
  const auto found = provenance.find("environment");
  if (found != provenance.end() && std::holds_alternative<std::string>(found->second)) {
    const std::string &trained = std::get<std::string>(found->second), ids[] = {environment};
    if (!env::LaterVersion(trained, ids).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": trained in ", env::OlderVersionLine(trained, environment)));
    }
  } else if (provenance.contains("recipe")) {
    std::fprintf(
        stderr,
        "ronchi: warning: %s: does not say in which environment it was trained, hence in an "
        "older one than %s, whose images and rewards are others: train it anew\n",
        Printable(path).c_str(), environment.c_str());
  }
  return policy;
}

}  // namespace ronchi
