// The multislice engine against identities (norm, translation, reciprocity, exit planes), against
// orders of convergence, and against two independent routes: a direct multislice with naive
// transforms, and the first Born approximation.
#include "sim/multislice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

#include "core/random.h"
#include "sim/physics/electron.h"
#include "sim/specimen/read_structure.h"
#include "tests/sim/direct_multislice.h"

namespace ronchi::sim {
namespace {

constexpr double kEnergy_eV = 200e3;
constexpr double kCell_A = 3.905;

const ScatteringFactors& Factors() {
  static const auto factors = *ScatteringFactors::Load("kirkland");
  return *factors;
}

Specimen StrontiumTitanate(int nx, int ny, int layers) {
  return ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")
      ->Repeated(nx, ny, layers);
}

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

PotentialSlices Slices(const Specimen& s, size_t nx, size_t ny, double thickness_A) {
  return *MakePotential(s, {nx, ny, s.cell_A[0], s.cell_A[1]}, thickness_A, Factors(),
                        {.placement = Placement::kBilinear});
}

BeamOptics Optics(double semiangle_rad = 0.024) {
  BeamOptics o;
  o.energy_eV = kEnergy_eV;
  o.semiangle_rad = semiangle_rad;
  o.aberrations.SetPolar(kC10, 40, 0);
  o.aberrations.SetPolar(kC12, 25, 0.3);
  o.aberrations.SetPolar(kC21, 300, 1.1);
  return o;
}

std::vector<double> Diffraction(const PotentialSlices& slices, const ProbeSpectrum& probe,
                                double x_A, double y_A, std::array<double, 2> tilt_rad = {0, 0}) {
  const Multislice engine(slices, kEnergy_eV, tilt_rad);
  Multislice::Workspace workspace = engine.MakeWorkspace();
  std::vector<double> out;
  const size_t exits[] = {engine.slices()};
  engine.Run(
      probe, x_A, y_A, exits,
      [&](size_t) { out.assign(workspace.intensity().begin(), workspace.intensity().end()); },
      &workspace);
  return out;
}

double Sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

double LargestDifference(const std::vector<double>& a, const std::vector<double>& b) {
  RONCHI_CHECK_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

double Rms(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
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

// exp(iσV) has modulus 1; only what it scatters beyond the band limit is lost. The limit moves out
// with the grid, and the tail of the atoms' scattering falls as k⁻⁴ in intensity, ∫k⁻⁴ k dk ~ k⁻²:
// twice the pixels, a quarter of the loss. 2.5 leaves room for the heavy atom, not yet asymptotic.
TEST(Multislice, LossBeyondTheBandLimitVanishesWithTheGrid) {
  std::vector<double> loss;
  for (size_t n : {48, 96, 192}) {
    const PotentialSlices slices = Slices(StrontiumTitanate(2, 2, 1), n, n, 1.9525);
    loss.push_back(1 - Sum(Diffraction(slices, *MakeProbe(slices.grid, Optics()), 0.4, 0.9)));
  }
  for (size_t i = 0; i + 1 < loss.size(); ++i) {
    EXPECT_GT(loss[i], 0);
    EXPECT_GT(loss[i] / loss[i + 1], 2.5) << "grid " << i;
  }
  EXPECT_LT(loss.back(), 1e-3);
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

// Shared bilinearly and sharpened again, an atom between grid points scatters as one on a point, up
// to the interpolation's error of O((k dx)²): half the sampling, a quarter of the difference (3 as
// the threshold: the band limit moves out at the same time).
TEST(Multislice, ShiftBySubpixelsConvergesWithTheGrid) {
  std::vector<double> difference;
  for (size_t n : {40, 80, 160}) {
    const double half = 4.0 / double(n);  // half a pixel of 8/n Å
    Specimen s;
    s.cell_A = {8, 8, 2};
    s.atoms = {{.z = 14, .x_A = 4, .y_A = 4, .z_A = 1}};
    Specimen moved = s;
    moved.atoms[0].x_A += half;
    BeamOptics optics = Optics(0.02);
    const PotentialSlices slices = Slices(s, n, n, 2);
    const ProbeSpectrum probe = *MakeProbe(slices.grid, optics);
    auto dark_field = [&](const std::vector<double>& pattern) {
      double sum = 0;
      for (size_t i = 0; i < pattern.size(); ++i) {
        const double k = std::hypot(slices.grid.kx_per_A(i / n), slices.grid.ky_per_A(i % n));
        if (k > 1 && k < 1.6) sum += pattern[i];  // inside every grid's band limit of 1.67
      }
      return sum;
    };
    const double on = dark_field(Diffraction(slices, probe, 4.2, 4.1));
    const double off = dark_field(Diffraction(Slices(moved, n, n, 2), probe, 4.2 + half, 4.1));
    difference.push_back(std::fabs(on - off) / on);
  }
  EXPECT_GT(difference[0] / difference[1], 3);
  EXPECT_GT(difference[1] / difference[2], 3);
  EXPECT_LT(difference[2], 0.015);
}

// ---- Weak phase: an independent computation from the scattering factor alone.

// First Born: ψ'(k) = iσ Σ_k' V(k − k') ψ(k'), V from the table, for one atom at (x, y).
double BornDarkField(const Grid& g, const ProbeSpectrum& probe, const Atom& atom, double inner,
                     double outer) {
  const double wavelength = Wavelength_A(kEnergy_eV);
  const double strength = InteractionConstant(kEnergy_eV) * PotentialPerScatteringFactor() *
                          atom.occupancy / (g.lx_A * g.ly_A);
  double total = 0;
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const double kx = g.kx_per_A(i), ky = g.ky_per_A(j);
      const double angle = wavelength * std::hypot(kx, ky);
      if (angle < inner || angle >= outer) continue;
      std::complex<double> sum = 0;
      for (const auto& b : probe.beams) {
        const double qx = kx - g.kx_per_A(b.ix), qy = ky - g.ky_per_A(b.iy);
        sum += std::complex<double>(b.amplitude) * Factors().At(atom.z, qx * qx + qy * qy) *
               std::polar(1.0, -2 * std::numbers::pi * (qx * atom.x_A + qy * atom.y_A));
      }
      total += std::norm(strength * sum);
    }
  }
  return total;
}

double MultisliceDarkField(const Grid& g, const ProbeSpectrum& probe, const Specimen& s,
                           double inner, double outer) {
  const std::vector<double> pattern = Diffraction(Slices(s, g.nx, g.ny, 2), probe, 0, 0);
  double sum = 0;
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const double angle = Wavelength_A(kEnergy_eV) * std::hypot(g.kx_per_A(i), g.ky_per_A(j));
      if (angle >= inner && angle < outer) sum += pattern[i * g.ny + j];
    }
  }
  return sum;
}

// Half a hydrogen (a phase of a few mrad) on a grid point, the probe on the atom. An atom on a grid
// point is sharpened by the sinc of potential.h, 1 + κ²/3 in intensity with κ = k dx: order 2.
TEST(Multislice, WeakAtomScattersAsFirstBorn) {
  std::vector<double> error;
  for (size_t n : {64, 128, 256}) {
    Specimen s;
    s.cell_A = {8, 8, 2};
    s.atoms = {{.z = 1, .z_A = 1, .occupancy = 0.5}};
    const Grid grid{n, n, 8, 8};
    const ProbeSpectrum probe = *MakeProbe(grid, Optics(0.015));
    const double born = BornDarkField(grid, probe, s.atoms[0], 0.02, 0.04);
    error.push_back(MultisliceDarkField(grid, probe, s, 0.02, 0.04) / born - 1);
  }
  const double coarse = error[0] - error[1], fine = error[1] - error[2];
  EXPECT_NEAR(coarse / fine, 4, 0.2);
  // On an infinitely fine grid the second Born term remains: (σV)², some 1e-4.
  EXPECT_LT(std::fabs(error[2] - fine / 3), 1e-3);
}

// The second Born term is out of phase with the first for a real probe spectrum, so that the
// departure from Born grows as the square of the strength.
TEST(Multislice, DepartureFromBornIsSecondOrderInTheStrength) {
  const Grid grid{128, 128, 8, 8};
  BeamOptics optics;
  optics.semiangle_rad = 0.015;
  const ProbeSpectrum probe = *MakeProbe(grid, optics);
  auto per_born = [&](double occupancy) {
    Specimen s;
    s.cell_A = {8, 8, 2};
    s.atoms = {{.z = 38, .z_A = 1, .occupancy = occupancy}};
    return MultisliceDarkField(grid, probe, s, 0.02, 0.04) /
           BornDarkField(grid, probe, s.atoms[0], 0.02, 0.04);
  };
  const double limit = per_born(1.0 / 64);
  const double quarter = limit - per_born(0.125), half = limit - per_born(0.25);
  EXPECT_GT(quarter, 0.001);  // above round-off, so that the ratio says something
  EXPECT_NEAR(half / quarter, 4, 0.5);
}

// ---- Reciprocity.

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

// ---- Slices.

// The projected potential of SrTiO3 up to its third harmonics: smooth, so that nothing is scattered
// to where the band limit or the propagator's wrapped phase (π λ dz k² near 2π) would show.
FloatBuffer SmoothPotential(const FloatBuffer& v, int n) {
  constexpr int kHarmonics = 3;
  FloatBuffer smooth(v.size(), 0);
  for (int h = -kHarmonics; h <= kHarmonics; ++h) {
    for (int k = -kHarmonics; k <= kHarmonics; ++k) {
      auto wave = [&](int i, int j) {
        return std::polar(1.0, 2 * std::numbers::pi * (h * i + k * j) / n);
      };
      std::complex<double> c = 0;
      for (int i = 0; i < n * n; ++i) c += double(v[i]) * std::conj(wave(i / n, i % n));
      c /= double(n * n);
      for (int i = 0; i < n * n; ++i) smooth[i] += float((c * wave(i / n, i % n)).real());
    }
  }
  return smooth;
}

// That potential spread evenly along the beam, in n slices over 39 Å.
PotentialSlices Smeared(int n) {
  static const PotentialSlices kCell = Slices(StrontiumTitanate(1, 1, 1), 48, 48, kCell_A);
  static const FloatBuffer kSmooth = SmoothPotential(*kCell.distinct[0], 48);
  auto thin = std::make_shared<FloatBuffer>(kSmooth);
  for (float& v : *thin) v *= float(10.0 / n);
  PotentialSlices cell = kCell;
  cell.distinct = {thin};
  cell.order.assign(size_t(n), 0);
  cell.thickness_A = 10 * kCell_A / n;
  return cell;
}

std::vector<double> SmearedPattern(int n, double extra_C10_A) {
  const PotentialSlices slices = Smeared(n);
  BeamOptics optics;
  optics.aberrations.SetPolar(kC10, 20 + extra_C10_A, 0);
  return Diffraction(slices, *MakeProbe(slices.grid, optics), 0.6, 0.3);
}

// Every slice stands at its entrance: a splitting e^{dz V} e^{dz T} of first order. Begun half a
// slice earlier (C10 of dz/2: one half propagation) it becomes Strang's symmetric splitting, of
// second order. Halving dz must show 2 and 4. The limit is extrapolated from the finest two.
TEST(Multislice, ConvergesInSliceThicknessWithTheOrderOfItsSplitting) {
  const double total = 10 * kCell_A;
  auto centred = [&](int n) { return SmearedPattern(n, total / n / 2); };
  const std::vector<double> fine = centred(64), finer = centred(128);
  std::vector<double> limit(fine.size());
  for (size_t i = 0; i < limit.size(); ++i) limit[i] = finer[i] + (finer[i] - fine[i]) / 3;
  const double plain[] = {Rms(SmearedPattern(8, 0), limit), Rms(SmearedPattern(16, 0), limit),
                          Rms(SmearedPattern(32, 0), limit)};
  EXPECT_NEAR(plain[0] / plain[1], 2, 0.2);
  EXPECT_NEAR(plain[1] / plain[2], 2, 0.1);
  const double strang[] = {Rms(centred(8), limit), Rms(centred(16), limit),
                           Rms(centred(32), limit)};
  EXPECT_NEAR(strang[0] / strang[1], 4, 0.6);
  EXPECT_NEAR(strang[1] / strang[2], 4, 0.6);
  EXPECT_LT(strang[2], plain[2] / 5);
}

// The atomic planes of SrTiO3 stand 1.9525 Å apart, the first 0.97625 Å below the entrance face.
// Cut at half their distance, every other slice is empty, and nothing changes but that the first
// plane is no longer taken at the entrance: as much defocus makes up for it. 5e-6: the taper at the
// band limit acts twice as often.
TEST(Multislice, EmptySlicesAreDefocus) {
  const Specimen s = StrontiumTitanate(2, 2, 3);
  const PotentialSlices planes = Slices(s, 96, 96, kCell_A / 2);
  const PotentialSlices finer = Slices(s, 96, 96, kCell_A / 4);
  EXPECT_EQ(finer.order.size(), 2 * planes.order.size());
  BeamOptics optics, later;
  optics.aberrations.SetPolar(kC10, 40, 0);
  later.aberrations.SetPolar(kC10, 40 + kCell_A / 4, 0);
  const auto fine = Diffraction(finer, *MakeProbe(planes.grid, optics), 0.5, 1);
  EXPECT_LT(LargestDifference(Diffraction(planes, *MakeProbe(planes.grid, later), 0.5, 1), fine),
            5e-6);
  EXPECT_GT(LargestDifference(Diffraction(planes, *MakeProbe(planes.grid, optics), 0.5, 1), fine),
            2e-5);
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
