#include "hw/workflow/journal_entry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "hw/instrument/command_json.h"
#include "hw/workflow/journal.h"

namespace ronchi::hw::workflow {
namespace {

using nlohmann::json;

absl::Status Wrong(const std::string& key, const char* expected) {
  return absl::InvalidArgumentError(absl::StrCat("'", key, "' is not ", expected));
}

bool IsAmount(const json& j) {
  return j.is_number() && std::isfinite(j.get<double>()) && j.get<double>() >= 0;
}

bool IsIn(const std::string& key, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (key == name) return true;
  }
  return false;
}

// Inside the run's folder, and nowhere else.
bool IsFileOfARun(const json& j) {
  if (!j.is_string()) return false;
  const std::string name = j;
  return !name.empty() && name[0] != '/' && name.find("..") == std::string::npos &&
         name.find('\0') == std::string::npos;
}

bool IsCount(const json& j) { return j.is_number_unsigned(); }

absl::Status CheckImage(const json& j) {
  if (!j.contains("file") || !IsFileOfARun(j["file"])) return Wrong("file", "a file of the run");
  if (!j.contains("offset") || !IsCount(j["offset"])) return Wrong("offset", "a count");
  if (!j.contains("sum") || !j["sum"].is_string()) return Wrong("sum", "a text");
  if (!j.contains("detector") || !j["detector"].is_string()) return Wrong("detector", "a text");
  if (!j.contains("shapes") || !j["shapes"].is_array()) return Wrong("shapes", "a list");
  for (const json& shape : j["shapes"]) {
    if (!shape.is_array()) return Wrong("shapes", "a list of shapes");
    for (const json& n : shape) {
      if (!IsCount(n)) return Wrong("shapes", "a list of shapes");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const std::string& key, const json& values) {
  if (!values.is_object()) return Wrong(key, "a set of values");
  for (const auto& [name, value] : values.items()) {
    RONCHI_RETURN_IF_ERROR(Annotate(CheckJournalValue(value), name));
  }
  return absl::OkStatus();
}

// Of a command that was carried out no number is none.
bool HasNan(const json& j) {
  if (j.is_string()) return j == "nan";
  if (!j.is_structured()) return false;
  return std::any_of(j.begin(), j.end(), HasNan);
}

absl::Status CheckField(const std::string& key, const json& value) {
  if (IsIn(key,
           {"step", "label", "ended_by", "what", "detail", "failed", "document", "who", "id",
            "word", "text", "why", "is", "name", "kind", "refused", "workflow", "instrument"})) {
    return value.is_string() ? absl::OkStatus() : Wrong(key, "a text");
  }
  if (IsIn(key, {"elapsed_s", "electrons", "dose_e_per_m2", "commands", "time_s", "number", "pid",
                 "timeout_s", "at_unix_s"})) {
    return IsAmount(value) ? absl::OkStatus() : Wrong(key, "a number from 0");
  }
  if (IsIn(key, {"blanked", "skipped", "given"})) {
    return value.is_boolean() ? absl::OkStatus() : Wrong(key, "true or false");
  }
  if (key == "command") {
    return HasNan(value) ? Wrong(key, "one with numbers") : CommandFromJson(value).status();
  }
  if (key == "value") return CheckJournalValue(value);
  if (key == "results" || key == "saved") return CheckValues(key, value);
  if (key == "observed") {  // of images, that there was one
    if (!value.is_object()) return Wrong(key, "a set of values");
    for (const auto& [name, v] : value.items()) {
      RONCHI_RETURN_IF_ERROR(Annotate(Journal::ValueFrom(v).status(), name));
    }
  }
  if (key == "chosen") {
    if (!value.is_array()) return Wrong(key, "a list of numbers");
    for (const json& v : value) {
      if (!v.is_number()) return Wrong(key, "a list of numbers");
    }
  }
  if (key == "maximise" && !value.is_number()) return Wrong(key, "a number");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckJournalValue(const json& value) {
  RONCHI_RETURN_IF_ERROR(Journal::ValueFrom(value).status());
  return value.at("type") == "image" ? CheckImage(value) : absl::OkStatus();
}

absl::Status CheckJournalEntry(const json& entry) {
  if (!entry.is_object()) return absl::InvalidArgumentError("an entry is not an object");
  if (!entry.contains("type") || !entry["type"].is_string()) return Wrong("type", "a text");
  for (const auto& [key, value] : entry.items()) {
    RONCHI_RETURN_IF_ERROR(CheckField(key, value));
  }
  const std::string type = entry["type"];
  const bool has_command = entry.contains("command");
  if (IsIn(type, {"begin", "command", "aside", "lost"}) && !has_command) {
    return Wrong("command", "there");
  }
  if (type == "handler" && entry.contains("electrons") && !has_command) {
    return Wrong("command", "there");
  }
  return absl::OkStatus();
}

}  // namespace ronchi::hw::workflow
