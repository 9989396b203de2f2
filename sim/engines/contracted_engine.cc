#include "sim/engines/contracted_engine.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/contracted/contracted_model.h"
#include "sim/contracted/prepare.h"
#include "sim/engines/configurations.h"
#include "sim/engines/wave_cost.h"

namespace ronchi::sim {
namespace {

// The probes of a block: lines where it is the whole raster.
ScanLines LinesOf(const ScanOptions& scan, ScanOptions::Block block) {
  if (scan.is_raster() && block.count == scan.probes()) return MakeLines(scan);
  ScanLines points;
  for (size_t p = 0; p < block.count; ++p) {
    points.starts_A.push_back(scan.Position(block.first + p));
  }
  return points;
}

class ContractedRun final : public EngineRun {
 public:
  ContractedRun(const SimulationOptions& o, const SimulationPlan& plan, SimulationResult* result)
      : o_(o), plan_(plan), result_(result) {}

  absl::Status Run(int configuration, Progress* progress, BlockSums* sums) override {
    if (!engine_) {
      const absl::Status made = Make();
      if (absl::IsCancelled(made)) return absl::OkStatus();
      RONCHI_RETURN_IF_ERROR(made);
    }
    const size_t count = sums->block.count;
    std::vector<double> image(engine_->values() * count);
    RONCHI_RETURN_IF_ERROR(
        engine_->ComputeImage({.beam = o_.beam, .focal_spread_A = o_.focal_spread_A},
                              LinesOf(o_.scan, sums->block), &workspace_, image));
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

 private:
  absl::Status Make() {
    RONCHI_ASSIGN_OR_RETURN(const PreparedContraction prepared,
                            PrepareContraction(o_, plan_.detectors, PlanningEfforts(o_)));
    engine_ = prepared.engine;
    result_->beams = engine_->beams();
    result_->slices = prepared.slices;
    result_->distinct_slices = prepared.distinct_slices;
    result_->slice_thickness_A = prepared.slice_thickness_A;
    return absl::OkStatus();
  }

  const SimulationOptions& o_;
  const SimulationPlan& plan_;
  SimulationResult* result_;
  std::shared_ptr<const Contracted> engine_;
  Contracted::Workspace workspace_;
};

// Of one that the cache holds: reading it and making the first block's images, times the blocks.
absl::StatusOr<EngineCost> MeasurePrepared(const SimulationOptions& o, const SimulationPlan& plan) {
  const double start = ThreadSeconds();
  RONCHI_ASSIGN_OR_RETURN(const auto prepared, PrepareContraction(o, plan.detectors));
  const double loaded_s = ThreadSeconds() - start;
  const ScanLines scan = LinesOf(o.scan, plan.blocks.at(0));
  Contracted::Workspace workspace;
  std::vector<double> image(prepared.engine->values() * scan.probes());
  const double before = ThreadSeconds();
  RONCHI_RETURN_IF_ERROR(prepared.engine->ComputeImage(
      {.beam = o.beam, .focal_spread_A = o.focal_spread_A}, scan, &workspace, image));
  const double images_s = (ThreadSeconds() - before) * double(plan.blocks.size());
  return EngineCost{
      .seconds = loaded_s + images_s, .beams = prepared.engine->beams(), .prepared = true};
}

class CrystalOfContracted final : public CrystalImages {
 public:
  explicit CrystalOfContracted(std::shared_ptr<const ContractedCrystal> crystal)
      : crystal_(std::move(crystal)) {}
  std::shared_ptr<const ImageModel> Look(size_t ring, size_t exit,
                                         std::array<double, 2> tilt_rad) const override {
    return std::make_shared<const ContractedModel>(*crystal_, ring, exit, tilt_rad);
  }
  std::array<double, 2> box_A() const override {
    const auto cells = crystal_->cells();
    const auto cell_A = crystal_->cell_A();
    return {double(cells[0]) * cell_A[0], double(cells[1]) * cell_A[1]};
  }
  bool holds_layer() const override { return true; }

 private:
  std::shared_ptr<const ContractedCrystal> crystal_;
};

}  // namespace

EngineMemory ContractedEngine::Memory(const SimulationOptions& o, const SimulationPlan& plan,
                                      int threads) const {
  EngineMemory need = WaveMemory(o, threads);
  need.slices += ContractedBuilder::EstimateCost(PlanContraction(o), plan.detectors).bytes;
  return need;
}

absl::StatusOr<EngineCost> ContractedEngine::Cost(const SimulationOptions& o,
                                                  const SimulationPlan& plan, int threads) const {
  if (IsPrepared(o, plan.detectors)) return MeasurePrepared(o, plan);
  const ContractionOptions contraction = PlanContraction(o);
  RONCHI_ASSIGN_OR_RETURN(const WaveSeconds one,
                          MeasureWaves(o, plan, {.cells = contraction.cells, .plane_waves = true}));
  const auto need = ContractedBuilder::EstimateCost(contraction, plan.detectors);
  const double configurations = double(o.phonon_configurations);
  // Every class of beams has an engine of its own.
  const double classes = double(contraction.cells[0] * contraction.cells[1]);
  const double products =
      configurations * need.products / ContractedBuilder::MeasureProductRate(contraction);
  const double seconds = PotentialSeconds(o, one, PotentialsMade(o, 1)) +
                         PassSeconds(o, one, double(need.beams) * configurations) + products +
                         (classes - 1) * one.transmission * double(DistinctSlices(o));
  return EngineCost{.seconds = seconds / threads, .slice_seconds = one.slice, .beams = need.beams};
}

absl::StatusOr<std::unique_ptr<EngineRun>> ContractedEngine::Prepare(
    const SimulationOptions& o, const SimulationPlan& plan, SimulationResult* result) const {
  return std::make_unique<ContractedRun>(o, plan, result);
}

std::shared_ptr<const Engine> MakeContractedEngine(ConfigReader*, std::array<size_t, 2>) {
  return std::make_shared<ContractedEngine>();
}

std::string ContractedRefuses(const DetectorOptions& d, double) {
  using Type = DetectorOptions::Type;
  const bool differential = d.type == Type::kDpc || d.type == Type::kIntegratedDpc;
  if (d.type != Type::kPixelated && d.type != Type::kCenterOfMass &&
      (!differential || d.outer_rad != 0)) {
    return "";
  }
  return absl::StrCat("reads rings and segments; detector '", d.name, "' is neither");
}

absl::StatusOr<std::shared_ptr<const CrystalImages>> MakeContractedCrystal(
    const CrystalOptions& crystal) {
  RONCHI_ASSIGN_OR_RETURN(auto made, ContractedCrystal::Create(crystal));
  return std::make_shared<const CrystalOfContracted>(std::move(made));
}

}  // namespace ronchi::sim
