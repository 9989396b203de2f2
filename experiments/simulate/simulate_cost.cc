#include "experiments/simulate/simulate_cost.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/parallel.h"
#include "sim/engine.h"
#include "sim/engines/wave_cost.h"
#include "sim/physics/electron.h"

namespace ronchi {
absl::StatusOr<SimulateCost> EstimateCost(const SimulateJob& job) {
  const sim::SimulationOptions& o = job.options;
  SimulateCost cost;
  cost.threads = Threads();
  cost.memory = EstimateMemory(o, job.plan, cost.threads);
  cost.slices = o.exit_slices.back();
  cost.distinct_slices = sim::DistinctSlices(o);
  cost.largest_angle_mrad =
      job.plan.read_on.band_limit_per_A() * sim::Wavelength_A(o.beam.energy_eV) * 1e3;
  RONCHI_ASSIGN_OR_RETURN(const sim::EngineCost engine, o.engine->Cost(o, job.plan, cost.threads));
  cost.seconds = engine.seconds;
  cost.cpu_ms_a_slice = engine.slice_seconds * 1e3;
  cost.beams = engine.beams;
  cost.prepared = engine.prepared;
  return cost;
}

absl::StatusOr<SimulateCost> EstimateCost(SimulateSeries& series) {
  constexpr size_t kMost = 4;
  const size_t points = series.points(), n = std::min(kMost, points);
  SimulateCost total;
  double a_piece_of_work_s = 0, all_work = 0, most_bytes = -1;
  MemoryNeed memory;
  bool prepared = true;
  for (size_t i = 0; i < n; ++i) {
    const size_t point = n == points ? i : (2 * i + 1) * points / (2 * n);
    RONCHI_ASSIGN_OR_RETURN(const SimulateJob job, series.Job(point));
    RONCHI_ASSIGN_OR_RETURN(const SimulateCost cost, EstimateCost(job));
    if (i == 0) total = cost;
    prepared = prepared && cost.prepared;
    a_piece_of_work_s += cost.seconds / series.Work(point) / double(n);
  }
  for (size_t point = 0; point < points; ++point) {
    all_work += series.Work(point);
    RONCHI_ASSIGN_OR_RETURN(const SimulateJob job, series.Job(point));
    const MemoryNeed need = EstimateMemory(job.options, job.plan, total.threads, points);
    if (need.Total() > most_bytes) memory = need;
    most_bytes = std::max(most_bytes, need.Total());
  }
  if (points > 1) total.seconds = a_piece_of_work_s * all_work;
  total.memory = memory;
  total.prepared = prepared;
  return total;
}

absl::StatusOr<std::vector<std::pair<std::string, double>>> CompareWithMultislice(
    const SimulateJob& job) {
  sim::SimulationOptions o = job.options;
  const std::string reference = sim::ReferenceEngine()->name();
  if (o.engine->name() == reference) {
    const auto others =
        sim::EngineNames([&](const sim::EngineKind& kind) { return kind.name != reference; });
    return absl::InvalidArgumentError(absl::StrCat("--compare: the engine is ", reference,
                                                   " itself; allowed with engine.name ",
                                                   absl::StrJoin(others, ", ")));
  }
  constexpr size_t kMost = 64;
  const size_t probes = o.scan.probes(), n = std::min(kMost, probes);
  std::vector<std::array<double, 2>> points;
  for (size_t i = 0; i < n; ++i) points.push_back(job.options.scan.Position(i * probes / n));
  o.scan = {};
  o.scan.points_A = points;
  o.source_fwhm_A = o.electrons_per_A2 = 0;
  o.counts = false;
  std::erase_if(o.detectors, [](const sim::DetectorOptions& d) {
    return d.type == sim::DetectorOptions::Type::kPixelated ||
           d.type == sim::DetectorOptions::Type::kIntegratedDpc;
  });
  for (sim::DetectorOptions& d : o.detectors) d.response = {};
  if (o.detectors.empty()) {
    return absl::InvalidArgumentError(
        "--compare: no detector to compare; allowed: annular, segmented, center_of_mass, dpc");
  }
  RONCHI_ASSIGN_OR_RETURN(const sim::CompleteSimulation fast, sim::Simulate(o));
  o.engine = sim::ReferenceEngine();
  RONCHI_ASSIGN_OR_RETURN(const sim::CompleteSimulation exact, sim::Simulate(o));
  std::vector<std::pair<std::string, double>> errors;
  for (size_t d = 0; d < exact.images.size(); ++d) {
    double squares = 0, mean = 0;
    const Array<float>&a = fast.images[d].values, &b = exact.images[d].values;
    for (size_t i = 0; i < b.size(); ++i) {
      squares += std::pow(double(a[i]) - b[i], 2) / double(b.size());
      mean += std::fabs(double(b[i])) / double(b.size());
    }
    errors.emplace_back(exact.images[d].detector.name, std::sqrt(squares) / mean);
  }
  return errors;
}

}  // namespace ronchi
