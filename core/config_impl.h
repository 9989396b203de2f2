// What a Config refers to: one node of a YAML document. For core/config*.cc alone.
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/config.h"

namespace ronchi {

inline std::string JoinPath(std::string_view path, std::string_view key) {
  if (path.empty()) return std::string(key);
  if (key.empty()) return std::string(path);
  return absl::StrCat(std::string(path), ".", std::string(key));
}

// A parent link makes absent children writable: the mapping comes to be when a default is stored.
struct Config::Impl {
  YAML::Node node;
  std::string file;
  std::string path;
  std::shared_ptr<Impl> parent;
  std::string key;
  // Of the whole document: path → the --set text that wrote it.
  std::shared_ptr<std::map<std::string, std::string>> overrides;
  std::vector<std::string> hidden;  // keys of this node that are not seen

  bool Hides(std::string_view k) const {
    return std::find(hidden.begin(), hidden.end(), k) != hidden.end();
  }
  bool present() const { return node.IsDefined() && !node.IsNull(); }
  int line() const {
    if (node.IsDefined() && node.Mark().line >= 0) return node.Mark().line + 1;
    return parent ? parent->line() : 1;
  }
  YAML::Node Get(std::string_view k) const {
    if (!node.IsDefined() || !node.IsMap() || Hides(k))
      return YAML::Node(YAML::NodeType::Undefined);
    const YAML::Node& constant = node;
    return constant[std::string(k)];
  }
  // Where the value at `at` comes from: "--set 'beam.energy_keV=-5'", else "file:line".
  std::string Place(const std::string& at, int line) const {
    // An override says events.0.at_scan where paths say events[0].at_scan.
    const std::string dotted = absl::StrReplaceAll(at, {{"[", "."}, {"]", ""}}) + ".";
    for (const auto& [written, text] : *overrides) {
      if (dotted.rfind(written + ".", 0) == 0) return absl::StrCat("--set '", text, "'");
    }
    return absl::StrCat(file, ":", line);
  }
  void Store(std::string_view k, const YAML::Node& value) {
    if (!present()) {
      node = YAML::Node(YAML::NodeType::Map);
      if (parent) parent->Store(key, node);
    }
    // A mistake that is told when the config is read: there is no place for a default in it.
    if (!node.IsMap()) return;
    node[std::string(k)] = value;
  }
};

}  // namespace ronchi
