// What of a document does not fit its JSON Schema.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ronchi::testing_support {

// The little of JSON Schema that is used here. What does not fit, as "path: why".
inline std::vector<std::string> Misfits(const nlohmann::json& value, const nlohmann::json& schema,
                                        const nlohmann::json& root, const std::string& path = "") {
  using nlohmann::json;
  if (schema.contains("$ref")) {
    const std::string ref = schema["$ref"];
    return Misfits(value, root.at(json::json_pointer(ref.substr(1))), root, path);
  }
  if (schema.contains("anyOf")) {
    std::vector<std::string> all;
    for (const json& one : schema["anyOf"]) {
      const auto misfits = Misfits(value, one, root, path);
      if (misfits.empty()) return {};
      all.insert(all.end(), misfits.begin(), misfits.end());
    }
    return all;
  }
  std::vector<std::string> out;
  const std::string type = schema.value("type", "");
  const bool right =
      type.empty() || (type == "number" && value.is_number()) ||
      (type == "integer" && value.is_number_integer()) ||
      (type == "boolean" && value.is_boolean()) || (type == "string" && value.is_string()) ||
      (type == "array" && value.is_array()) || (type == "object" && value.is_object());
  if (!right) return {path + ": not of type " + type};
  if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) {
    out.push_back(path + ": not one of " + schema["enum"].dump());
  }
  if (value.is_number() && (value < schema.value("minimum", value.get<double>()) ||
                            value > schema.value("maximum", value.get<double>()))) {
    out.push_back(path + ": out of range");
  }
  if (value.is_array() && schema.contains("items")) {
    for (const json& item : value) {
      for (const auto& m : Misfits(item, schema["items"], root, path + "[]")) out.push_back(m);
    }
  }
  if (!value.is_object()) return out;
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name)) out.push_back(path + "." + name.get<std::string>() + ": missing");
  }
  const json keys = schema.value("properties", json::object());
  for (const auto& [name, item] : value.items()) {
    if (keys.contains(name)) {
      for (const auto& m : Misfits(item, keys[name], root, path + "." + name)) out.push_back(m);
    } else if (schema.value("additionalProperties", json(true)) == json(false)) {
      out.push_back(path + "." + name + ": no such key");
    }
  }
  return out;
}

}  // namespace ronchi::testing_support
