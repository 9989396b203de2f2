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

namespace {

std::string JoinPath(std::string_view path, std::string_view key) {
  if (path.empty()) return std::string(key);
  if (key.empty()) return std::string(path);
  return absl::StrCat(std::string(path), ".", std::string(key));
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

std::string RangeText(const NumberRange& r) {
  if (std::isinf(r.min) && std::isinf(r.max)) return "any finite number";
  if (std::isinf(r.max)) return absl::StrFormat("%g or more", r.min);
  if (std::isinf(r.min)) return absl::StrFormat("%g or less", r.max);
  return absl::StrFormat("%g … %g", r.min, r.max);
}

std::string NotANumber(std::string_view text) {
  double value;
  const std::string first = std::string(text.substr(0, text.find(' ')));
  if (text.find(' ') != std::string_view::npos && absl::SimpleAtod(first, &value)) {
    return absl::StrCat(
        "'", std::string(text),
        "' is not a number; the key's name carries the unit, give the number alone");
  }
  return absl::StrCat("'", std::string(text), "' is not a number");
}

}  // namespace

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
  merged->node = impl_->present() ? YAML::Clone(impl_->node) : YAML::Node(YAML::NodeType::Map);
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
  for (const auto& pair : impl_->node) keys.push_back(pair.first.Scalar());
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

ConfigReader::ConfigReader(Config node) : node_(std::move(node)) {
  if (node_.impl_->present() && !node_.IsMap()) {
    is_mapping_ = false;
    Fail("", "expected a mapping of keys");
  }
}

void ConfigReader::Known(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

bool ConfigReader::Failed(std::string_view key) const {
  return std::any_of(errors_.begin(), errors_.end(), [&](const Error& e) { return e.key == key; });
}

void ConfigReader::Fail(std::string_view key, std::string_view message) {
  if (!Failed(key)) errors_.push_back({std::string(key), node_.Error(key, message)});
}

void ConfigReader::FailMissing(std::string_view key) {
  if (Failed(key)) return;
  Fail(key, "missing; this key is required");
  errors_.back().missing = true;
}

bool ConfigReader::Find(std::string_view key, bool required, std::string* text) {
  Known(key);
  if (!is_mapping_) return false;
  const YAML::Node child = node_.impl_->Get(key);
  if (!child.IsDefined() || child.IsNull()) {
    if (required) FailMissing(key);
    return false;
  }
  if (!child.IsScalar()) {
    Fail(key, "expected a single value");
    return false;
  }
  *text = child.Scalar();
  return true;
}

void ConfigReader::Number(std::string_view key, double* value, NumberRange range, bool required) {
  std::string text;
  if (Find(key, required, &text)) {
    double parsed = 0;
    if (!absl::SimpleAtod(text, &parsed)) return Fail(key, NotANumber(text));
    if (!std::isfinite(parsed) || parsed < range.min || parsed > range.max) {
      return Fail(key, absl::StrCat(text, " is not allowed; allowed: ", RangeText(range)));
    }
    *value = parsed;
  } else if (ok()) {
    node_.impl_->Store(key, YAML::Node(absl::StrFormat("%.17g", *value)));
  }
}

void ConfigReader::Integer(std::string_view key, int64_t* value, NumberRange range, bool required) {
  std::string text;
  if (Find(key, required, &text)) {
    int64_t parsed = 0;
    if (!absl::SimpleAtoi(text, &parsed)) {
      return Fail(key, absl::StrCat("'", text, "' is not a whole number"));
    }
    if (double(parsed) < range.min || double(parsed) > range.max) {
      return Fail(key, absl::StrCat(text, " is not allowed; allowed: ", RangeText(range)));
    }
    *value = parsed;
  } else if (ok()) {
    node_.impl_->Store(key, YAML::Node(*value));
  }
}

void ConfigReader::Integer(std::string_view key, int* value, NumberRange range, bool required) {
  int64_t wide = *value;
  range.min = std::max(range.min, -2147483648.0);
  range.max = std::min(range.max, 2147483647.0);
  Integer(key, &wide, range, required);
  *value = int(wide);
}

void ConfigReader::Seed(std::string_view key, uint64_t* value) {
  std::string text;
  if (Find(key, false, &text)) {
    if (!absl::SimpleAtoi(text, value)) {
      Fail(key, absl::StrCat("'", text, "' is not a seed; allowed: 0 … 2^64 - 1"));
    }
  } else if (ok()) {
    node_.impl_->Store(key, YAML::Node(*value));
  }
}

void ConfigReader::Bool(std::string_view key, bool* value) {
  std::string text;
  if (Find(key, false, &text)) {
    if (text == "true")
      *value = true;
    else if (text == "false")
      *value = false;
    else
      Fail(key, absl::StrCat("'", text, "' is not allowed; allowed: true, false"));
  } else if (ok()) {
    node_.impl_->Store(key, YAML::Node(*value));
  }
}

void ConfigReader::Text(std::string_view key, std::string* value, bool required) {
  std::string text;
  if (Find(key, required, &text)) {
    *value = text;
  } else if (ok() && !value->empty()) {
    node_.impl_->Store(key, YAML::Node(*value));
  }
}

void ConfigReader::Choice(std::string_view key, std::string* value,
                          const std::vector<std::string>& allowed) {
  std::string text = *value;
  Text(key, &text);
  if (Failed(key) || !is_mapping_) return;
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    return Fail(
        key, absl::StrCat("'", text, "' is not allowed; allowed: ", absl::StrJoin(allowed, ", ")));
  }
  *value = text;
}

void ConfigReader::Numbers(std::string_view key, std::vector<double>* value, size_t count,
                           NumberRange range, bool required) {
  Known(key);
  if (!is_mapping_) return;
  const YAML::Node child = node_.impl_->Get(key);
  if (!child.IsDefined() || child.IsNull()) {
    if (required) return FailMissing(key);
    if (!ok()) return;
    YAML::Node list(YAML::NodeType::Sequence);
    list.SetStyle(YAML::EmitterStyle::Flow);
    for (double v : *value) list.push_back(absl::StrFormat("%.17g", v));
    node_.impl_->Store(key, list);
    return;
  }
  if (!child.IsSequence() || (count != 0 && child.size() != count)) {
    return Fail(key, count ? absl::StrCat("expected a list of ", count, " numbers")
                           : std::string("expected a list of numbers"));
  }
  std::vector<double> parsed;
  for (const auto& item : child) {
    double v = 0;
    if (!item.IsScalar() || !absl::SimpleAtod(item.Scalar(), &v)) {
      return Fail(key, item.IsScalar() ? NotANumber(item.Scalar()) : "expected a list of numbers");
    }
    if (!std::isfinite(v) || v < range.min || v > range.max) {
      return Fail(key, absl::StrCat(item.Scalar(), " is not allowed; allowed: ", RangeText(range)));
    }
    parsed.push_back(v);
  }
  *value = parsed;
}

Config ConfigReader::Child(std::string_view key) {
  Known(key);
  auto child = std::make_shared<Config::Impl>();
  child->node = YAML::Node(YAML::NodeType::Null);
  const YAML::Node found = node_.impl_->Get(key);
  if (found.IsDefined()) child->node.reset(found);
  child->file = node_.impl_->file;
  child->overrides = node_.impl_->overrides;
  child->path = JoinPath(node_.impl_->path, key);
  child->parent = node_.impl_;
  child->key = std::string(key);
  return Config(child);
}

absl::Status ConfigReader::Unknown(const std::string& key, std::string* meant) const {
  const auto nearest = std::min_element(known_.begin(), known_.end(),
                                        [&](const std::string& a, const std::string& b) {
                                          return EditDistance(a, key) < EditDistance(b, key);
                                        });
  std::string hint = ";";
  if (nearest != known_.end() &&
      EditDistance(*nearest, key) <= std::max<size_t>(2, key.size() / 2)) {
    hint = absl::StrCat("; did you mean '", *nearest, "'?");
    *meant = *nearest;
  }
  return node_.Error(key,
                     absl::StrCat("unknown key", hint, " allowed: ", absl::StrJoin(known_, ", ")));
}

absl::Status ConfigReader::status() const {
  ErrorList all;
  for (const Error& e : errors_) all.Add(e.status);
  return all.status();
}

absl::Status ConfigReader::Done() {
  ErrorList all;
  std::vector<std::string> meant;
  for (const Error& e : errors_) {
    if (!e.missing) all.Add(e.status);
  }
  for (const std::string& key : node_.Keys()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    all.Add(Unknown(key, &meant.emplace_back()));
  }
  for (const Error& e : errors_) {
    const bool misspelt = std::find(meant.begin(), meant.end(), e.key) != meant.end();
    if (e.missing && !misspelt) all.Add(e.status);
  }
  return all.status();
}

}  // namespace ronchi
