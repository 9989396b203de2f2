#include "sim/simulation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "core/free_memory.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "sim/coherence.h"
#include "sim/contracted/prepare.h"
#include "sim/linear.h"
#include "sim/multislice.h"
#include "sim/physics/scattering_factors.h"
#include "sim/prism.h"
#include "sim/readings.h"

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

// Patient planning takes seconds and saves a tenth: for more than a minute or two of work. With
// phonons, planes are transformed often enough to be measured. A function of the options alone.
FftEfforts Efforts(const SimulationOptions& o) {
  constexpr double kPixelSteps = 5e10;  // about 100 s on one core of 2020
  const double waves = double(o.scan.probes()) * (o.focal_spread_A > 0 ? 11 : 1);
  const double steps = waves * o.phonon_configurations * double(o.exit_slices.back()) *
                       double(o.grid_pixels[0]) * double(o.grid_pixels[1]);
  const bool reads_all = o.engine == Engine::kMultislice;
  return {.waves = reads_all && steps > kPixelSteps ? Fft::Effort::kPatient : Fft::Effort::kMeasure,
          .planes = o.phonons ? Fft::Effort::kMeasure : Fft::Effort::kEstimate};
}

// A simulation at work: engines are made a configuration at a time, and kept while atoms rest.
class Work {
 public:
  Work(const SimulationOptions& o, const SimulationPlan& plan, SimulationResult* result)
      : o_(o), plan_(plan), result_(result) {}

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(factors_, ScatteringFactors::Load(o_.parametrization));
    optics_ = SpreadFocus(o_.beam, o_.focal_spread_A);
    for (const WeightedOptics& w : optics_) {
      RONCHI_ASSIGN_OR_RETURN(ProbeSpectrum probe, MakeProbe(plan_.grid, w.optics));
      probes_.push_back(std::move(probe));
    }
    return absl::OkStatus();
  }

  // Adds one configuration to the sums of the block's probes that lack it.
  absl::Status Run(int configuration, Progress* progress, BlockSums* sums) {
    if (o_.engine == Engine::kLinear) return RunLinear(progress, sums);
    if (o_.engine == Engine::kContracted) return RunContracted(progress, sums);
    RONCHI_RETURN_IF_ERROR(Prepare(configuration));
    if (prism_) {
      RunTiles(configuration, progress, sums);
    } else {
      RunProbes(configuration, progress, sums);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Prepare(int configuration);
  void RunProbes(int configuration, Progress* progress, BlockSums* sums);
  void RunTiles(int configuration, Progress* progress, BlockSums* sums);
  absl::Status RunLinear(Progress* progress, BlockSums* sums);
  absl::Status RunContracted(Progress* progress, BlockSums* sums);
  void Read(std::span<const Real> intensity, double weight, size_t exit, size_t probe,
            BlockSums* sums) const {
    for (size_t d = 0; d < plan_.detectors.size(); ++d) {
      const size_t n = plan_.detectors[d].size();
      double* out =
          sums->values[d].data() + (exit * sums->block.count + probe - sums->block.first) * n;
      plan_.detectors[d].Accumulate(intensity, weight, {out, n});
    }
  }

  const SimulationOptions& o_;
  const SimulationPlan& plan_;
  SimulationResult* result_;
  std::shared_ptr<const ScatteringFactors> factors_;
  std::vector<WeightedOptics> optics_;
  std::vector<ProbeSpectrum> probes_;  // one a WeightedOptics
  int prepared_ = -1;
  std::optional<PotentialMaker> potential_;
  std::unique_ptr<Multislice> engine_;
  std::unique_ptr<Prism> prism_;
  std::shared_ptr<const Contracted> contracted_;
  Contracted::Workspace contracted_workspace_;
};

absl::Status Work::Prepare(int configuration) {
  if (!o_.phonons) configuration = 0;
  if (prepared_ == configuration) return absl::OkStatus();
  prism_.reset();  // two scattering matrices at once may be more than fits
  engine_.reset();
  const Specimen displaced =
      o_.phonons ? o_.specimen.Displaced(o_.phonon_rms_A, o_.phonon_seed, uint64_t(configuration))
                 : o_.specimen;
  const FftEfforts efforts = Efforts(o_);
  if (!potential_) {
    potential_.emplace(plan_.grid, o_.slice_thickness_A, factors_,
                       PotentialOptions{o_.projection, o_.placement, efforts.planes});
  }
  RONCHI_ASSIGN_OR_RETURN(const PotentialSlices potential, potential_->Make(displaced));
  engine_ = std::make_unique<Multislice>(potential, o_.beam.energy_eV, o_.tilt_rad, efforts);
  result_->slices = engine_->slices();
  result_->distinct_slices = potential.distinct.size();
  result_->slice_thickness_A = potential.thickness_A;
  if (o_.engine == Engine::kPrism) {
    const double reach_rad =
        o_.beam.semiangle_rad + std::hypot(o_.beam.tilt_rad[0], o_.beam.tilt_rad[1]);
    RONCHI_ASSIGN_OR_RETURN(Prism prism, Prism::Create(*engine_, o_.beam.energy_eV, reach_rad,
                                                       o_.prism_interpolation, FreeMemoryBytes()));
    prism_ = std::make_unique<Prism>(std::move(prism));
    result_->beams = prism_->beams();
  }
  prepared_ = configuration;
  return absl::OkStatus();
}

void Work::RunProbes(int configuration, Progress* progress, BlockSums* sums) {
  WorkspacePool pool(*engine_);
  const auto [first, count] = sums->block;
  ParallelFor(count, 1, [&, first = first](size_t begin, size_t end) {
    auto workspace = pool.Take();
    for (size_t p = begin; p < end && !Interrupted(); ++p) {
      if (sums->configurations[p] > configuration) continue;  // done before an interruption
      const auto at = o_.scan.Position(first + p);
      for (size_t i = 0; i < optics_.size(); ++i) {
        const auto read = [&](size_t exit) {
          Read(workspace->intensity(), optics_[i].weight, exit, first + p, sums);
        };
        engine_->Run(probes_[i], at[0], at[1], o_.exit_slices, read, workspace.get());
      }
      ++sums->configurations[p];
      progress->Tick();
    }
    pool.Return(std::move(workspace));
  });
}

void Work::RunTiles(int configuration, Progress* progress, BlockSums* sums) {
  const auto tiles = o_.scan.Tiles(sums->block);
  const size_t first = sums->block.first;
  ParallelFor(tiles.size(), 1, [&](size_t begin, size_t end) {
    for (size_t t = begin; t < end && !Interrupted(); ++t) {
      if (sums->configurations[tiles[t][0] - first] > configuration) continue;
      std::vector<std::array<double, 2>> here;
      for (size_t p : tiles[t]) here.push_back(o_.scan.Position(p));
      for (const WeightedOptics& w : optics_) {
        prism_->Run(w.optics, here, [&](size_t n, std::span<const Real> intensity) {
          Read(intensity, w.weight, 0, tiles[t][n], sums);
        });
      }
      for (size_t p : tiles[t]) ++sums->configurations[p - first];
      progress->Tick(tiles[t].size());
    }
  });
}

// Thermal motion enters through the displacements' rms, not through configurations.
absl::Status Work::RunLinear(Progress* progress, BlockSums* sums) {
  Specimen specimen = o_.specimen;
  for (Atom& a : specimen.atoms) {
    const auto element = o_.phonon_rms_A.find(a.z);
    if (!o_.phonons)
      a.rms_A = 0;
    else if (element != o_.phonon_rms_A.end())
      a.rms_A = element->second;
  }
  LinearRaster raster{{}, 0, 1};  // single points
  for (size_t p = 0; p < sums->block.count; ++p) {
    raster.starts_A.push_back(o_.scan.Position(sums->block.first + p));
  }
  for (size_t d = 0; d < plan_.detectors.size() && !Interrupted(); ++d) {
    const DetectorOptions& ring = plan_.detectors[d].options();
    absl::StatusOr<LinearEngine> engine =
        LinearEngine::Create(specimen,
                             {.energy_eV = o_.beam.energy_eV,
                              .semiangle_rad = o_.beam.semiangle_rad,
                              .inner_rad = ring.inner_rad,
                              .outer_rad = ring.outer_rad},
                             *factors_);
    if (!engine.ok()) return Annotate(engine.status(), "detectors." + ring.name);
    std::vector<double> image(sums->block.count);
    // A run that a signal ended between two detectors has left the first one's image here.
    std::fill(sums->values[d].begin(), sums->values[d].end(), 0.0);
    for (const WeightedOptics& w : optics_) {
      engine->MakeHarmonics(w.optics.aberrations, o_.source_fwhm_A).ComputeImage(raster, image);
      for (size_t p = 0; p < image.size(); ++p) sums->values[d][p] += w.weight * image[p];
    }
  }
  if (Interrupted()) return absl::OkStatus();
  for (int& done : sums->configurations) ++done;
  progress->Tick(sums->block.count);
  return absl::OkStatus();
}

absl::Status Work::RunContracted(Progress* progress, BlockSums* sums) {
  if (!contracted_) {
    const absl::StatusOr<PreparedContraction> prepared_or =
        PrepareContraction(o_, plan_.detectors, Efforts(o_));
    if (absl::IsCancelled(prepared_or.status())) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const PreparedContraction& prepared, prepared_or);
    contracted_ = prepared.engine;
    result_->beams = contracted_->beams();
    result_->slices = prepared.slices;
    result_->distinct_slices = prepared.distinct_slices;
    result_->slice_thickness_A = prepared.slice_thickness_A;
  }
  const auto [first, count] = sums->block;
  ScanLines scan;
  if (o_.scan.is_raster() && count == o_.scan.probes()) {
    scan = MakeLines(o_.scan);
  } else {
    for (size_t p = 0; p < count; ++p) scan.starts_A.push_back(o_.scan.Position(first + p));
  }
  std::vector<double> image(contracted_->values() * count);
  RONCHI_RETURN_IF_ERROR(contracted_->ComputeImage(
      {.beam = o_.beam, .focal_spread_A = o_.focal_spread_A}, scan, &contracted_workspace_, image));
  size_t value = 0;
  for (size_t d = 0; d < plan_.detectors.size(); ++d) {
    const size_t n = plan_.detectors[d].size();
    for (size_t v = 0; v < n; ++v, ++value) {
      for (size_t p = 0; p < count; ++p) sums->values[d][p * n + v] = image[value * count + p];
    }
  }
  for (int& done : sums->configurations) ++done;
  progress->Tick(count);
  return absl::OkStatus();
}

SimulationState ToState(size_t block, const BlockSums& sums,
                        std::vector<std::vector<double>> gradients) {
  return {.block = block,
          .configurations = {sums.configurations.begin(), sums.configurations.end()},
          .sums = sums.values,
          .gradients = std::move(gradients)};
}

}  // namespace

double SimulationOptions::electrons_per_probe() const {
  const auto step = scan.Step_A();
  return electrons_per_A2 > 0 ? electrons_per_A2 * std::fabs(step[0] * step[1]) : 0;
}

std::vector<size_t> SimulationPlan::Shape(const SimulationOptions& o, size_t d) const {
  std::vector<size_t> shape;
  if (o.exit_slices.size() > 1) shape.push_back(o.exit_slices.size());
  if (o.scan.is_raster()) {
    shape.insert(shape.end(), o.scan.pixels.begin(), o.scan.pixels.end());
  } else {
    shape.push_back(o.scan.probes());
  }
  shape.insert(shape.end(), detectors[d].shape().begin(), detectors[d].shape().end());
  return shape;
}

absl::StatusOr<SimulationPlan> PlanSimulation(const SimulationOptions& o) {
  SimulationPlan plan;
  plan.grid = plan.read_on = o.grid();
  if (o.engine == Engine::kPrism) {
    const size_t f = size_t(o.prism_interpolation);
    plan.read_on = {plan.grid.nx / f, plan.grid.ny / f, plan.grid.lx_A / double(f),
                    plan.grid.ly_A / double(f)};
  }
  RONCHI_RETURN_IF_ERROR(MakeProbe(plan.grid, o.beam).status());
  size_t bytes_a_probe = sizeof(int);
  for (const DetectorOptions& d : o.detectors) {
    absl::StatusOr<Detector> detector =
        Detector::Create(d, plan.read_on, o.beam.energy_eV, o.beam.semiangle_rad);
    if (!detector.ok()) return Annotate(detector.status(), "detectors." + d.name);
    bytes_a_probe += o.exit_slices.size() * detector->size() * sizeof(double);
    plan.detectors.push_back(std::move(*detector));
  }
  // With phonons the potential is made anew for every block and configuration: larger blocks.
  constexpr size_t kPhononFactor = 8;
  const size_t budget = o.block_bytes * (o.phonons ? kPhononFactor : 1);
  // A source reaches over many probes: its blur needs the whole raster at once.
  const size_t most = o.source_fwhm_A > 0 ? o.scan.probes() : budget / bytes_a_probe;
  plan.blocks = o.scan.Blocks(most, o.engine == Engine::kPrism);
  return plan;
}

absl::StatusOr<SimulationResult> Simulate(const SimulationOptions& o, const SimulationPlan& plan,
                                          const SimulationSink& sink,
                                          std::optional<SimulationState> resume) {
  const auto start = std::chrono::steady_clock::now();
  SimulationResult result;
  result.grid = plan.grid;
  Work work(o, plan, &result);
  RONCHI_RETURN_IF_ERROR(work.Begin());
  std::vector<std::vector<double>> gradients(plan.detectors.size());
  for (size_t d = 0; d < gradients.size(); ++d) {
    if (plan.detectors[d].integrates()) {
      gradients[d].assign(2 * o.exit_slices.size() * o.scan.probes(),
                          std::numeric_limits<double>::quiet_NaN());
    }
  }
  // Both take thermal motion in before any probe.
  const bool at_once = o.engine == Engine::kLinear || o.engine == Engine::kContracted;
  const int configurations = at_once ? 1 : o.phonon_configurations;
  Progress progress("simulate", o.scan.probes() * size_t(configurations));
  size_t block = 0;
  if (resume) {
    block = resume->block;
    gradients = std::move(resume->gradients);
    progress.Tick(plan.blocks[block].first * size_t(configurations));
  }
  for (; block < plan.blocks.size() && !result.unfinished; ++block) {
    BlockSums sums = MakeBlockSums(o, plan, plan.blocks[block]);
    if (resume) {
      sums.values = std::move(resume->sums);
      sums.configurations.assign(resume->configurations.begin(), resume->configurations.end());
      for (int done : sums.configurations) progress.Tick(size_t(done));
      resume.reset();
    }
    const auto& by_probe = sums.configurations;
    // Those that all probes had before an interruption need no potential.
    for (int c = *std::min_element(by_probe.begin(), by_probe.end());
         c < configurations && !Interrupted(); ++c) {
      RONCHI_RETURN_IF_ERROR(work.Run(c, &progress, &sums));
    }
    if (*std::min_element(by_probe.begin(), by_probe.end()) < configurations) {
      result.unfinished = ToState(block, sums, gradients);
    }
    RONCHI_RETURN_IF_ERROR(GiveOut(o, plan, std::move(sums), &gradients, sink));
  }
  RONCHI_RETURN_IF_ERROR(GiveOutIntegrals(o, plan, gradients, sink));
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

absl::StatusOr<CompleteSimulation> Simulate(const SimulationOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const SimulationPlan plan, PlanSimulation(o));
  CompleteSimulation out;
  for (size_t d = 0; d < plan.detectors.size(); ++d) {
    out.images.push_back(
        {o.detectors[d], Array<float>(plan.Shape(o, d), std::numeric_limits<float>::quiet_NaN())});
  }
  const auto keep = [&](size_t d, size_t exit, size_t first, std::span<const float> values) {
    Array<float>& image = out.images[d].values;
    const size_t plane = image.size() / o.exit_slices.size();
    std::copy(values.begin(), values.end(),
              image.data() + exit * plane + first * (plane / o.scan.probes()));
    return absl::OkStatus();
  };
  RONCHI_ASSIGN_OR_RETURN(static_cast<SimulationResult&>(out), Simulate(o, plan, keep));
  return out;
}

}  // namespace ronchi::sim
