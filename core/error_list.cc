#include "core/error_list.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace ronchi {
namespace {

constexpr char kPayload[] = "ronchi/errors";

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

void ErrorList::Add(const absl::Status& status) {
  if (status.ok()) return;
  if (lines_.empty()) code_ = status.code();
  for (std::string& line : AllErrors(status)) {
    if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) {
      lines_.push_back(std::move(line));
    }
  }
}

absl::Status ErrorList::status() const {
  if (lines_.empty()) return absl::OkStatus();
  absl::Status status(code_, lines_[0]);
  if (lines_.size() > 1) status.SetPayload(kPayload, absl::Cord(absl::StrJoin(lines_, "\n")));
  return status;
}

std::vector<std::string> AllErrors(const absl::Status& status) {
  if (status.ok()) return {};
  const std::string message = OneLine(std::string(status.message()));
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return {message};
  std::vector<std::string> lines = absl::StrSplit(std::string(*payload), '\n');
  // Annotate put its context before the first finding alone.
  if (!absl::EndsWith(message, lines[0])) return {message};
  const std::string context = message.substr(0, message.size() - lines[0].size());
  for (std::string& line : lines) line = context + line;
  return lines;
}

}  // namespace ronchi
