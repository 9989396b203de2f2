// The verbs that tell what there is.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/progress.h"
#include "experiments/catalog/describe.h"
#include "experiments/catalog/describe_structure.h"
#include "experiments/catalog/schema.h"
#include "experiments/command/command_line.h"

namespace ronchi {

using nlohmann::json;

namespace {

// Columns of the terminal; 0: stdout is none, so lines stay whole.
size_t TerminalColumns() {
  winsize size = {};
  return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// "  name  text", the text broken between words and indented where the terminal is narrower.
void PrintEntry(const std::string& name, const std::string& text, size_t columns) {
  constexpr size_t kIndent = 23;
  const size_t room = columns > kIndent + 20 ? columns - kIndent : std::string::npos;
  std::printf("  %-20s ", name.c_str());
  size_t at = 0;
  while (room != std::string::npos && text.size() - at > room) {
    const size_t space = text.rfind(' ', at + room);
    if (space == std::string::npos || space <= at) break;
    std::printf("%s\n%*s", text.substr(at, space - at).c_str(), int(kIndent), "");
    at = space + 1;
  }
  std::printf("%s\n", text.substr(at).c_str());
}

}  // namespace

int List(const Arguments& a) {
  const absl::StatusOr<json> listed =
      a.target.empty() ? absl::StatusOr<json>(ListEverything()) : ListGroup(a.target);
  if (!listed.ok()) return Fail(listed.status());
  const json& all = *listed;
  if (a.as_json) {
    PrintJson(all);
    return kDone;
  }
  const size_t columns = TerminalColumns();
  for (const auto& [group, entries] : all.items()) {
    std::printf("%s\n", group.c_str());
    for (const auto& [name, text] : entries.items()) {
      PrintEntry(name, text.get<std::string>(), columns);
    }
  }
  return kDone;
}

int Describe(const Arguments& a) {
  if (a.schema && a.target == "workflow") return HandOver(a);
  if (a.schema) {
    const absl::StatusOr<json> schema = SchemaOf(a.target);
    if (!schema.ok()) return Fail(absl::InvalidArgumentError(schema.status().message()));
    PrintJson(*schema);
    return Finish();
  }
  // An instrument's engine is measured on the spot: a bar says so on a terminal, no lines
  // elsewhere.
  if (!isatty(STDERR_FILENO)) Progress::SetStyle(Progress::Style::kOff);
  // With its kind before it, "engine contracted", the name comes second.
  const absl::StatusOr<json> thing = a.target == "structure" && !a.second.empty()
                                         ? DescribeStructure(a.second)
                                         : DescribeThing(a.second.empty() ? a.target : a.second);
  std::string kind_given = a.target;  // "forward_model" is one word
  std::ranges::replace(kind_given, '_', ' ');
  if (thing.ok() && !a.second.empty() && (*thing)["kind"] != kind_given) {
    const std::string kind = (*thing)["kind"];
    return Fail(absl::InvalidArgumentError("describe: '" + a.second + "' is not of kind '" +
                                           a.target + "'; allowed: " + kind));
  }
  if (!thing.ok()) return Fail(thing.status());
  if (a.as_json)
    PrintJson(*thing);
  else
    PrintTree(*thing, 0);
  return kDone;
}

int Doctor(const Arguments& a) {
  bool good = true;
  json out = json::array();
  for (const DoctorFinding& f : Examine()) {
    good &= f.good;
    if (a.as_json)
      out.push_back({{"what", f.what}, {"finding", f.finding}, {"good", f.good}});
    else
      std::printf("%s  %-13s %s\n", f.good ? "ok  " : "WARN", f.what.c_str(), f.finding.c_str());
  }
  if (a.as_json) PrintJson(out);
  return good ? kDone : kFailed;
}

}  // namespace ronchi
