// `ronchi simulate`: the verb.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "experiments/command_line.h"
#include "experiments/simulate_command.h"
#include "experiments/simulate_cost.h"
#include "experiments/simulate_warnings.h"

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

int PrintCost(const Arguments& a, const SimulateJob& job) {
  const absl::StatusOr<SimulateCost> cost = EstimateCost(job);
  if (!cost.ok()) return Fail(cost.status());
  const sim::SimulationOptions& o = job.options;
  json shapes;
  for (size_t d = 0; d < job.plan.detectors.size(); ++d) {
    shapes[o.detectors[d].name] = job.plan.Shape(o, d);
  }
  if (a.as_json) {
    PrintJson({{"seconds", cost->seconds},
               {"threads", cost->threads},
               {"cpu_ms_per_probe_slice", cost->cpu_ms_a_slice},
               {"memory_bytes", cost->memory.Total()},
               {"output_bytes", cost->memory.output},
               {"available_bytes", AvailableMemory()},
               {"largest_angle_mrad", cost->largest_angle_mrad},
               {"box_A", o.specimen.cell_A},
               {"strain", o.specimen.strain},
               {"atoms", o.specimen.atoms.size()},
               {"pixels", o.grid_pixels},
               {"probes", o.scan.probes()},
               {"slices", cost->slices},
               {"distinct_slices", cost->distinct_slices},
               {"beams", cost->beams},
               {"blocks", job.plan.blocks.size()},
               {"prepared", cost->prepared},
               {"shapes", shapes}});
    return kDone;
  }
  if (cost->prepared) {
    std::printf("time           %.2g s: the engine is prepared, in the cache on disk\n",
                cost->seconds);
  } else {
    std::printf("time           %s on %d threads (%.3g ms CPU a probe and slice)\n",
                Duration(cost->seconds).c_str(), cost->threads, cost->cpu_ms_a_slice);
  }
  std::printf("memory         %.3g MB of %.3g MB free\n", cost->memory.Total() / 1e6,
              AvailableMemory() / 1e6);
  std::printf("output         %.3g MB, in %zu blocks\n", cost->memory.output / 1e6,
              job.plan.blocks.size());
  std::printf("largest angle  %.4g mrad\n", cost->largest_angle_mrad);
  std::printf("specimen       %zu atoms in %.5g x %.5g x %.5g A", o.specimen.atoms.size(),
              o.specimen.cell_A[0], o.specimen.cell_A[1], o.specimen.cell_A[2]);
  if (o.specimen.strain > 1e-6) std::printf(", strained by %.2g", o.specimen.strain);
  std::printf("\nwork           %zu probes, %zu slices (%zu distinct), %d configurations",
              o.scan.probes(), cost->slices, cost->distinct_slices, o.phonon_configurations);
  if (cost->beams) std::printf(", %zu plane waves", cost->beams);
  std::printf("\n");
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
  const absl::StatusOr<SimulateJob> job = ReadSimulateJob(*config);
  if (!job.ok()) return Fail(job.status());
  for (const std::string& warning : SimulationWarnings(job->options)) {
    if (!a.quiet) std::fprintf(stderr, "ronchi: warning: %s\n", warning.c_str());
  }
  if (a.dry_run) return PrintCost(a, *job);
  std::vector<std::pair<std::string, double>> errors;
  if (a.compare) {
    auto measured = CompareWithMultislice(*job);
    if (!measured.ok()) return Fail(measured.status());
    errors = std::move(*measured);
  }
  const absl::StatusOr<SimulateOutcome> outcome = SimulateToFile(*job, a.output, a.resume);
  if (!outcome.ok()) return Fail(outcome.status());
  const sim::SimulationResult& r = outcome->result;
  if (a.as_json) {
    json j = {{"files", outcome->files},
              {"seconds", r.seconds},
              {"slices", r.slices},
              {"distinct_slices", r.distinct_slices},
              {"slice_thickness_A", r.slice_thickness_A},
              {"means", ToJson(outcome->means)},
              {"interrupted", r.unfinished.has_value()}};
    if (r.beams) j["beams"] = r.beams;
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
