#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/config_impl.h"
#include "core/config_schema.h"
#include "core/nearest.h"

namespace ronchi {
namespace {

using nlohmann::json;

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

json NumberSchema(const char* type, NumberRange range, const json& standard, bool required) {
  json schema = {{"type", type}};
  if (std::isfinite(range.min)) schema["minimum"] = range.min;
  if (std::isfinite(range.max)) schema["maximum"] = range.max;
  if (!required) schema["default"] = standard;
  return schema;
}

}  // namespace

template <class Describe>
void ConfigReader::Note(std::string_view key, bool required, const Describe& describe) const {
  const void* const document = node_.Document();
  if (!internal::Noting(document)) return;
  internal::NoteKey(document, node_.path(), key, describe(), required);
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
  Note(key, required, [&] { return NumberSchema("number", range, *value, required); });
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
  Note(key, required, [&] { return NumberSchema("integer", range, *value, required); });
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
  Note(key, false, [&] { return NumberSchema("integer", {.min = 0}, *value, false); });
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
  Note(key, false, [&] { return json{{"type", "boolean"}, {"default", *value}}; });
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
  Note(key, required, [&] {
    json schema = {{"type", "string"}};
    if (!value->empty()) schema["default"] = *value;
    return schema;
  });
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
  Note(key, false, [&] { return json{{"enum", allowed}}; });
  if (Failed(key) || !is_mapping_) return;
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    return Fail(key, absl::StrCat("'", text, "' is not allowed; ", AllowedNames(text, allowed)));
  }
  *value = text;
}

void ConfigReader::Numbers(std::string_view key, std::vector<double>* value, size_t count,
                           NumberRange range, bool required) {
  Note(key, required, [&] {
    json schema = {{"type", "array"}, {"items", NumberSchema("number", range, json(), true)}};
    if (count) schema["minItems"] = schema["maxItems"] = count;
    if (!required) schema["default"] = *value;
    return schema;
  });
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

void ConfigReader::Texts(std::string_view key, std::vector<std::string>* value) {
  Note(key, false, [&] {
    return json{{"type", "array"}, {"items", {{"type", "string"}}}, {"default", *value}};
  });
  Known(key);
  if (!is_mapping_) return;
  const YAML::Node child = node_.impl_->Get(key);
  if (!child.IsDefined() || child.IsNull()) {
    if (!ok()) return;
    YAML::Node list(YAML::NodeType::Sequence);
    list.SetStyle(YAML::EmitterStyle::Flow);
    for (const std::string& text : *value) list.push_back(text);
    node_.impl_->Store(key, list);
    return;
  }
  if (!child.IsSequence()) return Fail(key, "expected a list of texts");
  std::vector<std::string> texts;
  for (const auto& item : child) {
    if (!item.IsScalar()) return Fail(key, "expected a list of texts");
    texts.push_back(item.Scalar());
  }
  *value = texts;
}

Config ConfigReader::Child(std::string_view key) {
  if (key.empty()) {  // for another who reads the same mapping and knows nothing of these keys
    auto rest = std::make_shared<Config::Impl>(*node_.impl_);
    rest->hidden.insert(rest->hidden.end(), known_.begin(), known_.end());
    return Config(rest);
  }
  Note(key, false, [] { return json::object(); });
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
  *meant = NearestName(key, known_);
  return node_.Error(key, absl::StrCat("unknown key; ", AllowedNames(key, known_)));
}

absl::Status ConfigReader::status() const {
  ErrorList all;
  for (const Error& e : errors_) all.Add(e.status);
  return all.status();
}

absl::Status ConfigReader::Done() {
  for (const std::string& key : known_) Note(key, false, [] { return json::object(); });
  if (is_mapping_) internal::NoteClosed(node_.Document(), node_.path());
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
