// `ronchi conform`: what every instrument promises, asked of one.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/printable.h"
#include "experiments/catalog/instruments.h"
#include "experiments/command/command_line.h"
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
  const absl::StatusOr<Config> config = InstrumentConfig(a.instrument);
  if (!config.ok()) return Fail(config.status());
  if (config->Has("description")) {
    return Fail(absl::InvalidArgumentError("instrument '" + a.instrument +
                                           "' is a description alone: there is nothing to ask"));
  }
  const absl::StatusOr<std::unique_ptr<hw::Instrument>> opened = OpenInstrument(
      *config, a.seed.value_or(1),
      {.on_event =
           [](const std::string& line) { std::fprintf(stderr, "%s\n", Printable(line).c_str()); },
       .guarded = &guarded});
  if (!opened.ok()) return Fail(opened.status());
  hw::Instrument* const instrument = opened->get();
  const std::string id = instrument->description().id;
  const auto checks = hw::CheckConformance(instrument);
  const bool failed = std::any_of(checks.begin(), checks.end(),
                                  [](const auto& c) { return c.outcome == hw::Outcome::kFail; });
  if (a.as_json) {
    json out = {{"instrument", id}, {"conforms", !failed}, {"guarded", guarded}};
    for (const hw::ConformanceCheck& c : checks) {
      out["checks"].push_back({{"name", c.name},
                               {"outcome", std::string(hw::OutcomeName(c.outcome))},
                               {"reason", c.reason}});
    }
    PrintJson(out);
  } else {
    std::printf("%s%s\n%s", Printable(id).c_str(), guarded ? ", behind its guard" : "",
                PrintableLines(hw::ConformanceReport(checks)).c_str());
  }
  return failed ? kFailed : Finish();
}

}  // namespace ronchi
