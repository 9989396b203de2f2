// What people are told of a structure file: by `describe structure`, and by `simulate` before it
// runs.
#include "experiments/catalog/describe_structure.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/simulate/simulate_warnings.h"
#include "sim/specimen/read_structure.h"

namespace ronchi {
namespace {

using nlohmann::json;

bool Has(const std::vector<std::string>& lines, const std::string& word) {
  for (const std::string& line : lines) {
    if (line.find(word) != std::string::npos) return true;
  }
  return false;
}

TEST(DescribeStructure, TellsWhatAFileHolds) {
  const auto j = DescribeStructure("SrTiO3");
  ASSERT_TRUE(j.ok()) << j.status();
  EXPECT_EQ((*j)["kind"], "structure");
  EXPECT_EQ((*j)["format"], "CIF");
  EXPECT_EQ((*j)["elements"], (json{{"Sr", 1.0}, {"Ti", 1.0}, {"O", 3.0}}));
  EXPECT_EQ((*j)["atoms"], 5);
  EXPECT_EQ((*j)["cell_A"], (json{3.905, 3.905, 3.905}));
  EXPECT_EQ((*j)["shortest_distance_A"], 3.905 / 2);
  EXPECT_EQ((*j)["space_group"], "P m -3 m");
  EXPECT_EQ((*j)["space_group_number"], 221);
  EXPECT_EQ((*j)["operations"], 48);
  EXPECT_EQ((*j)["warnings"], json::array());
  const auto same = DescribeStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3.cif");
  ASSERT_TRUE(same.ok());
  EXPECT_EQ((*same)["elements"], (*j)["elements"]);
  EXPECT_TRUE(absl::IsNotFound(DescribeStructure("no_such_file.cif").status()));
}

TEST(DescribeStructure, TheLogSaysTheSame) {
  const auto crystal = sim::ReadCrystal(RONCHI_SOURCE_DIR "/data/structures/SrTiO3.cif");
  ASSERT_TRUE(crystal.ok());
  const std::vector<std::string> lines = StructureLines(*crystal->summary);
  EXPECT_TRUE(Has(lines, "P m -3 m (221), 48 operations, by the space group's name"));
  EXPECT_TRUE(Has(lines, "Sr Ti O3: 5 atoms at 5 places"));
  EXPECT_EQ(json::parse(StructureText(*crystal->summary)), StructureJson(*crystal->summary));
}

sim::SimulationOptions Options(sim::Atom atom) {
  sim::SimulationOptions o;
  o.specimen.cell_A = {10, 10, 4};
  o.specimen.atoms = {atom};
  o.grid_pixels = {128, 128};
  o.detectors = {{.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.1}};
  return o;
}

TEST(SimulationWarnings, PartlyOccupiedSitesAtRest) {
  sim::SimulationOptions o = Options({.z = 79, .occupancy = 0.5});
  EXPECT_TRUE(Has(SimulationWarnings(o), "1 atoms are partly occupied, and nothing moves"));
  o.phonons = true;
  EXPECT_TRUE(SimulationWarnings(o).empty());
  EXPECT_TRUE(SimulationWarnings(Options({.z = 79})).empty());
}

// Peng's fit of scandium falls to a third at 6/Å (150 mrad at 200 kV); at 4/Å (100 mrad) it is
// within five per cent, and oxygen's is to 200 mrad.
TEST(SimulationWarnings, ScatteringFactorsBeyondTheirRange) {
  sim::SimulationOptions o = Options({.z = 21});
  o.parametrization = "peng";
  EXPECT_TRUE(SimulationWarnings(o).empty());
  o.detectors[0].outer_rad = 0.2;
  EXPECT_TRUE(Has(SimulationWarnings(o), "Peng's scattering factor of Sc"));
  o.parametrization = "kirkland";
  EXPECT_TRUE(SimulationWarnings(o).empty());
  o = Options({.z = 8});
  o.parametrization = "peng";
  o.detectors[0].outer_rad = 0.2;
  EXPECT_TRUE(SimulationWarnings(o).empty());
}

TEST(SimulationWarnings, IntegratedSegmentsAreNotThePhase) {
  sim::SimulationOptions o = Options({.z = 6});
  o.detectors = {{.name = "i", .type = sim::DetectorOptions::Type::kIntegratedDpc}};
  EXPECT_TRUE(SimulationWarnings(o).empty());
  o.detectors[0].outer_rad = 0.04;
  EXPECT_TRUE(Has(SimulationWarnings(o), "detectors.i: the integrated DPC of segments is not"));
}

}  // namespace
}  // namespace ronchi
