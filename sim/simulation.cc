#include "sim/simulation.h"

#include <unistd.h>

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
#include "sim/coherence.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/prism.h"

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

struct WeightedProbe {
  ProbeSpectrum probe;
  double weight;
};

void RunConfiguration(const Multislice& engine, const std::vector<WeightedProbe>& probes,
                      const std::vector<std::array<double, 2>>& positions,
                      const std::vector<size_t>& exits, Progress* progress, Sums* sums) {
  WorkspacePool pool(engine);
  ParallelFor(positions.size(), 1, [&](size_t begin, size_t end) {
    if (Interrupted()) return;
    auto workspace = pool.Take();
    for (size_t p = begin; p < end; ++p) {
      for (const WeightedProbe& w : probes) {
        const auto read = [&](size_t e) {
          for (size_t d = 0; d < sums->detectors.size(); ++d) {
            const size_t n = sums->detectors[d].size();
            double* out = sums->values[d].data() + (e * positions.size() + p) * n;
            sums->detectors[d].Accumulate(workspace->intensity(), w.weight, {out, n});
          }
        };
        engine.Run(w.probe, positions[p][0], positions[p][1], exits, read, workspace.get());
      }
      ++sums->configurations[p];
    }
    pool.Return(std::move(workspace));
    progress->Tick(end - begin);
  });
}

// Indices of probes that lie close together: squares of a raster, single points otherwise.
std::vector<std::vector<size_t>> Tiles(const ScanOptions& scan) {
  constexpr size_t kSide = 8;
  std::vector<std::vector<size_t>> tiles;
  if (!scan.points_A.empty()) {
    for (size_t i = 0; i < scan.points_A.size(); ++i) tiles.push_back({i});
    return tiles;
  }
  for (size_t i0 = 0; i0 < scan.pixels[0]; i0 += kSide) {
    for (size_t j0 = 0; j0 < scan.pixels[1]; j0 += kSide) {
      tiles.emplace_back();
      for (size_t i = i0; i < std::min(i0 + kSide, scan.pixels[0]); ++i) {
        for (size_t j = j0; j < std::min(j0 + kSide, scan.pixels[1]); ++j) {
          tiles.back().push_back(i * scan.pixels[1] + j);
        }
      }
    }
  }
  return tiles;
}

void RunTiles(const Prism& prism, const std::vector<WeightedOptics>& optics,
              const std::vector<std::array<double, 2>>& positions,
              const std::vector<std::vector<size_t>>& tiles, Progress* progress, Sums* sums) {
  ParallelFor(tiles.size(), 1, [&](size_t begin, size_t end) {
    for (size_t t = begin; t < end && !Interrupted(); ++t) {
      std::vector<std::array<double, 2>> here;
      for (size_t p : tiles[t]) here.push_back(positions[p]);
      for (const WeightedOptics& w : optics) {
        prism.Run(w.optics, here, [&](size_t n, std::span<const float> intensity) {
          for (size_t d = 0; d < sums->detectors.size(); ++d) {
            const size_t size = sums->detectors[d].size();
            double* out = sums->values[d].data() + tiles[t][n] * size;
            sums->detectors[d].Accumulate(intensity, w.weight, {out, size});
          }
        });
      }
      for (size_t p : tiles[t]) ++sums->configurations[p];
      progress->Tick(tiles[t].size());
    }
  });
}

// Bytes that the machine can give without swapping: nine tenths of what is free now.
size_t AvailableMemory() {
  return size_t(0.9 * double(sysconf(_SC_AVPHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)));
}

// Means over the configurations done, NaN where a probe never ran; then the size of the source.
std::vector<double> Means(const SimulationOptions& o, size_t reading, const Sums& sums, size_t d) {
  std::vector<double> means = sums.values[d];
  const std::vector<int>& done = sums.configurations;
  for (size_t i = 0; i < means.size(); ++i) {
    const int n = done[i / reading % done.size()];
    means[i] = n > 0 ? means[i] / n : std::numeric_limits<double>::quiet_NaN();
  }
  if (o.scan.points_A.empty()) {
    const auto step = o.scan.Step_A();
    BlurBySource(o.source_fwhm_A, step[0], step[1], o.exit_slices.size(), o.scan.pixels[0],
                 o.scan.pixels[1], reading, &means);
  }
  return means;
}

DetectorImage ToImage(const SimulationOptions& o, const Detector& detector,
                      const std::vector<double>& means) {
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
  for (size_t i = 0; i < means.size(); ++i) {
    double v = means[i];
    if (electrons > 0 && !is_angle && std::isfinite(v)) {
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
  const std::vector<WeightedOptics> optics = SpreadFocus(o.beam, o.focal_spread_A);
  std::vector<WeightedProbe> probes;
  for (const WeightedOptics& w : optics) {
    RONCHI_ASSIGN_OR_RETURN(ProbeSpectrum probe, MakeProbe(grid, w.optics));
    probes.push_back({std::move(probe), w.weight});
  }
  const auto positions = o.scan.Positions();
  Sums sums;
  const double f = std::max(1, o.prism_interpolation);
  const Grid read_on{grid.nx / size_t(f), grid.ny / size_t(f), grid.lx_A / f, grid.ly_A / f};
  for (const DetectorOptions& d : o.detectors) {
    absl::StatusOr<Detector> detector = Detector::Create(d, read_on, o.beam.energy_eV);
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
    if (o.prism_interpolation > 0) {
      RONCHI_ASSIGN_OR_RETURN(const Prism prism,
                              Prism::Create(engine, o.beam.energy_eV, o.beam.semiangle_rad,
                                            o.prism_interpolation, AvailableMemory()));
      result.beams = prism.beams();
      RunTiles(prism, optics, positions, Tiles(o.scan), &progress, &sums);
    } else {
      RunConfiguration(engine, probes, positions, o.exit_slices, &progress, &sums);
    }
  }
  result.interrupted = Interrupted();
  for (size_t d = 0; d < sums.detectors.size(); ++d) {
    result.images.push_back(
        ToImage(o, sums.detectors[d], Means(o, sums.detectors[d].size(), sums, d)));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace ronchi::sim
