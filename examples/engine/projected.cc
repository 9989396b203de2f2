// An image engine of one's own, whole: the specimen as a single phase grating, however thick it is
// (Kirkland, Advanced Computing in Electron Microscopy, 3rd ed., 2020, ch. 5). The program measures
// its error against multislice, which grows with the thickness.
//
//   cp examples/engine/projected.cc examples/engine/mine.cc
//   cmake --preset release && cmake --build --preset release --target example_mine
//   build/release/examples/example_mine
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "sim/engine.h"
#include "sim/simulate_config.h"

namespace ronchi::sim {
namespace {

// The same simulation with all atoms in one slice.
SimulationOptions InOneSlice(SimulationOptions options) {
  options.slice_thickness_A = options.specimen.cell_A[2];
  options.exit_slices = {1};
  return options;
}

// The work of one simulation: here multislice's, of other options, which live as long.
class ProjectedRun final : public EngineRun {
 public:
  explicit ProjectedRun(const SimulationOptions& options) : thin_(InOneSlice(options)) {}
  absl::Status Begin(const SimulationPlan& plan, SimulationResult* result) {
    RONCHI_ASSIGN_OR_RETURN(run_, ReferenceEngine()->Prepare(thin_, plan, result));
    return absl::OkStatus();
  }
  absl::Status Run(int configuration, Progress* progress, BlockSums* sums) override {
    return run_->Run(configuration, progress, sums);
  }

 private:
  SimulationOptions thin_;
  std::unique_ptr<EngineRun> run_;
};

class Projected final : public Engine {
 public:
  std::string name() const override { return "projected"; }
  EngineMemory Memory(const SimulationOptions& options, const SimulationPlan& plan,
                      int threads) const override {
    return ReferenceEngine()->Memory(InOneSlice(options), plan, threads);
  }
  absl::StatusOr<EngineCost> Cost(const SimulationOptions& options, const SimulationPlan& plan,
                                  int threads) const override {
    return ReferenceEngine()->Cost(InOneSlice(options), plan, threads);
  }
  absl::StatusOr<std::unique_ptr<EngineRun>> Prepare(const SimulationOptions& options,
                                                     const SimulationPlan& plan,
                                                     SimulationResult* result) const override {
    auto run = std::make_unique<ProjectedRun>(options);
    RONCHI_RETURN_IF_ERROR(run->Begin(plan, result));
    return run;
  }
};

// Root mean square of the difference from multislice over the mean, of a crystal of so many cells.
absl::StatusOr<double> ErrorAt(int cells) {
  constexpr char kJob[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [4, 4, 1]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [128, 128], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [6, 6]}
detectors: {adf: {type: annular, inner_mrad: 30, outer_mrad: 60}}
)";
  RONCHI_ASSIGN_OR_RETURN(
      const Config config,
      Config::Parse(kJob, "job", {"specimen.repeat=[4, 4, " + std::to_string(cells) + "]"}));
  RONCHI_ASSIGN_OR_RETURN(SimulationOptions options, ReadSimulationOptions(config));
  RONCHI_ASSIGN_OR_RETURN(const CompleteSimulation exact, Simulate(options));
  options.engine = std::make_shared<Projected>();
  RONCHI_ASSIGN_OR_RETURN(const CompleteSimulation fast, Simulate(options));
  double squares = 0, mean = 0;
  const Array<float>&a = fast.images[0].values, &b = exact.images[0].values;
  for (size_t i = 0; i < b.size(); ++i) {
    squares += std::pow(double(a[i]) - b[i], 2) / double(b.size());
    mean += double(b[i]) / double(b.size());
  }
  return std::sqrt(squares) / mean;
}

}  // namespace
}  // namespace ronchi::sim

int main() {
  double last = 0;
  for (int cells : {1, 4, 16}) {
    const absl::StatusOr<double> error = ronchi::sim::ErrorAt(cells);
    if (!error.ok()) {
      std::fprintf(stderr, "%s\n", std::string(error.status().message()).c_str());
      return EXIT_FAILURE;
    }
    std::printf("%2d cells  %.3g of the mean off multislice\n", cells, *error);
    if (!(*error > last)) return EXIT_FAILURE;  // what is thicker is no single grating
    last = *error;
  }
  return EXIT_SUCCESS;
}
