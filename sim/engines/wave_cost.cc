#include "sim/engines/wave_cost.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

#include "sim/coherence.h"
#include "sim/contracted/builder.h"
#include "sim/multislice.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential.h"
#include "sim/probe.h"
#include "sim/specimen/translations.h"

namespace ronchi::sim {
namespace {

constexpr double kFloatBytes = 4, kComplexBytes = 8;

double SliceThickness_A(const SimulationOptions& o) {
  return o.specimen.cell_A[2] / double(o.exit_slices.back());
}

// `slices` of the specimen about its middle, where built specimens have their atoms, as a box of
// their own; moved as phonons do, so that all are different where the job's are.
Specimen MiddleSlab(const SimulationOptions& o, size_t slices) {
  const double slice_A = SliceThickness_A(o);
  const size_t all = o.exit_slices.back();
  const double from_A = double((all - std::min(all, slices)) / 2) * slice_A;
  Specimen slab;
  slab.cell_A = {o.specimen.cell_A[0], o.specimen.cell_A[1], double(slices) * slice_A};
  for (Atom a : o.specimen.atoms) {
    a.z_A -= from_A;
    if (a.z_A >= 0 && a.z_A < slab.cell_A[2]) slab.atoms.push_back(a);
  }
  return o.phonons ? slab.Displaced(o.phonon_rms_A, o.phonon_seed, 0) : slab;
}

// CPU seconds of a stack of slices and its transmission functions, with the potential's.
absl::Status MeasurePotential(const SimulationOptions& o, const SimulationPlan& plan,
                              const ScatteringFactors& factors, WaveSeconds* m) {
  PotentialSlices potential;
  const auto stack = [&](size_t slices) -> absl::StatusOr<double> {
    const double start = ThreadSeconds();
    RONCHI_ASSIGN_OR_RETURN(
        potential, MakePotential(MiddleSlab(o, slices), plan.grid, SliceThickness_A(o), factors,
                                 PotentialOptions{o.projection, o.placement}));
    const Multislice engine(potential, o.beam.energy_eV, o.tilt_rad);
    return ThreadSeconds() - start;
  };
  RONCHI_RETURN_IF_ERROR(stack(2).status());  // plans
  RONCHI_ASSIGN_OR_RETURN(const double few_s, stack(2));
  const size_t few = potential.distinct.size();
  RONCHI_ASSIGN_OR_RETURN(const double more_s, stack(6));
  const size_t more = potential.distinct.size();
  m->potential =
      more > few ? std::max(0.0, more_s - few_s) / double(more - few) : more_s / double(more);
  m->potential_fixed = std::max(0.0, few_s - double(few) * m->potential);
  return absl::OkStatus();
}

}  // namespace

double ThreadSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// Those with equal sums of their atoms' hashes count once, as sim/potential.h computes slices with
// the same atoms once.
size_t DistinctSlices(const SimulationOptions& o) {
  const double height = o.specimen.cell_A[2];
  const size_t count = std::max<size_t>(1, size_t(std::ceil(height / o.slice_thickness_A - 1e-6)));
  // Across the faces of slices atoms reach into their neighbours: taken as all different.
  if (o.phonons || o.projection == Projection::kFinite) return count;
  std::vector<uint64_t> sums(count, 0);
  for (const Atom& a : o.specimen.atoms) {
    const double slice = std::floor(a.z_A / height * double(count) + 1e-6);
    uint64_t hash = uint64_t(a.z);
    for (double v : {a.x_A, a.y_A, a.occupancy}) {
      hash = (hash ^ uint64_t(std::llround(v * 1e4))) * 0x9e3779b97f4a7c15ull;
      hash ^= hash >> 29;
    }
    sums[size_t(std::clamp(slice, 0.0, double(count - 1)))] += hash;
  }
  return std::set<uint64_t>(sums.begin(), sums.end()).size();
}

EngineMemory WaveMemory(const SimulationOptions& o, int threads) {
  const double pixels = double(o.grid_pixels[0]) * double(o.grid_pixels[1]);
  // Rows are padded by at most two cache lines of complex numbers.
  const double padded = double(o.grid_pixels[0]) * (double(o.grid_pixels[1]) + 16);
  std::set<int> elements;
  for (const Atom& a : o.specimen.atoms) elements.insert(a.z);
  // The smooth part of a slice has a grid of its own; its cores are nothing beside it.
  const double smooth =
      o.placement == Placement::kExact ? double(SmoothGrid(o.grid()).size()) : pixels;
  EngineMemory need;
  need.slices = double(DistinctSlices(o)) * (kFloatBytes * smooth + kComplexBytes * padded);
  // Each thread: wave and pattern while it propagates, two planes while it projects a slice. All
  // together: filters for pairs of elements, the propagator, the apertures of slices and exit.
  need.workspaces = threads * std::max(kComplexBytes * padded + kFloatBytes * pixels,
                                       2 * kComplexBytes * smooth) +
                    double((elements.size() + 1) / 2) * kComplexBytes * smooth +
                    (kComplexBytes + 3 * kFloatBytes) * pixels;
  return need;
}

absl::StatusOr<WaveSeconds> MeasureWaves(const SimulationOptions& o, const SimulationPlan& plan,
                                         const WaveMeasurement& how) {
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load(o.parametrization));
  WaveSeconds m;
  RONCHI_RETURN_IF_ERROR(MeasurePotential(o, plan, *factors, &m));
  constexpr size_t kSlices = 9;
  RONCHI_ASSIGN_OR_RETURN(
      PotentialSlices cell,
      MakePotential(FirstCell(MiddleSlab(o, 6), how.cells), CellGrid(plan.grid, how.cells),
                    SliceThickness_A(o), *factors, PotentialOptions{o.projection, o.placement}));
  cell.order.resize(kSlices, cell.order[0]);
  { const Multislice plans(cell, o.beam.energy_eV, o.tilt_rad); }
  const double before = ThreadSeconds();
  const Multislice engine(cell, o.beam.energy_eV, o.tilt_rad);
  m.transmission = (ThreadSeconds() - before) / double(cell.distinct.size());
  ProbeSpectrum probe{{{0, 0, 1.0f}}};
  if (!how.plane_waves) {
    RONCHI_ASSIGN_OR_RETURN(probe, MakeProbe(plan.grid, o.beam));
  }
  Multislice::Workspace workspace = engine.MakeWorkspace();
  std::vector<std::vector<double>> readings;
  for (const Detector& d : plan.detectors) readings.emplace_back(d.size(), 0.0);
  const auto seconds = [&](size_t slices) {
    const std::vector<size_t> exits = {slices};
    double best = 1e300;
    for (int repeat = 0; repeat < 5; ++repeat) {
      const double begin = ThreadSeconds();
      engine.Run(
          probe, 0, 0, exits,
          [&](size_t) {
            for (size_t d = 0; how.reads && d < readings.size(); ++d) {
              plan.detectors[d].Accumulate(workspace.intensity(), 1, readings[d]);
            }
          },
          &workspace);
      best = std::min(best, ThreadSeconds() - begin);
    }
    return best;
  };
  seconds(kSlices);  // plans, page faults
  const double all = seconds(kSlices), one = seconds(1);
  m.slice = std::max(0.0, all - one) / double(kSlices - 1);
  m.exit = std::max(0.0, one - m.slice);
  return m;
}

double PotentialSeconds(const SimulationOptions& o, const WaveSeconds& one, double times) {
  return times * (double(DistinctSlices(o)) * one.potential + one.potential_fixed);
}

double PassSeconds(const SimulationOptions& o, const WaveSeconds& one, double waves) {
  return waves *
         (double(o.exit_slices.back()) * one.slice + double(o.exit_slices.size()) * one.exit);
}

double PotentialsMade(const SimulationOptions& o, size_t blocks) {
  return o.phonons ? double(o.phonon_configurations) * double(blocks) : 1;
}

double ProbeWaves(const SimulationOptions& o) {
  return double(o.scan.probes()) * double(SpreadFocus(o.beam, o.focal_spread_A).size()) *
         double(o.phonon_configurations);
}

}  // namespace ronchi::sim
