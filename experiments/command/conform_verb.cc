// `ronchi conform`: what every instrument promises, asked of one.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/printable.h"
#include "experiments/command/command_line.h"
#include "experiments/flow/flow_instrument.h"
#include "hw/conformance/conformance.h"

namespace ronchi {

using nlohmann::json;

int Conform(const Arguments& a) {
  if (a.instrument.empty()) {
    return Fail(absl::InvalidArgumentError(
        "--instrument is required: a preset (ronchi list) or an instrument's YAML file"));
  }
  // As it is driven: of what is no simulation, behind its guard.
  bool guarded = false;
  absl::StatusOr<FlowInstrument> opened = OpenFlowInstrument(
      a.instrument, a.seed.value_or(1), false,
      {.on_event =
           [](const std::string& line) { std::fprintf(stderr, "%s\n", Printable(line).c_str()); },
       .guarded = &guarded});
  if (!opened.ok()) return Fail(opened.status());
  if (!opened->instrument) {
    return Fail(absl::InvalidArgumentError("instrument '" + a.instrument +
                                           "' is a description alone: there is nothing to ask"));
  }
  const auto checks = hw::CheckConformance(opened->instrument.get());
  const bool failed = std::any_of(checks.begin(), checks.end(),
                                  [](const auto& c) { return c.outcome == hw::Outcome::kFail; });
  if (a.as_json) {
    json out = {
        {"instrument", opened->description.id}, {"conforms", !failed}, {"guarded", guarded}};
    for (const hw::ConformanceCheck& c : checks) {
      out["checks"].push_back({{"name", c.name},
                               {"outcome", std::string(hw::OutcomeName(c.outcome))},
                               {"reason", c.reason}});
    }
    PrintJson(out);
  } else {
    std::printf("%s%s\n%s", Printable(opened->description.id).c_str(),
                guarded ? ", behind its guard" : "",
                PrintableLines(hw::ConformanceReport(checks)).c_str());
  }
  return failed ? kFailed : Finish();
}

}  // namespace ronchi
