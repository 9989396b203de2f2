#include "sim/simulation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"

namespace ronchi::sim {
namespace {

// Workspaces outlive the ranges of ParallelFor: nothing is allocated per probe.
class WorkspacePool {
 public:
  explicit WorkspacePool(const Multislice& engine) : engine_(engine) {}
  std::unique_ptr<Multislice::Workspace> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::make_unique<Multislice::Workspace>(engine_.MakeWorkspace());
    auto w = std::move(free_.back());
    free_.pop_back();
    return w;
  }
  void Return(std::unique_ptr<Multislice::Workspace> w) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(w));
  }

 private:
  const Multislice& engine_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Multislice::Workspace>> free_;
};

// Sums over configurations, one block [exits, positions, reading] a detector.
struct Sums {
  std::vector<Detector> detectors;
  std::vector<std::vector<double>> values;
  std::vector<int> configurations;  // done so far, by position
};

void RunConfiguration(const Multislice& engine, const ProbeSpectrum& probe,
                      const std::vector<std::array<double, 2>>& positions,
                      const std::vector<size_t>& exits, Progress* progress,
                      Sums* sums) {
  WorkspacePool pool(engine);
  ParallelFor(positions.size(), 1, [&](size_t begin, size_t end) {
    if (Interrupted()) return;
    auto workspace = pool.Take();
    for (size_t p = begin; p < end; ++p) {
      engine.Run(
          probe, positions[p][0], positions[p][1], exits,
          [&](size_t e) {
            for (size_t d = 0; d < sums->detectors.size(); ++d) {
              const size_t n = sums->detectors[d].size();
              const std::span<double> out(sums->values[d].data() + (e * positions.size() + p) * n,
                                          n);
              sums->detectors[d].Accumulate(workspace->intensity(), 1, out);
            }
          },
          workspace.get());
      ++sums->configurations[p];
    }
    pool.Return(std::move(workspace));
    progress->Tick(end - begin);
  });
}

// Means over the configurations done; NaN where a probe never ran.
DetectorImage ToImage(const SimulationOptions& o, const Detector& detector,
                      const std::vector<double>& sums, const std::vector<int>& configurations) {
  DetectorImage image{detector.options(), detector.x_axis(), detector.y_axis(), {}};
  std::vector<size_t> shape;
  if (o.exit_slices.size() > 1) shape.push_back(o.exit_slices.size());
  if (o.scan.points_A.empty()) {
    shape.push_back(o.scan.pixels[0]);
    shape.push_back(o.scan.pixels[1]);
  } else {
    shape.push_back(o.scan.points_A.size());
  }
  shape.insert(shape.end(), detector.shape().begin(), detector.shape().end());
  image.values = Array<float>(shape);
  const auto step = o.scan.Step_A();
  const double electrons = o.electrons_per_A2 * std::fabs(step[0] * step[1]);
  const bool is_angle = detector.options().type == DetectorOptions::Type::kCenterOfMass;
  for (size_t i = 0; i < sums.size(); ++i) {
    const int done = configurations[i / detector.size() % configurations.size()];
    double v = done > 0 ? sums[i] / done : std::numeric_limits<double>::quiet_NaN();
    if (electrons > 0 && !is_angle && done > 0) {
      // One stream a value: a function of (seed, detector, index) and of nothing else.
      RandomStream random(
          {.seed = o.dose_seed, .name = "sim.counts/" + detector.options().name, .environment = i});
      v = double(random.Poisson(v * electrons)) / (o.counts ? 1 : electrons);
    } else if (o.counts && electrons > 0 && !is_angle) {
      v *= electrons;
    }
    image.values[i] = float(v);
  }
  return image;
}

}  // namespace

std::array<double, 2> ScanOptions::Step_A() const {
  std::array<double, 2> step;
  for (int a : {0, 1}) {
    const size_t intervals = endpoint ? std::max<size_t>(1, pixels[a] - 1) : pixels[a];
    step[a] = (end_A[a] - start_A[a]) / double(intervals);
  }
  return step;
}

std::vector<std::array<double, 2>> ScanOptions::Positions() const {
  if (!points_A.empty()) return points_A;
  std::vector<std::array<double, 2>> positions;
  const auto step = Step_A();
  for (size_t i = 0; i < pixels[0]; ++i) {
    for (size_t j = 0; j < pixels[1]; ++j) {
      positions.push_back({start_A[0] + double(i) * step[0], start_A[1] + double(j) * step[1]});
    }
  }
  return positions;
}

absl::StatusOr<SimulationResult> Simulate(const SimulationOptions& o) {
  const auto start = std::chrono::steady_clock::now();
  SimulationResult result;
  const Grid grid = result.grid = {o.grid_pixels[0], o.grid_pixels[1], o.specimen.cell_A[0],
                                   o.specimen.cell_A[1]};
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load(o.parametrization));
  RONCHI_ASSIGN_OR_RETURN(const ProbeSpectrum probe, MakeProbe(grid, o.beam));
  const auto positions = o.scan.Positions();
  Sums sums;
  for (const DetectorOptions& d : o.detectors) {
    absl::StatusOr<Detector> detector = Detector::Create(d, grid, o.beam.energy_eV);
    if (!detector.ok()) return Annotate(detector.status(), "detectors." + d.name);
    sums.values.emplace_back(o.exit_slices.size() * positions.size() * detector->size(), 0.0);
    sums.detectors.push_back(std::move(*detector));
  }
  sums.configurations.assign(positions.size(), 0);
  Progress progress("simulate", positions.size() * size_t(o.phonon_configurations));
  for (int c = 0; c < o.phonon_configurations && !Interrupted(); ++c) {
    const Specimen displaced =
        o.phonons ? o.specimen.Displaced(o.phonon_rms_A, o.phonon_seed, uint64_t(c)) : o.specimen;
    RONCHI_ASSIGN_OR_RETURN(const PotentialSlices potential,
                            MakePotential(displaced, grid, o.slice_thickness_A, *factors));
    const Multislice engine(potential, o.beam.energy_eV, o.tilt_rad);
    result.slices = engine.slices();
    result.distinct_slices = potential.distinct.size();
    result.slice_thickness_A = potential.thickness_A;
    RunConfiguration(engine, probe, positions, o.exit_slices, &progress, &sums);
  }
  result.interrupted = Interrupted();
  for (size_t d = 0; d < sums.detectors.size(); ++d) {
    result.images.push_back(ToImage(o, sums.detectors[d], sums.values[d], sums.configurations));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace ronchi::sim
