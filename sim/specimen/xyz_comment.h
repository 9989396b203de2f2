// The second line of an extended xyz file: key=value pairs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ronchi::sim {

// Values without their quotes ("…", '…', {…}, […]); a key alone is T. Of two equal keys the first.
class XyzComment {
 public:
  // nullopt: a quote or bracket that is not closed.
  static std::optional<XyzComment> Parse(const std::string& line);
  // Any case; nullptr: it is not there.
  const std::string* Find(const std::string& key) const;
  // The words of a value: between blanks, commas and brackets.
  static std::vector<std::string> Words(const std::string& value);
  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;  // by key in lower case
};

}  // namespace ronchi::sim
