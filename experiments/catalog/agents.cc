#include "experiments/catalog/agents.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi {
namespace {

using agents::AgentKey;
using agents::AgentKind;
using agents::AgentPlan;
using nlohmann::json;

constexpr char kDefaultKind[] = "gp";

absl::StatusOr<const AgentKind*> ReadKind(ConfigReader& reader) {
  std::string kind = kDefaultKind;
  reader.Choice("kind", &kind, agents::AgentKindNames());
  if (!reader.ok()) return reader.status();
  return agents::FindAgentKind(kind);
}

absl::StatusOr<AgentPlan> ReadPlan(const Config& agent, const env::Spec& spec) {
  ConfigReader reader(agent);
  RONCHI_ASSIGN_OR_RETURN(const AgentKind* const kind, ReadKind(reader));
  AgentPlan plan = kind->read(reader);
  for (const AgentKind& other : agents::AgentKinds()) {
    for (const AgentKey& key : other.keys) {
      if (reader.Has(key.name)) reader.Known(key.name);
    }
  }
  RONCHI_RETURN_IF_ERROR(reader.Done());
  if (const absl::Status status = plan.fits(spec); !status.ok()) {
    return agent.Error("kind", absl::StrCat("'", kind->kind, "' does not fit ", spec.id, ": ",
                                            std::string(status.message())));
  }
  return plan;
}

// The defaults that a kind writes into an empty mapping.
absl::StatusOr<Config> Defaults(const AgentKind& kind) {
  RONCHI_ASSIGN_OR_RETURN(const Config empty, Config::Parse("{}", "agent"));
  ConfigReader reader(empty);
  kind.read(reader);
  RONCHI_RETURN_IF_ERROR(reader.Done());
  return Config::Parse(empty.Dump(), "agent");
}

}  // namespace

absl::StatusOr<const AgentKind*> AgentKindOf(const Config& agent) {
  ConfigReader reader(agent);
  return ReadKind(reader);
}

absl::Status CheckAgent(const Config& agent, const env::Spec& spec) {
  return ReadPlan(agent, spec).status();
}

absl::StatusOr<agents::Trained> MakeAgent(const Config& agent, const env::Spec& spec,
                                          const env::EnvironmentFactory& make, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(const AgentPlan plan, ReadPlan(agent, spec));
  return plan.make(spec, make, seed);
}

absl::StatusOr<json> DescribeAgent(const std::string& name) {
  const AgentKind* const kind = agents::FindAgentKind(name);
  if (!kind) return absl::NotFoundError(absl::StrCat("no agent is called '", name, "'"));
  json out = {{"kind", "agent"},
              {"name", name},
              {"summary", kind->summary},
              {"learns", kind->learns},
              {"used_by", "agent: {kind: " + name + ", …} in a recipe"}};
  RONCHI_ASSIGN_OR_RETURN(const Config defaults, Defaults(*kind));
  for (const AgentKey& key : kind->keys) {
    json standard = "by the task";
    if (defaults.IsMap() && defaults.Has(key.name)) {
      ConfigReader reader(defaults);
      std::string text;
      reader.Text(key.name, &text);
      standard = json::parse(text, nullptr, false);
      if (standard.is_discarded()) standard = text;
    }
    out["options"]["agent." + key.name] = {{"default", standard}, {"meaning", key.meaning}};
  }
  return out;
}

}  // namespace ronchi
