#include "core/config_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/config_impl.h"

namespace ronchi {

using nlohmann::json;

struct ConfigSchema::Record {
  const void* document = nullptr;
  json root = {{"type", "object"}};
};

namespace {

thread_local ConfigSchema::Record* g_record = nullptr;

// The schema of the mapping at a path such as "deploy.instrument.events[2].add".
json* At(json* node, std::string_view path) {
  while (!path.empty()) {
    const size_t end = std::min(path.find_first_of(".["), path.size());
    if (end > 0) {
      json& child = (*node)["properties"][std::string(path.substr(0, end))];
      if (!child.is_object()) child = json::object();
      node = &child;
    }
    path.remove_prefix(end);
    if (path.empty()) break;
    if (path[0] == '[') {
      const size_t close = path.find(']');
      path.remove_prefix(close + 1);
      (*node)["type"] = "array";
      json& items = (*node)["items"];
      if (!items.is_object()) items = {{"type", "object"}};
      node = &items;
    } else {
      path.remove_prefix(1);
    }
  }
  return node;
}

}  // namespace

ConfigSchema::ConfigSchema(const Config& document) : record_(new Record) {
  record_->document = document.Document();
  g_record = record_;
}

ConfigSchema::~ConfigSchema() {
  g_record = nullptr;
  delete record_;
}

json ConfigSchema::Json() const { return record_->root; }

json MergeSchemas(const json& a, const json& b) {
  if (!a.is_object() || !b.is_object()) return a;
  json out = a;
  for (const auto& [key, value] : b.items()) {
    if (key == "properties" || (value.is_object() && out.contains(key) && key != "default")) {
      json& mine = out[key];
      if (!mine.is_object()) mine = json::object();
      for (const auto& [name, schema] : value.items()) {
        mine[name] = mine.contains(name) ? MergeSchemas(mine[name], schema) : schema;
      }
    } else if (key == "required") {
      // Required is what every document has to give.
      const json theirs = value, mine = a.value("required", json::array());
      json both = json::array();
      for (const json& name : mine) {
        if (std::ranges::find(theirs, name) != theirs.end()) both.push_back(name);
      }
      out["required"] = both;
    } else if (!out.contains(key)) {
      out[key] = value;
    }
  }
  if (out.contains("required") && !b.contains("required")) out.erase("required");
  return out;
}

namespace internal {

bool Noting(const void* document) { return g_record && g_record->document == document; }

void NoteKey(const void* document, std::string_view path, std::string_view key, const json& what,
             bool required) {
  if (!Noting(document)) return;
  json* node = At(&g_record->root, path);
  (*node)["type"] = "object";
  json& child = (*node)["properties"][std::string(key)];
  if (!child.is_object()) child = json::object();
  for (const auto& [name, value] : what.items()) child[name] = value;
  if (!required) return;
  json& names = (*node)["required"];
  if (!names.is_array()) names = json::array();
  if (std::ranges::find(names, key) == names.end()) names.push_back(std::string(key));
}

void NoteClosed(const void* document, std::string_view path) {
  if (Noting(document)) (*At(&g_record->root, path))["additionalProperties"] = false;
}

}  // namespace internal
}  // namespace ronchi
