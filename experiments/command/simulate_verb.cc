// `ronchi simulate`: the verb.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "experiments/command/command_line.h"
#include "experiments/simulate/simulate_command.h"
#include "experiments/simulate/simulate_cost.h"
#include "experiments/simulate/simulate_series.h"
#include "experiments/simulate/simulate_warnings.h"

namespace ronchi {

using nlohmann::json;

namespace {

// "3.2 s", "4.1 min", "2.5 h"
std::string Duration(double seconds) {
  char text[32];
  if (seconds < 120) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else if (seconds < 7200) {
    std::snprintf(text, sizeof text, "%.1f min", seconds / 60);
  } else {
    std::snprintf(text, sizeof text, "%.1f h", seconds / 3600);
  }
  return text;
}

json SeriesToJson(const SimulateSeries& series) {
  json out = json::array();
  for (size_t a = 0; a < series.axes().size(); ++a) {
    const ConfigSeries::Axis& numbers = series.numbers()[a];
    out.push_back({{"path", numbers.path},
                   {"axis", series.axes()[a].name},
                   {"units", SeriesUnits(numbers)},
                   {"values", numbers.values}});
  }
  return out;
}

void PrintCostAsJson(const SimulateSeries& series, const SimulateCost& cost, const json& shapes) {
  const sim::SimulationOptions& o = series.first().options;
  json j = {{"seconds", cost.seconds},
            {"assumes", "idle cores"},
            {"threads", cost.threads},
            {"cpu_ms_per_probe_slice", cost.cpu_ms_a_slice},
            {"memory_bytes", cost.memory.Total()},
            {"output_bytes", cost.memory.output},
            {"available_bytes", AvailableMemory()},
            {"largest_angle_mrad", cost.largest_angle_mrad},
            {"box_A", o.specimen.cell_A},
            {"strain", o.specimen.strain},
            {"atoms", o.specimen.atoms.size()},
            {"pixels", o.grid_pixels},
            {"probes", o.scan.probes()},
            {"slices", cost.slices},
            {"distinct_slices", cost.distinct_slices},
            {"beams", cost.beams},
            {"blocks", series.first().plan.blocks.size()},
            {"prepared", cost.prepared},
            {"shapes", shapes}};
  if (series.is_series()) {
    j["points"] = series.points();
    j["series"] = SeriesToJson(series);
  }
  PrintJson(j);
}

int PrintCost(const Arguments& a, SimulateSeries& series) {
  const absl::StatusOr<SimulateCost> cost = EstimateCost(series);
  if (!cost.ok()) return Fail(cost.status());
  const SimulateJob& job = series.first();
  const sim::SimulationOptions& o = job.options;
  json shapes;
  for (size_t d = 0; d < job.plan.detectors.size(); ++d) {
    shapes[o.detectors[d].name] = series.Shape(d);
  }
  if (a.as_json) {
    PrintCostAsJson(series, *cost, shapes);
    return kDone;
  }
  if (cost->prepared) {
    std::printf("time           %.2g s: the engine is prepared, in the cache on disk\n",
                cost->seconds);
  } else {
    std::printf("time           %s on %d idle cores (%.3g ms CPU a probe and slice)\n",
                Duration(cost->seconds).c_str(), cost->threads, cost->cpu_ms_a_slice);
  }
  std::printf("memory         %.3g MB of %.3g MB free\n", cost->memory.Total() / 1e6,
              AvailableMemory() / 1e6);
  std::printf("output         %.3g MB, in %zu blocks\n", cost->memory.output / 1e6,
              job.plan.blocks.size() * series.points());
  std::printf("largest angle  %.4g mrad\n", cost->largest_angle_mrad);
  std::printf("specimen       %zu atoms in %.5g x %.5g x %.5g A", o.specimen.atoms.size(),
              o.specimen.cell_A[0], o.specimen.cell_A[1], o.specimen.cell_A[2]);
  if (o.specimen.strain > 1e-6) std::printf(", strained by %.2g", o.specimen.strain);
  std::printf("\nwork           %zu probes, %zu slices (%zu distinct), %d configurations",
              o.scan.probes(), cost->slices, cost->distinct_slices, o.phonon_configurations);
  if (cost->beams) std::printf(", %zu plane waves", cost->beams);
  std::printf("\n");
  if (series.is_series()) {
    std::printf("series         %zu points, from %s to %s\n", series.points(),
                series.Label(0).c_str(), series.Label(series.points() - 1).c_str());
  }
  for (const auto& [name, shape] : shapes.items()) {
    std::printf("%-14s %s\n", name.c_str(), shape.dump().c_str());
  }
  return kDone;
}

json ToJson(const std::vector<std::pair<std::string, double>>& pairs) {
  json out = json::object();
  for (const auto& [name, value] : pairs) out[name] = value;  // null where it is no number
  return out;
}

}  // namespace

json OutcomeToJson(const SimulateOutcome& outcome, const SimulateSeries& series) {
  const sim::SimulationResult& r = outcome.result;
  json j = {{"files", outcome.files},
            {"seconds", r.seconds},
            {"slices", r.slices},
            {"distinct_slices", r.distinct_slices},
            {"slice_thickness_A", r.slice_thickness_A},
            {"means", ToJson(outcome.means)},
            {"interrupted", r.unfinished.has_value()}};
  if (r.beams) j["beams"] = r.beams;
  if (series.is_series()) {
    j["points"] = series.points();
    j["series"] = SeriesToJson(series);
  }
  return j;
}

int Simulate(const Arguments& a) {
  std::vector<std::string> overrides = a.overrides;
  if (a.seed) {
    for (const char* key : {"dose.seed", "phonons.seed"}) {
      overrides.push_back(absl::StrCat(std::string(key), "=", *a.seed));
    }
  }
  if (a.output.empty() && !a.dry_run) {
    return Fail(absl::InvalidArgumentError("--output is required; see ronchi simulate --help"));
  }
  const absl::StatusOr<Config> config = Config::Load(a.target, overrides);
  if (!config.ok()) return Fail(config.status());
  absl::StatusOr<SimulateSeries> series = SimulateSeries::Read(*config);
  if (!series.ok()) return Fail(series.status());
  for (const std::string& warning : SimulationWarnings(series->first().options)) {
    if (!a.quiet) std::fprintf(stderr, "ronchi: warning: %s\n", warning.c_str());
  }
  if (a.dry_run) return PrintCost(a, *series);
  std::vector<std::pair<std::string, double>> errors;
  if (a.compare) {
    if (series->is_series()) {
      return Fail(absl::InvalidArgumentError(
          absl::StrCat("--compare: ", series->numbers()[0].path,
                       " is a series; compare at one of its values (--set)")));
    }
    auto measured = CompareWithMultislice(series->first());
    if (!measured.ok()) return Fail(measured.status());
    errors = std::move(*measured);
  }
  const Existing existing = a.resume  ? Existing::kResume
                            : a.force ? Existing::kReplace
                                      : Existing::kRefuse;
  const absl::StatusOr<SimulateOutcome> outcome = SimulateToFile(*series, a.output, existing);
  if (!outcome.ok()) return Fail(outcome.status());
  const sim::SimulationResult& r = outcome->result;
  if (a.as_json) {
    json j = OutcomeToJson(*outcome, *series);
    if (a.compare) j["rms_over_mean_against_multislice"] = ToJson(errors);
    if (a.resume) j["was_complete"] = outcome->was_complete;
    PrintJson(j);
    return Finish();
  }
  if (outcome->was_complete) {
    std::printf("%s is complete\n", a.output.c_str());
    return Finish();
  }
  if (r.slices) {
    std::printf("%zu slices of %.4g A (%zu distinct), %s\n", r.slices, r.slice_thickness_A,
                r.distinct_slices, Duration(r.seconds).c_str());
  }
  for (const auto& [name, error] : errors) {
    std::printf("%s: %.2g rms/mean from multislice\n", name.c_str(), error);
  }
  for (const std::string& file : outcome->files) std::printf("wrote %s\n", file.c_str());
  if (r.unfinished) {
    std::printf("interrupted; the same command with --resume goes on\n");
  }
  return Finish();
}

}  // namespace ronchi
