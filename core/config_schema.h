// What readers ask of a config, written down as a JSON Schema (draft 2020-12), for editors: the
// keys that are read are the keys that there are, so that nothing is listed twice.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "core/config.h"

namespace ronchi {

// While it lives, every ConfigReader of this thread writes into it what it asks of `document`, a
// whole document; what is read of other documents (presets) is not. One at a time on a thread.
class ConfigSchema {
 public:
  explicit ConfigSchema(const Config& document);
  ~ConfigSchema();
  ConfigSchema(const ConfigSchema&) = delete;
  ConfigSchema& operator=(const ConfigSchema&) = delete;

  // Of the mapping at the document's top: type, range, choices and default of every key; where the
  // reader refuses keys that it does not know, so does the schema.
  nlohmann::json Json() const;

  struct Record;  // core/config_schema.cc

 private:
  Record* record_;
};

// The keys of both, of two documents of one kind.
nlohmann::json MergeSchemas(const nlohmann::json& a, const nlohmann::json& b);

namespace internal {

// For ConfigReader alone: does nothing without a ConfigSchema of the same document. `document`
// marks it; `path` is that of the mapping.
void NoteKey(const void* document, std::string_view path, std::string_view key,
             const nlohmann::json& what, bool required);
void NoteClosed(const void* document, std::string_view path);
bool Noting(const void* document);

}  // namespace internal
}  // namespace ronchi
