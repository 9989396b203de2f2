// Where the functions of a C++ source begin and how long they are, by its braces: enough for this
// project's own, formatted code, not for all that the language allows.
#pragma once

#include <cctype>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "tests/house/tree.h"

namespace ronchi::house {

struct Function {
  std::string head;  // "absl::Status Runner::Perform("
  size_t line = 0;   // from 1
  size_t lines = 0;  // without those of tables within it
};

// The text with comments, literals and directives blanked out, line by line as it was.
inline std::string CodeAlone(const Source& source) {
  std::string text;
  for (const std::string& line : source.lines) text += line + "\n";
  std::string code;
  const auto blank = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) code += text[i] == '\n' ? '\n' : ' ';
    return to;
  };
  const auto literal_end = [&](size_t i) {
    const char quote = text[i];
    for (++i; i < text.size() && text[i] != quote; ++i) i += text[i] == '\\';
    return std::min(i + 1, text.size());
  };
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      i = blank(i, std::min(text.find('\n', i), text.size()));
    } else if (text.compare(i, 2, "R\"") == 0) {
      const size_t open = text.find('(', i);
      std::string close = text.substr(i + 1, open - i - 1) + "\"";
      close[0] = ')';
      i = blank(i, std::min(text.find(close, open), text.size() - close.size()) + close.size());
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !std::isalnum(text[i - 1])))) {
      i = blank(i, literal_end(i));
    } else if (text[i] == '#' && (i == 0 || text[i - 1] == '\n')) {
      size_t end = text.find('\n', i);
      while (end < text.size() && text[end - 1] == '\\') end = text.find('\n', end + 1);
      i = blank(i, std::min(end, text.size()));
    } else {
      code += text[i++];
    }
  }
  return code;
}

// What a brace opens, by what stands before it since the last statement or block.
enum class Block { kScope, kFunction, kTable, kOther };
inline Block KindOf(const std::string& before, bool in_scope) {
  static const std::regex kScopes(
      "^\\s*(template\\s*<[^{]*>\\s*|inline\\s+)?(namespace|class|struct|union|enum|extern)\\b[^=(]"
      "*"
      "$|^\\s*extern\\s*$");
  static const std::regex kReturns("\\breturn\\s*$");
  static const std::regex kBodies("[\\)\\w>]\\s*(const|override|final|noexcept|mutable)?\\s*$");
  const size_t last = before.find_last_not_of(" \n");
  const char end = last == std::string::npos ? ';' : before[last];
  const bool is_touching = last + 1 == before.size();  // as in Point{1, 2}, formatted
  if (std::regex_search(before, kScopes)) return Block::kScope;
  if (is_touching || end == '=' || end == ',') return Block::kTable;
  if (std::regex_search(before, kReturns)) return Block::kTable;
  const bool is_function =
      in_scope && before.find('(') != std::string::npos && std::regex_search(before, kBodies);
  return is_function ? Block::kFunction : Block::kOther;
}

inline std::vector<Function> FunctionsOf(const Source& source) {
  struct Open {
    Block kind;
    size_t line;  // where its statement begins
    size_t brace_line;
    std::string head;
    size_t table_lines = 0;
  };
  static const std::regex kAccess("^(public|private|protected)$");
  std::vector<Function> found;
  std::vector<Open> open;
  std::string before;
  size_t line = 1, begin = 0;
  int brackets = 0, nested = 0;
  const auto clear = [&] { before.clear(), begin = 0; };
  for (const char c : CodeAlone(source)) {
    line += c == '\n';
    brackets += (c == '(') - (c == ')');
    const bool in_scope = open.empty() || open.back().kind == Block::kScope;
    // Braces in a function's head, as of a default argument, are part of it.
    if (in_scope && (nested > 0 || (c == '{' && brackets > 0))) {
      nested += (c == '{') - (c == '}');
      before += c;
    } else if (c == '{') {
      const Block kind = before.empty() && !open.empty() && open.back().kind == Block::kTable
                             ? Block::kTable
                             : KindOf(before, in_scope);
      open.push_back({kind, begin ? begin : line, line, before});
      clear();
    } else if (c == '}' && !open.empty()) {
      const Open block = std::move(open.back());
      open.pop_back();
      if (block.kind == Block::kFunction) {
        const std::string head = block.head.substr(0, block.head.find('(') + 1);
        found.push_back({std::regex_replace(head, std::regex("\\s+"), " "), block.line,
                         line - block.line + 1 - block.table_lines});
      } else if (!open.empty()) {
        open.back().table_lines +=
            block.kind == Block::kTable ? line - block.brace_line : block.table_lines;
      }
      clear();
    } else if (c == ';' && brackets == 0) {
      clear();
    } else if (c == ':' && std::regex_search(before, kAccess)) {
      clear();
    } else {
      if (!std::isspace(static_cast<unsigned char>(c)) && begin == 0) begin = line;
      if (begin != 0) before += c;
    }
  }
  return found;
}

}  // namespace ronchi::house
