// The verbs that tell what there is.
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/progress.h"
#include "experiments/command_line.h"
#include "experiments/describe.h"
#include "experiments/describe_structure.h"

namespace ronchi {

using nlohmann::json;

int List(const Arguments& a) {
  const json all = ListEverything();
  if (a.as_json) {
    PrintJson(all);
    return kDone;
  }
  for (const auto& [group, entries] : all.items()) {
    std::printf("%s\n", group.c_str());
    for (const auto& [name, text] : entries.items()) {
      std::printf("  %-20s %s\n", name.c_str(), text.get<std::string>().c_str());
    }
  }
  return kDone;
}

int Describe(const Arguments& a) {
  // An instrument's engine is measured on the spot: a bar says so on a terminal, no lines
  // elsewhere.
  if (!isatty(STDERR_FILENO)) Progress::SetStyle(Progress::Style::kOff);
  // With its kind before it, "engine contracted", the name comes second.
  const absl::StatusOr<json> thing = a.target == "structure" && !a.second.empty()
                                         ? DescribeStructure(a.second)
                                         : DescribeThing(a.second.empty() ? a.target : a.second);
  if (thing.ok() && !a.second.empty() && (*thing)["kind"] != a.target) {
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
