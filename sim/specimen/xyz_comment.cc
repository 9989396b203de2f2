#include "sim/specimen/xyz_comment.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace ronchi::sim {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// From the quote or bracket at `at`; moves `at` behind its end. False: it has none.
bool TakeClosed(const std::string& line, size_t* at, std::string* value) {
  const char open = line[*at];
  const char close = open == '{' ? '}' : open == '[' ? ']' : open;
  int depth = 1;
  for (++*at; *at < line.size(); ++*at) {
    char c = line[*at];
    if (c == '\\' && *at + 1 < line.size() && open == close) {
      c = line[++*at];
      if (c == 'n') c = ' ';
    } else if (c == close && --depth == 0) {
      ++*at;
      return true;
    } else if (c == open && open != close) {
      ++depth;
    }
    *value += c;
  }
  return false;
}

}  // namespace

std::optional<XyzComment> XyzComment::Parse(const std::string& line) {
  XyzComment out;
  for (size_t at = 0; at < line.size();) {
    if (IsBlank(line[at])) {
      ++at;
      continue;
    }
    std::string key, value;
    while (at < line.size() && !IsBlank(line[at]) && line[at] != '=') key += line[at++];
    if (at >= line.size() || line[at] != '=') {
      out.values_.try_emplace(absl::AsciiStrToLower(key), "T");
      continue;
    }
    ++at;
    while (at < line.size() && IsBlank(line[at])) ++at;  // key= value, as some write
    if (at < line.size() && std::string("\"'{[").find(line[at]) != std::string::npos) {
      if (!TakeClosed(line, &at, &value)) return std::nullopt;
    } else {
      while (at < line.size() && !IsBlank(line[at])) value += line[at++];
    }
    out.values_.try_emplace(absl::AsciiStrToLower(key), value);
  }
  return out;
}

const std::string* XyzComment::Find(const std::string& key) const {
  const auto it = values_.find(absl::AsciiStrToLower(key));
  return it == values_.end() ? nullptr : &it->second;
}

std::vector<std::string> XyzComment::Words(const std::string& value) {
  return absl::StrSplit(value, absl::ByAnyChar(" \t,;[](){}"), absl::SkipEmpty());
}

}  // namespace ronchi::sim
