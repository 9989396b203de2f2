#include "sim/engines/multislice_engine.h"

#include <mutex>
#include <vector>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "sim/coherence.h"
#include "sim/engines/configurations.h"
#include "sim/engines/wave_cost.h"

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

// Patient planning takes seconds and saves a tenth: for more than a minute or two of work.
FftEfforts Efforts(const SimulationOptions& o) {
  constexpr double kPixelSteps = 5e10;  // about 100 s on one core of 2020
  const double waves = double(o.scan.probes()) * (o.focal_spread_A > 0 ? 11 : 1);
  const double steps = waves * o.phonon_configurations * double(o.exit_slices.back()) *
                       double(o.grid_pixels[0]) * double(o.grid_pixels[1]);
  FftEfforts efforts = PlanningEfforts(o);
  if (steps > kPixelSteps) efforts.waves = Fft::Effort::kPatient;
  return efforts;
}

class MultisliceRun final : public EngineRun {
 public:
  MultisliceRun(const SimulationOptions& o, const SimulationPlan& plan, Configurations atoms)
      : o_(o), plan_(plan), atoms_(std::move(atoms)) {}

  absl::Status Begin() {
    optics_ = SpreadFocus(o_.beam, o_.focal_spread_A);
    for (const WeightedOptics& w : optics_) {
      RONCHI_ASSIGN_OR_RETURN(ProbeSpectrum probe, MakeProbe(plan_.grid, w.optics));
      probes_.push_back(std::move(probe));
    }
    return absl::OkStatus();
  }

  absl::Status Run(int configuration, Progress* progress, BlockSums* sums) override {
    if (!atoms_.Holds(configuration)) RONCHI_RETURN_IF_ERROR(atoms_.Make(configuration));
    WorkspacePool pool(atoms_.waves());
    const auto [first, count] = sums->block;
    ParallelFor(count, 1, [&, first = first](size_t begin, size_t end) {
      auto workspace = pool.Take();
      for (size_t p = begin; p < end && !Interrupted(); ++p) {
        if (sums->configurations[p] > configuration) continue;  // done before an interruption
        RunProbe(first + p, workspace.get(), sums);
        ++sums->configurations[p];
        progress->Tick();
      }
      pool.Return(std::move(workspace));
    });
    return absl::OkStatus();
  }

 private:
  void RunProbe(size_t probe, Multislice::Workspace* workspace, BlockSums* sums) const {
    const auto at = o_.scan.Position(probe);
    for (size_t i = 0; i < optics_.size(); ++i) {
      const auto read = [&](size_t exit) {
        ReadPattern(plan_, workspace->intensity(), optics_[i].weight, exit, probe, sums);
      };
      atoms_.waves().Run(probes_[i], at[0], at[1], o_.exit_slices, read, workspace);
    }
  }

  const SimulationOptions& o_;
  const SimulationPlan& plan_;
  Configurations atoms_;
  std::vector<WeightedOptics> optics_;
  std::vector<ProbeSpectrum> probes_;  // one a WeightedOptics
};

}  // namespace

EngineMemory MultisliceEngine::Memory(const SimulationOptions& o, const SimulationPlan&,
                                      int threads) const {
  return WaveMemory(o, threads);
}

absl::StatusOr<EngineCost> MultisliceEngine::Cost(const SimulationOptions& o,
                                                  const SimulationPlan& plan, int threads) const {
  RONCHI_ASSIGN_OR_RETURN(const WaveSeconds one, MeasureWaves(o, plan, {.reads = true}));
  const double potentials = PotentialSeconds(o, one, PotentialsMade(o, plan.blocks.size()));
  return EngineCost{.seconds = (potentials + PassSeconds(o, one, ProbeWaves(o))) / threads,
                    .slice_seconds = one.slice};
}

absl::StatusOr<std::unique_ptr<EngineRun>> MultisliceEngine::Prepare(
    const SimulationOptions& o, const SimulationPlan& plan, SimulationResult* result) const {
  RONCHI_ASSIGN_OR_RETURN(Configurations atoms,
                          Configurations::Create(o, plan, Efforts(o), result));
  auto run = std::make_unique<MultisliceRun>(o, plan, std::move(atoms));
  RONCHI_RETURN_IF_ERROR(run->Begin());
  return run;
}

std::shared_ptr<const Engine> MakeMultisliceEngine(ConfigReader*, std::array<size_t, 2>) {
  return ReferenceEngine();
}

}  // namespace ronchi::sim
