// The multislice engine against identities (norm, translation, reciprocity, exit planes, tilt), and
// against a direct multislice with naive transforms.
#include "sim/multislice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "tests/sim/direct_multislice.h"
#include "tests/sim/multislice_scene.h"

namespace ronchi::sim {
namespace {

// Few atoms at random places: no symmetry for an error to hide behind.
Specimen Scattered(double lx, double ly, double lz, int count) {
  Specimen s;
  s.cell_A = {lx, ly, lz};
  RandomStream random({.seed = 3, .name = "test.scattered"});
  const int elements[] = {8, 22, 38};
  for (int i = 0; i < count; ++i) {
    s.atoms.push_back({elements[i % 3], random.Uniform(0, lx), random.Uniform(0, ly),
                       random.Uniform(0, lz), random.Uniform(0.5, 1)});
  }
  return s;
}

// Single precision: 20 slices of four FFT passes, each rounding by about 1e-7: 2.3e-6 was seen.
TEST(Multislice, EmptySpecimenKeepsEveryElectron) {
  Specimen vacuum;
  vacuum.cell_A = {16, 12, 40};
  const PotentialSlices slices = Slices(vacuum, 96, 72, 2);
  ASSERT_EQ(slices.order.size(), 20u);
  const ProbeSpectrum probe = *MakeProbe(slices.grid, Optics());
  const std::vector<double> out = Diffraction(slices, probe, 3.3, 7.7);
  EXPECT_NEAR(Sum(out), 1, 1e-5);
  // Beam by beam: free space changes no beam's intensity.
  std::vector<double> expected(out.size(), 0);
  for (const auto& b : probe.beams) expected[b.ix * 72 + b.iy] = std::norm(b.amplitude);
  EXPECT_LT(LargestDifference(out, expected), 2e-5 * *std::max_element(out.begin(), out.end()));
}

struct GridCase {
  size_t nx, ny;
  std::array<double, 2> tilt_rad;
};

class AnyGrid : public testing::TestWithParam<GridCase> {};

// Odd sizes, sizes that are no multiple of the blocks of 8 columns and 4 rows, tiny ones. 3e-6 of
// the brightest beam: single precision over 2 · 5 passes against double.
TEST_P(AnyGrid, AgreesWithDirectMultislice) {
  const auto [nx, ny, tilt] = GetParam();
  // Sampling near 0.2 Å: the band limit lies at 41 mrad.
  const Specimen s = Scattered(0.2 * double(nx), 0.21 * double(ny), 10, 12);
  const PotentialSlices slices = Slices(s, nx, ny, 2);
  const ProbeSpectrum probe = *MakeProbe(slices.grid, Optics(0.02));
  const std::vector<size_t> exits = {1, 3, 5};
  const auto expected = DirectMultislice(slices, kEnergy_eV, tilt).Run(probe, 1.3, 0.7, exits);
  const Multislice engine(slices, kEnergy_eV, tilt);
  Multislice::Workspace w = engine.MakeWorkspace();
  size_t seen = 0;
  engine.Run(
      probe, 1.3, 0.7, exits,
      [&](size_t e) {
        ++seen;
        const std::vector<double> got(w.intensity().begin(), w.intensity().end());
        const double peak = *std::max_element(got.begin(), got.end());
        EXPECT_LT(LargestDifference(got, expected[e]), 1e-5 * peak) << "exit " << exits[e];
      },
      &w);
  EXPECT_EQ(seen, exits.size());
  // Tilted afterwards it is the same to the bit.
  ComplexBuffer made, tilted;
  engine.RunToWave(probe, 1.3, 0.7, &made, &w);
  Multislice(slices, kEnergy_eV, {0.005, 0}).Tilted(tilt).RunToWave(probe, 1.3, 0.7, &tilted, &w);
  EXPECT_EQ(tilted, made);
}

INSTANTIATE_TEST_SUITE_P(Grids, AnyGrid,
                         testing::Values(GridCase{45, 50, {0, 0}}, GridCase{33, 64, {0, 0}},
                                         GridCase{50, 45, {0.02, -0.01}}, GridCase{64, 33, {0, 0}},
                                         GridCase{47, 47, {0, 0}}, GridCase{31, 40, {0, 0}},
                                         GridCase{42, 57, {0, 0}}, GridCase{40, 48, {0.01, 0.03}}),
                         [](const auto& info) {
                           return std::to_string(info.param.nx) + "x" +
                                  std::to_string(info.param.ny);
                         });

// A periodic box has no origin: atoms and probe moved together by whole grid steps give the same
// pattern. 1e-6 of the sum: single-precision phases of the shifted probe.
TEST(Multislice, IsInvariantUnderTranslation) {
  const double step = 0.2;
  const Specimen here = Scattered(12, 9, 6, 9);
  const PotentialSlices slices = Slices(here, 60, 45, 2);
  const ProbeSpectrum probe = *MakeProbe(slices.grid, Optics(0.02));
  const std::vector<double> expected = Diffraction(slices, probe, 2.13, 4.56);
  for (const auto& [sx, sy] : {std::pair(7, 0), {0, 13}, {30, 0}, {-11, 22}, {60, 45}}) {
    Specimen there = here;
    for (Atom& a : there.atoms) a.x_A += sx * step, a.y_A += sy * step;
    const std::vector<double> moved =
        Diffraction(Slices(there, 60, 45, 2), probe, 2.13 + sx * step, 4.56 + sy * step);
    EXPECT_LT(LargestDifference(moved, expected), 1e-6) << sx << " " << sy;
  }
  // And the test can tell: the probe alone moved gives another pattern.
  EXPECT_GT(LargestDifference(Diffraction(slices, probe, 2.13 + step, 4.56), expected), 2e-5);
}

// Helmholtz: from k to k' through the stack is as from −k' to −k through the stack turned over. One
// beam in at a time: a STEM detector point against a TEM illumination, without their lenses. Exact
// where the aperture is 1; 1e-6: single precision.
TEST(Multislice, IsReciprocal) {
  const Specimen s = Scattered(9, 8.4, 12, 14);
  PotentialSlices slices = Slices(s, 45, 42, 2);
  PotentialSlices turned = slices;
  std::reverse(turned.order.begin(), turned.order.end());
  const Multislice forward(slices, kEnergy_eV, {0, 0}), backward(turned, kEnergy_eV, {0, 0});
  Multislice::Workspace w = forward.MakeWorkspace(), v = backward.MakeWorkspace();
  const size_t exits[] = {forward.slices()};
  auto beam = [&](int h, int k) { return std::pair(size_t((h + 45) % 45), size_t((k + 42) % 42)); };
  auto run = [&](const Multislice& m, Multislice::Workspace* at, int h, int k) {
    const auto [i, j] = beam(h, k);
    m.Run(
        {{{uint32_t(i), uint32_t(j), 1.0f}}}, 0, 0, exits, [](size_t) {}, at);
  };
  const std::pair<int, int> out[] = {{2, 1}, {-6, 5}, {10, -3}, {0, 9}, {4, 0}};
  double asymmetry = 0;
  for (const auto& [h, k] : {std::pair(0, 0), {3, -2}, {-5, 4}, {7, 7}}) {
    run(forward, &w, h, k);
    for (const auto& [p, q] : out) {
      run(backward, &v, -p, -q);
      const auto [i, j] = beam(p, q);
      const auto [a, b] = beam(-h, -k);
      EXPECT_NEAR(w.intensity()[i * 42 + j], v.intensity()[a * 42 + b], 1e-6);
      asymmetry = std::max(
          asymmetry, std::fabs(double(w.intensity()[i * 42 + j]) - w.intensity()[a * 42 + b]));
    }
  }
  EXPECT_GT(asymmetry, 1e-3);  // the specimen has no symmetry that would make this trivial
}

// The same operations in the same order: equal to the bit.
TEST(Multislice, ExitPlanesAreThinnerSpecimens) {
  const PotentialSlices slices = Slices(StrontiumTitanate(2, 2, 4), 48, 50, kCell_A / 2);
  const ProbeSpectrum probe = *MakeProbe(slices.grid, Optics());
  const Multislice engine(slices, kEnergy_eV, {0, 0});
  Multislice::Workspace w = engine.MakeWorkspace();
  const std::vector<size_t> exits = {1, 2, 5, 8};
  engine.Run(
      probe, 0.5, 1, exits,
      [&](size_t e) {
        PotentialSlices cut = slices;
        cut.order.resize(exits[e]);
        EXPECT_EQ(Diffraction(cut, probe, 0.5, 1),
                  std::vector<double>(w.intensity().begin(), w.intensity().end()))
            << "after slice " << exits[e];
      },
      &w);
}

// A small tilt shears the stack: atoms of slice s move by −s dz tan θ, up to the exit face's frame,
// which moves no intensity. On whole pixels this is exact but for the taper.
TEST(Multislice, TiltIsAShearOfTheStack) {
  const Specimen s = Scattered(12, 12, 8, 8);
  const double tilt = 0.1;  // 0.2 Å, one pixel, a slice of 2 Å
  const PotentialSlices slices = Slices(s, 60, 60, 2);
  const ProbeSpectrum probe = *MakeProbe(slices.grid, Optics(0.02));
  const std::vector<double> tilted = Diffraction(slices, probe, 3, 4, {std::atan(tilt), 0});
  Specimen sheared = s;
  for (Atom& a : sheared.atoms) a.x_A += 0.2 * std::floor(a.z_A / 2);
  const std::vector<double> by_shear = Diffraction(Slices(sheared, 60, 60, 2), probe, 3, 4);
  for (Atom& a : sheared.atoms) a.x_A -= 0.4 * std::floor(a.z_A / 2);
  const std::vector<double> other_way = Diffraction(Slices(sheared, 60, 60, 2), probe, 3, 4);
  EXPECT_LT(LargestDifference(tilted, by_shear), 1e-6);
  EXPECT_GT(LargestDifference(tilted, other_way), 1e-4);
}

}  // namespace
}  // namespace ronchi::sim
