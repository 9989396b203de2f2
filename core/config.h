// YAML configs with one clear line for every mistake:
//   recipe.yaml:12: beam.energy_keV: -5 is not allowed; allowed: 1 … 3000
// A Reader takes the keys of one mapping: values are read into variables that hold the default,
// and Done() refuses what nobody asked for. Defaults are written back, so that after reading,
// Dump() is the resolved config: it alone reruns the experiment.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error_list.h"
#include "core/status.h"

namespace ronchi {

struct NumberRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

class ConfigReader;
class ConfigSeries;

// One node of a document. Copies refer to the same document. Not thread-safe.
class Config {
 public:
  // Overrides are "path.to.key=value" (the value is YAML); they win over the file.
  // NotFound: no such file. InvalidArgument: not YAML (with its line), a key given twice, or a
  // malformed override.
  static absl::StatusOr<Config> Load(const std::string& path,
                                     const std::vector<std::string>& overrides = {});
  static absl::StatusOr<Config> Parse(const std::string& text, const std::string& name,
                                      const std::vector<std::string>& overrides = {});

  bool Has(std::string_view key) const;
  bool IsMap() const;
  bool IsSequence() const;
  size_t size() const;  // items of a sequence
  Config Item(size_t index) const;
  std::vector<std::string> Keys() const;  // of a mapping, in the file's order
  std::string path() const;               // "beam.aberrations"; empty at the top
  std::string file() const;
  // This mapping with the keys of another that it lacks. Defaults that are read at its top are not
  // written back into this one.
  Config WithDefaults(const Config& other) const;
  absl::StatusOr<std::string> Scalar() const;  // this node itself as text

  // "file:line: path.key: message", InvalidArgument. An empty key means this node. What an override
  // wrote is named by it: "--set 'path.key=value': path.key: message".
  absl::Status Error(std::string_view key, std::string_view message) const;
  // The "file:line: path.key" of such an error alone, for findings that come later; and the line.
  std::string Where(std::string_view key) const;
  int Line(std::string_view key) const;
  const void* Document() const;  // the same for all nodes of a document, and for no other
  std::string Dump() const;      // YAML text of this node with every default that was read

 private:
  friend class ConfigReader;
  friend class ConfigSeries;
  struct Impl;
  explicit Config(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

class ConfigReader {
 public:
  explicit ConfigReader(Config node);  // a mapping, or an absent node (all defaults)

  // Each leaves `value` unchanged when the key is absent, unless `required`.
  void Number(std::string_view key, double* value, NumberRange range = {}, bool required = false);
  void Integer(std::string_view key, int64_t* value, NumberRange range = {}, bool required = false);
  void Integer(std::string_view key, int* value, NumberRange range = {}, bool required = false);
  void Seed(std::string_view key, uint64_t* value);
  void Bool(std::string_view key, bool* value);
  void Text(std::string_view key, std::string* value, bool required = false);
  void Choice(std::string_view key, std::string* value, const std::vector<std::string>& allowed);
  // Exactly `count` numbers (0: any number of them).
  void Numbers(std::string_view key, std::vector<double>* value, size_t count,
               NumberRange range = {}, bool required = false);
  // The mapping below `key`; absent: reads are defaults, written. "": this node less what is Known.
  // A list of texts, any number of them.
  void Texts(std::string_view key, std::vector<std::string>* value);
  Config Child(std::string_view key);
  bool Has(std::string_view key) const { return node_.Has(key); }
  // Marks a key as known that the caller handles by itself.
  void Known(std::string_view key);
  void Fail(std::string_view key, std::string_view message);  // keeps the first error of each key
  bool ok() const { return errors_.empty(); }

  // All that is wrong, as an ErrorList: what the keys hold; keys nobody read, with the nearest
  // known name; required keys that are not there, unless a misspelt one was meant for them.
  absl::Status Done();
  // The same without a word on keys nobody read, for those who give up half-way.
  absl::Status status() const;

 private:
  struct Error {
    std::string key;
    absl::Status status;
    bool missing = false;  // a required key is not there
  };
  bool Find(std::string_view key, bool required, std::string* text);
  // For core/config_schema.h.
  template <class Describe>
  void Note(std::string_view key, bool required, const Describe& describe) const;
  void FailMissing(std::string_view key);
  bool Failed(std::string_view key) const;
  absl::Status Unknown(const std::string& key, std::string* meant) const;
  Config node_;
  std::vector<std::string> known_;  // each once, in the order of asking
  std::vector<Error> errors_;
  bool is_mapping_ = true;
};

}  // namespace ronchi
