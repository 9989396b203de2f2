#include "experiments/record/named_agent.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "experiments/catalog/agents.h"
#include "experiments/record/trained_policy.h"

namespace ronchi {

absl::StatusOr<NamedAgent> NamedAgent::Read(const std::string& word,
                                            const std::string& environment) {
  NamedAgent named;
  named.kind_ = agents::FindAgentKind(word);
  std::error_code ec;
  if (!named.kind_ && !std::filesystem::exists(word, ec)) {
    return absl::NotFoundError(absl::StrCat("no agent or policy file '", word, "'; agents: ",
                                            absl::StrJoin(agents::AgentKindNames(), ", ")));
  }
  if (named.kind_ && named.kind_->learns) {
    return absl::InvalidArgumentError(absl::StrCat(
        "agent '", word, "' is trained first (ronchi train); then give its policy file"));
  }
  if (!named.kind_) {
    RONCHI_ASSIGN_OR_RETURN(named.policy_, LoadPolicyFor(environment, word));
  }
  return named;
}

absl::StatusOr<std::unique_ptr<agents::Policy>> NamedAgent::Make(const env::Spec& spec,
                                                                 const Config& keys) {
  if (!kind_) return std::move(policy_);
  RONCHI_ASSIGN_OR_RETURN(const Config named, Config::Parse("kind: " + kind_->kind, kind_->kind));
  RONCHI_ASSIGN_OR_RETURN(agents::Trained made, MakeAgent(named.WithDefaults(keys), spec, {}, 0));
  return std::move(made.policy);
}

}  // namespace ronchi
