// The verbs that simulate, and that tell what there is.
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/progress.h"
#include "experiments/command_line.h"
#include "experiments/describe.h"
#include "experiments/simulate_command.h"

namespace ronchi {

using nlohmann::json;

int Simulate(const Arguments& a) {
  std::vector<std::string> overrides = a.overrides;
  if (a.seed) {
    for (const char* key : {"dose.seed", "phonons.seed"}) {
      overrides.push_back(absl::StrCat(key, "=", *a.seed));
    }
  }
  const absl::StatusOr<Config> config = Config::Load(a.target, overrides);
  if (!config.ok()) return Fail(config.status());
  const absl::StatusOr<SimulateOutcome> outcome = SimulateToFile(*config, a.output);
  if (!outcome.ok()) return Fail(outcome.status());
  const sim::SimulationResult& r = outcome->result;
  json means;
  for (const sim::DetectorImage& image : r.images) {
    double sum = 0;
    for (float v : image.values) sum += v;
    means[image.detector.name] = sum / double(image.values.size());
  }
  if (a.as_json) {
    PrintJson({{"files", outcome->files},
               {"seconds", r.seconds},
               {"slices", r.slices},
               {"distinct_slices", r.distinct_slices},
               {"slice_thickness_A", r.slice_thickness_A},
               {"means", means},
               {"interrupted", r.interrupted}});
    return Finish();
  }
  std::printf("%zu slices of %.4g A (%zu distinct), %.1f s\n", r.slices, r.slice_thickness_A,
              r.distinct_slices, r.seconds);
  for (const std::string& file : outcome->files) std::printf("wrote %s\n", file.c_str());
  return Finish();
}

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
  const absl::StatusOr<json> thing = DescribeThing(a.target);
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
