// Partly occupied sites in images: over configurations a site counts as often as it is occupied,
// not as the square of it, which is what a potential scaled by occupancy gives at high angles.
#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace ronchi::sim {
namespace {

SimulationOptions OverAnAtom(std::vector<Atom> atoms, int configurations) {
  SimulationOptions o;
  o.specimen.cell_A = {12, 12, 4};
  o.specimen.atoms = std::move(atoms);
  o.grid_pixels = {128, 128};
  o.slice_thickness_A = 4;
  o.exit_slices = {1};
  o.beam.semiangle_rad = 0.02;
  o.phonons = configurations > 0;
  o.phonon_configurations = std::max(1, configurations);
  o.phonon_seed = 2;
  o.scan.points_A = {{6, 6}};
  o.detectors = {{.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.08}};
  return o;
}

double Haadf(const SimulationOptions& o) {
  const auto result = Simulate(o);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->images[0].values[0] : 0;
}

Atom Gold(double occupancy) {
  return {.z = 79, .x_A = 6, .y_A = 6, .z_A = 2, .occupancy = occupancy, .rms_A = 0.08};
}

// Of eight configurations exactly four have the atom, displaced as the full one is.
TEST(Occupancy, HalfAnAtomScattersHalfAsOften) {
  const SimulationOptions half = OverAnAtom({Gold(0.5)}, 8);
  double expected = 0;
  int times = 0;
  for (uint64_t c = 0; c < 8; ++c) {
    const Specimen displaced = half.specimen.Displaced({}, half.phonon_seed, c);
    if (displaced.atoms.empty()) continue;
    ++times;
    expected += Haadf(OverAnAtom(displaced.atoms, 0)) / 8;
  }
  EXPECT_EQ(times, 4);
  const double image = Haadf(half);
  EXPECT_NEAR(image, expected, 1e-5 * expected);  // float32 sums
  // Half of the full atom's mean, but for which four displacements are among them: HAADF over the
  // probe's flank changes by some ten per cent with 0.08 Å.
  EXPECT_NEAR(image / Haadf(OverAnAtom({Gold(1)}, 8)), 0.5, 0.05);
  // At rest the potential is scaled: the square of a half would remain, were gold a weak scatterer.
  EXPECT_LT(Haadf(OverAnAtom({Gold(0.5)}, 0)) / Haadf(OverAnAtom({Gold(1)}, 0)), 0.35);
}

TEST(Occupancy, TwoHalvesAreOneAtomToTheBit) {
  for (int configurations : {4, 0}) {
    EXPECT_EQ(Haadf(OverAnAtom({Gold(0.5), Gold(0.5)}, configurations)),
              Haadf(OverAnAtom({Gold(1)}, configurations)))
        << configurations;
  }
}

}  // namespace
}  // namespace ronchi::sim
