#include "sim/engines/prism_engine.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/free_memory.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "sim/coherence.h"
#include "sim/engines/configurations.h"
#include "sim/engines/wave_cost.h"
#include "sim/prism.h"

namespace ronchi::sim {
namespace {

// The farthest plane wave of a probe that leans.
double Reach_rad(const SimulationOptions& o) {
  return o.beam.semiangle_rad + std::hypot(o.beam.tilt_rad[0], o.beam.tilt_rad[1]);
}

class PrismRun final : public EngineRun {
 public:
  PrismRun(const SimulationOptions& o, const SimulationPlan& plan, int interpolation,
           Configurations atoms, SimulationResult* result)
      : o_(o),
        plan_(plan),
        interpolation_(interpolation),
        atoms_(std::move(atoms)),
        result_(result),
        optics_(SpreadFocus(o.beam, o.focal_spread_A)) {}

  absl::Status Run(int configuration, Progress* progress, BlockSums* sums) override {
    RONCHI_RETURN_IF_ERROR(MakeMatrix(configuration));
    const auto tiles = o_.scan.Tiles(sums->block);
    const size_t first = sums->block.first;
    ParallelFor(tiles.size(), 1, [&](size_t begin, size_t end) {
      for (size_t t = begin; t < end && !Interrupted(); ++t) {
        if (sums->configurations[tiles[t][0] - first] > configuration) continue;
        RunTile(tiles[t], sums);
        for (size_t p : tiles[t]) ++sums->configurations[p - first];
        progress->Tick(tiles[t].size());
      }
    });
    return absl::OkStatus();
  }

 private:
  absl::Status MakeMatrix(int configuration) {
    if (matrix_ && atoms_.Holds(configuration)) return absl::OkStatus();
    matrix_.reset();  // two scattering matrices at once may be more than fits
    RONCHI_RETURN_IF_ERROR(atoms_.Make(configuration));
    RONCHI_ASSIGN_OR_RETURN(Prism matrix,
                            Prism::Create(atoms_.waves(), o_.beam.energy_eV, Reach_rad(o_),
                                          interpolation_, FreeMemoryBytes()));
    matrix_ = std::make_unique<Prism>(std::move(matrix));
    result_->beams = matrix_->beams();
    return absl::OkStatus();
  }

  void RunTile(const std::vector<size_t>& tile, BlockSums* sums) const {
    std::vector<std::array<double, 2>> here;
    for (size_t p : tile) here.push_back(o_.scan.Position(p));
    for (const WeightedOptics& w : optics_) {
      matrix_->Run(w.optics, here, [&](size_t n, std::span<const Real> intensity) {
        ReadPattern(plan_, intensity, w.weight, 0, tile[n], sums);
      });
    }
  }

  const SimulationOptions& o_;
  const SimulationPlan& plan_;
  int interpolation_;
  Configurations atoms_;
  SimulationResult* result_;
  std::vector<WeightedOptics> optics_;
  std::unique_ptr<Prism> matrix_;
};

}  // namespace

EnginePlan PrismEngine::Plan(const SimulationOptions& o) const {
  const Grid grid = o.grid();
  const size_t f = size_t(interpolation_);
  return {.read_on = {grid.nx / f, grid.ny / f, grid.lx_A / double(f), grid.ly_A / double(f)},
          .whole_rows = true};
}

size_t PrismEngine::Beams(const SimulationOptions& o) const {
  return Prism::CountBeams(o.grid(), o.beam.energy_eV, Reach_rad(o), interpolation_);
}

EngineMemory PrismEngine::Memory(const SimulationOptions& o, const SimulationPlan&,
                                 int threads) const {
  constexpr double kComplexBytes = 8;
  EngineMemory need = WaveMemory(o, threads);
  // Exit waves up to the band limit: two thirds of the grid along each axis.
  need.slices += kComplexBytes * double(o.grid_pixels[0]) * double(o.grid_pixels[1]) * 4 / 9 *
                 double(Beams(o));
  return need;
}

absl::StatusOr<EngineCost> PrismEngine::Cost(const SimulationOptions& o, const SimulationPlan& plan,
                                             int threads) const {
  // Single-precision complex multiplications a second that the sums reach.
  constexpr double kReductionRate = 4e9;
  // Detectors are of a coarser pattern, and cannot read what is measured here.
  RONCHI_ASSIGN_OR_RETURN(const WaveSeconds one, MeasureWaves(o, plan, {}));
  const double made = PotentialsMade(o, plan.blocks.size());
  const size_t beams = Beams(o);
  // The patch of a tile is about (window + tile)² pixels of the band-limited wave.
  const double sums = ProbeWaves(o) * double(beams) * double(plan.read_on.size()) * 0.6;
  const double seconds = PotentialSeconds(o, one, made) +
                         PassSeconds(o, one, double(beams) * made) + sums / kReductionRate;
  return EngineCost{.seconds = seconds / threads, .slice_seconds = one.slice, .beams = beams};
}

absl::StatusOr<std::unique_ptr<EngineRun>> PrismEngine::Prepare(const SimulationOptions& o,
                                                                const SimulationPlan& plan,
                                                                SimulationResult* result) const {
  RONCHI_ASSIGN_OR_RETURN(Configurations atoms,
                          Configurations::Create(o, plan, PlanningEfforts(o), result));
  return std::make_unique<PrismRun>(o, plan, interpolation_, std::move(atoms), result);
}

std::shared_ptr<const Engine> MakePrismEngine(ConfigReader* keys,
                                              std::array<size_t, 2> grid_pixels) {
  int interpolation = 4;
  keys->Integer("interpolation", &interpolation, {.min = 1, .max = 64});
  const size_t f = size_t(interpolation);
  if (keys->ok() && (grid_pixels[0] % f || grid_pixels[1] % f)) {
    keys->Fail("interpolation", absl::StrCat(f, " does not divide the grid's ", grid_pixels[0],
                                             " × ", grid_pixels[1], " pixels"));
  }
  return std::make_shared<PrismEngine>(interpolation);
}

}  // namespace ronchi::sim
