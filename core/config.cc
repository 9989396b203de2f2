#include "core/config.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/config_impl.h"
#include "core/config_tree.h"
#include "core/files.h"

namespace ronchi {

absl::StatusOr<Config> Config::Load(const std::string& path,
                                    const std::vector<std::string>& overrides) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kConfigFile));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": the file is empty"));
  return Parse(text, path, overrides);
}

absl::StatusOr<Config> Config::Parse(const std::string& text, const std::string& name,
                                     const std::vector<std::string>& overrides) {
  auto impl = std::make_shared<Impl>();
  impl->file = name;
  impl->overrides = std::make_shared<std::map<std::string, std::string>>();
  RONCHI_ASSIGN_OR_RETURN(impl->node, internal::LoadYaml(text, name));
  if (impl->node.IsNull()) impl->node = YAML::Node(YAML::NodeType::Map);
  if (!impl->node.IsMap()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":1: expected a mapping of keys"));
  }
  for (const std::string& o : overrides) {
    RONCHI_RETURN_IF_ERROR(internal::ApplyOverride(impl->node, o));
    (*impl->overrides)[o.substr(0, o.find('='))] = o;
  }
  RONCHI_RETURN_IF_ERROR(internal::CheckTree(name, impl->node));
  return Config(impl);
}

bool Config::Has(std::string_view key) const { return impl_->Get(key).IsDefined(); }
bool Config::IsMap() const { return impl_->node.IsDefined() && impl_->node.IsMap(); }
bool Config::IsSequence() const { return impl_->node.IsDefined() && impl_->node.IsSequence(); }
size_t Config::size() const { return IsSequence() ? impl_->node.size() : 0; }
std::string Config::path() const { return impl_->path; }
Config Config::WithDefaults(const Config& other) const {
  auto merged = std::make_shared<Impl>(*impl_);
  merged->parent = nullptr;
  merged->node.reset(YAML::Node(YAML::NodeType::Map));  // an assignment would change this one, too
  // The values themselves, not copies: a copy does not know its line.
  for (const std::string& key : Keys()) merged->node[key] = impl_->Get(key);
  for (const std::string& key : other.Keys()) {
    if (!Has(key)) merged->node[key] = YAML::Clone(other.impl_->Get(key));
  }
  return Config(std::move(merged));
}

std::string Config::file() const { return impl_->file; }

Config Config::Item(size_t index) const {
  auto item = std::make_shared<Impl>();
  item->node = impl_->node[index];
  item->file = impl_->file;
  item->overrides = impl_->overrides;
  item->path = absl::StrCat(impl_->path, "[", index, "]");
  item->parent = impl_;
  return Config(item);
}

std::vector<std::string> Config::Keys() const {
  std::vector<std::string> keys;
  if (!IsMap()) return keys;
  for (const auto& pair : impl_->node) {
    if (!impl_->Hides(pair.first.Scalar())) keys.push_back(pair.first.Scalar());
  }
  return keys;
}

absl::StatusOr<std::string> Config::Scalar() const {
  if (!impl_->node.IsDefined() || !impl_->node.IsScalar()) {
    return Error("", "expected a single value");
  }
  return impl_->node.Scalar();
}

int Config::Line(std::string_view key) const {
  int line = impl_->line();
  if (key.empty()) return line;
  const YAML::Node child = impl_->Get(key);
  if (child.IsDefined() && child.Mark().line >= 0) line = child.Mark().line + 1;
  if (impl_->node.IsDefined() && impl_->node.IsMap()) {  // the key's own line, for empty values
    for (const auto& pair : impl_->node) {
      if (pair.first.Scalar() == key && pair.first.Mark().line >= 0) {
        line = pair.first.Mark().line + 1;
      }
    }
  }
  return line;
}

std::string Config::Where(std::string_view key) const {
  const std::string path = JoinPath(impl_->path, key);
  return absl::StrCat(impl_->Place(path, Line(key)), path.empty() ? "" : ": ", path);
}

absl::Status Config::Error(std::string_view key, std::string_view message) const {
  return absl::InvalidArgumentError(absl::StrCat(Where(key), ": ", std::string(message)));
}

std::string Config::Dump() const {
  YAML::Emitter out;
  out << impl_->node;
  return std::string(out.c_str()) + "\n";
}

const void* Config::Document() const { return impl_->overrides.get(); }

}  // namespace ronchi
