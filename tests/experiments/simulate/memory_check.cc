#include "experiments/simulate/memory_check.h"

#include <gtest/gtest.h>

#include "sim/multislice.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential.h"
#include "sim/simulate_config.h"

namespace ronchi {
namespace {

sim::SimulationOptions Options(const std::vector<std::string>& sets = {}) {
  constexpr char kText[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 10]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [256, 256], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [4, 4]}
detectors: {cbed: {type: pixelated, max_mrad: 40}}
)";
  return *sim::ReadSimulationOptions(*Config::Parse(kText, "f.yaml", sets));
}

MemoryNeed Need(const sim::SimulationOptions& o, int threads = 1) {
  return EstimateMemory(o, *sim::PlanSimulation(o), threads);
}

// What the slices take once they are made.
double SliceBytes(const sim::SimulationOptions& o) {
  const sim::Grid grid{o.grid_pixels[0], o.grid_pixels[1], o.specimen.cell_A[0],
                       o.specimen.cell_A[1]};
  const auto factors = *sim::ScatteringFactors::Load("kirkland");
  const sim::Specimen specimen =
      o.phonons ? o.specimen.Displaced(o.phonon_rms_A, o.phonon_seed, 0) : o.specimen;
  const auto potential = *sim::MakePotential(specimen, grid, o.slice_thickness_A, *factors);
  const sim::Multislice engine(potential, o.beam.energy_eV, {0, 0});
  return double(potential.distinct.size()) * 4 * double(grid.size()) +
         double(engine.memory_bytes());
}

TEST(Memory, TheEstimateOfTheSlicesIsTheirSize) {
  for (const auto& sets : std::vector<std::vector<std::string>>{
           {},
           {"phonons={configurations: 2, rms_A: {Sr: 0.1, Ti: 0.1, O: 0.1}}"},
           {"grid.pixels=[512, 128]"}}) {
    const auto o = Options(sets);
    const MemoryNeed need = EstimateMemory(o, *sim::PlanSimulation(o), 1);
    const double estimate = need.slices + need.workspaces, real = SliceBytes(o);
    EXPECT_GE(estimate, real);
    // What comes on top belongs to threads and filters: some ten planes of 12 bytes a pixel.
    EXPECT_LE(estimate, real + 10 * 12.0 * double(o.grid_pixels[0] * o.grid_pixels[1]));
  }
}

TEST(Memory, GrowsWithWhatTakesIt) {
  const MemoryNeed one = Need(Options());
  const MemoryNeed phonons = Need(Options({"phonons.configurations=2"}));
  EXPECT_EQ(phonons.slices, 10 * one.slices);  // twenty slices, all different, not two
  EXPECT_GT(Need(Options(), 8).workspaces, 3 * one.workspaces);
  const MemoryNeed scan = Need(Options({"scan.pixels=[40, 40]"}));
  EXPECT_GT(scan.results, 90 * one.results);  // but for the picture, which stays one pattern
  EXPECT_NEAR(scan.output, 100 * one.output, 1e-6 * scan.output);
}

TEST(Memory, RefusesWhatIsNotThere) {
  EXPECT_GT(AvailableMemory(), 1e7);
  EXPECT_LT(AvailableMemory(), 1e15);
  const auto check = [](const sim::SimulationOptions& o) {
    return CheckMemory(o, *sim::PlanSimulation(o), 1);
  };
  EXPECT_TRUE(check(Options()).ok());
  // 500 slices of 32768² pixels, all displaced: 6 TB.
  EXPECT_TRUE(absl::IsResourceExhausted(check(Options(
      {"grid.pixels=[32768, 32768]", "specimen.repeat=[1, 1, 250]", "phonons.configurations=2"}))));
}

// What is streamed to the disk does not grow in memory.
TEST(Memory, IsIndependentOfTheNumberOfProbes) {
  const MemoryNeed some = Need(Options({"scan.pixels=[256, 256]"}));
  const MemoryNeed many = Need(Options({"scan.pixels=[2048, 2048]"}));
  EXPECT_NEAR(many.output, 64 * some.output, 1e-6 * many.output);
  EXPECT_EQ(many.results, some.results);
}

}  // namespace
}  // namespace ronchi
