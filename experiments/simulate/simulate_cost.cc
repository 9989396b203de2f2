#include "experiments/simulate/simulate_cost.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "core/parallel.h"
#include "sim/coherence.h"
#include "sim/contracted/prepare.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/prism.h"
#include "sim/specimen/translations.h"

namespace ronchi {
namespace {

double ThreadSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Measured {
  double potential_s = 0;        // of one slice
  double potential_fixed_s = 0;  // of a stack, besides: filters, the propagator
  double slice_s = 0;            // of one probe in one slice
  double exit_s = 0;             // of entering, and of reading every detector once
  double engine_s = 0;           // of making an engine of slices that are there, a distinct slice
};

// `slices` of the specimen about its middle, where built specimens have their atoms, as a box of
// their own; moved as phonons do, so that all are different where the job's are.
sim::Specimen SlicesOfEqualAtoms(const sim::SimulationOptions& o, double slice_A, size_t slices) {
  const size_t all = o.exit_slices.back();
  const double from_A = double((all - std::min(all, slices)) / 2) * slice_A;
  sim::Specimen slab;
  slab.cell_A = {o.specimen.cell_A[0], o.specimen.cell_A[1], double(slices) * slice_A};
  for (sim::Atom a : o.specimen.atoms) {
    a.z_A -= from_A;
    if (a.z_A >= 0 && a.z_A < slab.cell_A[2]) slab.atoms.push_back(a);
  }
  return o.phonons ? slab.Displaced(o.phonon_rms_A, o.phonon_seed, 0) : slab;
}

// `cells`: waves of one of that many equal cells of the box.
absl::StatusOr<Measured> Measure(const SimulateJob& job, double slice_A,
                                 std::array<size_t, 2> cells) {
  const sim::SimulationOptions& o = job.options;
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load(o.parametrization));
  const sim::PotentialOptions options{o.projection, o.placement};
  Measured m;
  sim::PotentialSlices potential;
  // CPU seconds of a stack of slices, its engine included.
  const auto stack = [&](size_t slices) -> absl::StatusOr<double> {
    const double start = ThreadSeconds();
    RONCHI_ASSIGN_OR_RETURN(
        potential, sim::MakePotential(SlicesOfEqualAtoms(o, slice_A, slices), job.plan.grid,
                                      slice_A, *factors, options));
    const sim::Multislice engine(potential, o.beam.energy_eV, o.tilt_rad);
    return ThreadSeconds() - start;
  };
  RONCHI_RETURN_IF_ERROR(stack(2).status());  // plans
  RONCHI_ASSIGN_OR_RETURN(const double few_s, stack(2));
  const size_t few = potential.distinct.size();
  RONCHI_ASSIGN_OR_RETURN(const double more_s, stack(6));
  const size_t more = potential.distinct.size();
  m.potential_s =
      more > few ? std::max(0.0, more_s - few_s) / double(more - few) : more_s / double(more);
  m.potential_fixed_s = std::max(0.0, few_s - double(few) * m.potential_s);
  constexpr size_t kSlices = 9;
  RONCHI_ASSIGN_OR_RETURN(
      sim::PotentialSlices cell,
      sim::MakePotential(sim::FirstCell(SlicesOfEqualAtoms(o, slice_A, 6), cells),
                         sim::CellGrid(job.plan.grid, cells), slice_A, *factors, options));
  cell.order.resize(kSlices, cell.order[0]);
  { const sim::Multislice plans(cell, o.beam.energy_eV, o.tilt_rad); }
  const double before = ThreadSeconds();
  const sim::Multislice engine(cell, o.beam.energy_eV, o.tilt_rad);
  m.engine_s = (ThreadSeconds() - before) / double(cell.distinct.size());
  // The contracted engine sends plane waves.
  sim::ProbeSpectrum probe{{{0, 0, 1.0f}}};
  if (o.engine != sim::Engine::kContracted) {
    RONCHI_ASSIGN_OR_RETURN(probe, sim::MakeProbe(job.plan.grid, o.beam));
  }
  sim::Multislice::Workspace workspace = engine.MakeWorkspace();
  std::vector<std::vector<double>> readings;
  // A coarser pattern than PRISM's window gives is read here: its detectors cannot be.
  const bool reads = o.engine == sim::Engine::kMultislice;
  for (const sim::Detector& d : job.plan.detectors) readings.emplace_back(d.size(), 0.0);
  const auto seconds = [&](size_t slices) {
    const std::vector<size_t> exits = {slices};
    double best = 1e300;
    for (int repeat = 0; repeat < 5; ++repeat) {
      const double begin = ThreadSeconds();
      engine.Run(
          probe, 0, 0, exits,
          [&](size_t) {
            for (size_t d = 0; reads && d < readings.size(); ++d) {
              job.plan.detectors[d].Accumulate(workspace.intensity(), 1, readings[d]);
            }
          },
          &workspace);
      best = std::min(best, ThreadSeconds() - begin);
    }
    return best;
  };
  seconds(kSlices);  // plans, page faults
  const double all = seconds(kSlices), one = seconds(1);
  m.slice_s = std::max(0.0, all - one) / double(kSlices - 1);
  m.exit_s = std::max(0.0, one - m.slice_s);
  return m;
}

// The linear engine's sums take 2 multiplications a harmonic and probe; a guess, it is fast anyway.
constexpr double kLinearSeconds = 1e-8;
// Single-precision complex multiplications a second that PRISM's sums reach.
constexpr double kReductionRate = 4e9;

double ReductionSeconds(const SimulateJob& job, size_t beams) {
  // The patch of a tile is about (window + tile)² pixels of the band-limited wave.
  const sim::Grid& w = job.plan.read_on;
  return double(beams) * double(w.size()) * 0.6 / kReductionRate;
}

// Seconds that reading a prepared engine and making the images take: it is done.
absl::StatusOr<double> MeasurePrepared(const SimulateJob& job, size_t* beams) {
  const sim::SimulationOptions& o = job.options;
  const double start = ThreadSeconds();
  RONCHI_ASSIGN_OR_RETURN(const auto prepared, sim::PrepareContraction(o, job.plan.detectors));
  *beams = prepared.engine->beams();
  const double loaded_s = ThreadSeconds() - start;
  // The first block; its coefficients are computed anew for each.
  sim::ScanLines scan;
  const auto& block = job.plan.blocks.at(0);
  for (size_t p = 0; p < block.count; ++p) {
    scan.starts_A.push_back(o.scan.Position(block.first + p));
  }
  if (block.count == o.scan.probes() && o.scan.is_raster()) scan = sim::MakeLines(o.scan);
  sim::Contracted::Workspace workspace;
  std::vector<double> image(prepared.engine->values() * scan.probes());
  const double before = ThreadSeconds();
  RONCHI_RETURN_IF_ERROR(prepared.engine->ComputeImage(
      {.beam = o.beam, .focal_spread_A = o.focal_spread_A}, scan, &workspace, image));
  return loaded_s + (ThreadSeconds() - before) * double(job.plan.blocks.size());
}

}  // namespace

absl::StatusOr<SimulateCost> EstimateCost(const SimulateJob& job) {
  const sim::SimulationOptions& o = job.options;
  SimulateCost cost;
  cost.threads = Threads();
  cost.memory = EstimateMemory(o, job.plan, cost.threads);
  cost.slices = o.exit_slices.back();
  cost.distinct_slices = DistinctSlices(o);
  cost.largest_angle_mrad =
      job.plan.read_on.band_limit_per_A() * sim::Wavelength_A(o.beam.energy_eV) * 1e3;
  const double optics = double(sim::SpreadFocus(o.beam, o.focal_spread_A).size());
  const double probes = double(o.scan.probes());
  if (o.engine == sim::Engine::kLinear) {
    cost.seconds = kLinearSeconds * probes * optics * double(o.detectors.size()) * 1e3;
    return cost;
  }
  const double slice_A = o.specimen.cell_A[2] / double(cost.slices);
  const bool contracted = o.engine == sim::Engine::kContracted;
  if (contracted && sim::IsPrepared(o, job.plan.detectors)) {
    cost.prepared = true;
    RONCHI_ASSIGN_OR_RETURN(cost.seconds, MeasurePrepared(job, &cost.beams));
    return cost;
  }
  const sim::ContractionOptions contraction = sim::PlanContraction(o);
  const auto cells = contracted ? contraction.cells : std::array<size_t, 2>{1, 1};
  RONCHI_ASSIGN_OR_RETURN(const Measured m, Measure(job, slice_A, cells));
  cost.cpu_ms_a_slice = m.slice_s * 1e3;
  const double configurations = double(o.phonon_configurations);
  const double blocks = contracted ? 1 : double(job.plan.blocks.size());
  const double remade = o.phonons ? configurations * blocks : 1;
  const double potential_s =
      remade * (double(cost.distinct_slices) * m.potential_s + m.potential_fixed_s);
  double waves = probes * optics * configurations, reading_s = 0;
  if (o.engine == sim::Engine::kPrism) {
    const double lean_rad = std::hypot(o.beam.tilt_rad[0], o.beam.tilt_rad[1]);
    cost.beams = sim::Prism::CountBeams(job.plan.grid, o.beam.energy_eV,
                                        o.beam.semiangle_rad + lean_rad, o.prism_interpolation);
    reading_s = waves * ReductionSeconds(job, cost.beams);
    waves = double(cost.beams) * remade;
  }
  if (contracted) {
    const auto need = sim::ContractedBuilder::EstimateCost(contraction, job.plan.detectors);
    cost.beams = need.beams;
    waves = double(need.beams) * configurations;
    const double rate = sim::ContractedBuilder::MeasureProductRate(contraction);
    // Every class of beams has an engine of its own.
    const double classes = double(cells[0] * cells[1]);
    reading_s = configurations * need.products / rate +
                (classes - 1) * m.engine_s * double(cost.distinct_slices);
  }
  const double wave_s = double(cost.slices) * m.slice_s + double(o.exit_slices.size()) * m.exit_s;
  cost.seconds = (potential_s + waves * wave_s + reading_s) / cost.threads;
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
  if (o.engine == sim::Engine::kMultislice) {
    return absl::InvalidArgumentError(
        "--compare: the engine is multislice itself; allowed with engine.name prism, contracted, "
        "linear");
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
  o.engine = sim::Engine::kMultislice;
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
