#include "experiments/catalog/describe_environment.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "experiments/catalog/environments.h"

namespace ronchi {

using nlohmann::json;

namespace {

json BoxToJson(const env::Box& box) {
  json out = {{"shape", box.shape},
              {"low", box.low},
              {"high", box.high},
              {"unit", box.unit},
              {"meaning", box.meaning}};
  if (box.choices > 0) out["choices"] = box.choices;
  if (!box.lows.empty()) {
    out["lows"] = box.lows;
    out["highs"] = box.highs;
  }
  return out;
}

json SpaceToJson(const env::DictSpace& space) {
  json out = json::object();
  for (const auto& [name, box] : space) out[name] = BoxToJson(box);
  return out;
}

json ScalarToJson(const std::string& text) {
  double number = 0;
  if (absl::SimpleAtod(text, &number)) {
    if (number == double(int64_t(number)) && text.find_first_of(".eE") == std::string::npos) {
      return int64_t(number);
    }
    return number;
  }
  if (text == "true" || text == "false") return text == "true";
  return text;
}

}  // namespace

json SpecToJson(const env::Spec& spec) {
  return {{"name", spec.id},
          {"summary", spec.summary},
          {"observation_space", SpaceToJson(spec.observation_space)},
          {"action_space", BoxToJson(spec.action_space)},
          {"reward", spec.reward},
          {"reward_threshold", spec.reward_threshold},
          {"max_episode_steps", spec.max_episode_steps},
          {"info", spec.info_names},
          {"reset_options", SpaceToJson(spec.reset_options)},
          {"needs_ground_truth", spec.needs_ground_truth}};
}

json ConfigToJson(const Config& node) {
  if (const auto text = node.Scalar(); text.ok()) return ScalarToJson(*text);
  if (node.IsSequence()) {
    json items = json::array();
    for (size_t i = 0; i < node.size(); ++i) items.push_back(ConfigToJson(node.Item(i)));
    return items;
  }
  json out = json::object();
  if (!node.IsMap()) return out;
  ConfigReader reader(node);
  for (const std::string& key : node.Keys()) out[key] = ConfigToJson(reader.Child(key));
  return out;
}

absl::StatusOr<json> DescribeEnvironment(const std::string& id) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("{}", "defaults"));
  RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make, PrepareEnvironments(id, config));
  RONCHI_ASSIGN_OR_RETURN(const std::unique_ptr<env::Environment> environment, make(0));
  json out = SpecToJson(environment->spec());
  out["kind"] = "environment";
  out["task"] = ConfigToJson(ConfigReader(config).Child("task"));
  out["used_by"] = "ronchi watch " + id + " --set task.<key>=<value>";
  return out;
}

absl::StatusOr<std::string> SummariseEnvironment(const std::string& id) {
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    if (kind.id == id && !kind.spec.summary.empty()) return kind.spec.summary;
  }
  RONCHI_ASSIGN_OR_RETURN(const std::unique_ptr<env::Environment> environment, MakeEnvironment(id));
  return environment->spec().summary;
}

}  // namespace ronchi
