#include "sim/prism.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/detector.h"
#include "sim/physics/electron.h"
#include "sim/specimen/read_structure.h"
#include "tests/sim/energy.h"

namespace ronchi::sim {
namespace {

constexpr size_t kMemory = size_t(1) << 30;

Multislice Engine(int cells, size_t pixels, int layers) {
  const Specimen s = ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")
                         ->Repeated(cells, cells, layers);
  const Grid grid{pixels, pixels, s.cell_A[0], s.cell_A[1]};
  return Multislice(*MakePotential(s, grid, 1.9525, **ScatteringFactors::Load("kirkland")),
                    kEnergy_eV, {0, 0});
}

BeamOptics Optics() {
  BeamOptics o;
  o.aberrations.SetPolar(kC10, -40, 0);
  o.aberrations.SetPolar(kC12, 25, 0.4);
  o.aberrations.SetPolar(kC30, 2e4, 0);
  return o;
}

const std::vector<std::array<double, 2>> kPositions = {
    {0, 0}, {1.3, 0.7}, {1.9525, 1.9525}, {-3, 9}};

// With every beam kept, the sum over plane waves is the probe itself: only round-off of a few
// hundred single-precision terms is left.
TEST(Prism, WithoutInterpolationIsMultislice) {
  const Multislice engine = Engine(4, 160, 3);
  const auto prism = Prism::Create(engine, kEnergy_eV, 0.024, 1, kMemory);
  ASSERT_TRUE(prism.ok()) << prism.status();
  ASSERT_EQ(prism->window(), engine.grid());
  const ProbeSpectrum probe = *MakeProbe(engine.grid(), Optics());
  auto workspace = engine.MakeWorkspace();
  const std::vector<size_t> exits = {engine.slices()};
  prism->Run(Optics(), kPositions, [&](size_t n, std::span<const float> intensity) {
    engine.Run(
        probe, kPositions[n][0], kPositions[n][1], exits, [](size_t) {}, &workspace);
    double difference = 0, total = 0;
    for (size_t i = 0; i < intensity.size(); ++i) {
      difference += std::fabs(double(intensity[i]) - workspace.intensity()[i]);
      total += workspace.intensity()[i];
    }
    EXPECT_LT(difference / total, 1e-5) << "probe " << n;
  });
}

// The aperture of a box of `cells` cells, as soft as that of the grid `fine`.
ProbeSpectrum CoarseProbe(const Grid& grid, const Grid& fine, const BeamOptics& optics) {
  ProbeSpectrum probe;
  const double wavelength = Wavelength_A(kEnergy_eV);
  double power = 0;
  for (uint32_t j = 0; j < grid.ny; ++j) {
    for (uint32_t i = 0; i < grid.nx; ++i) {
      const double ax = grid.kx_per_A(i) * wavelength, ay = grid.ky_per_A(j) * wavelength;
      const double a = SoftAperture(ax, ay, optics.semiangle_rad, wavelength / fine.lx_A,
                                    wavelength / fine.ly_A);
      if (a == 0) continue;
      const double chi = optics.aberrations.Chi(ax, ay, wavelength);
      probe.beams.push_back({i, j, Complex(std::polar(a, -chi))});
      power += a * a;
    }
  }
  for (auto& b : probe.beams) b.amplitude *= float(1 / std::sqrt(power));
  return probe;
}

// A sum over every f-th plane wave repeats with the window. In a crystal whose cell divides the
// window so does the exit wave, and the window's pattern is that of multislice in a box of 1/f,
// exactly, wherever the probe stands: what is left of the error of f is that aperture and rings are
// sampled f times more coarsely. 1e-5: round-off, as above.
TEST(Prism, InACrystalTheWindowIsABoxOfItsOwn) {
  const Multislice whole = Engine(8, 256, 3);
  for (const int f : {2, 4}) {
    const Multislice part = Engine(8 / f, 256 / size_t(f), 3);
    const Prism prism = *Prism::Create(whole, kEnergy_eV, 0.024, f, kMemory);
    const ProbeSpectrum probe = CoarseProbe(part.grid(), whole.grid(), Optics());
    auto workspace = part.MakeWorkspace();
    const std::vector<size_t> exits = {part.slices()};
    prism.Run(Optics(), kPositions, [&](size_t n, std::span<const float> intensity) {
      part.Run(
          probe, kPositions[n][0], kPositions[n][1], exits, [](size_t) {}, &workspace);
      double difference = 0, total = 0;
      for (size_t i = 0; i < intensity.size(); ++i) {
        difference += std::fabs(double(intensity[i]) - workspace.intensity()[i]);
        total += workspace.intensity()[i];
      }
      EXPECT_LT(difference / total, 1e-5) << "f = " << f << ", probe " << n;
    });
  }
}

// Interpolation is an approximation: a probe that fits its window is imaged to a few percent, and
// the whole current stays in the pattern (below the band limit).
TEST(Prism, InterpolationKeepsDetectorsClose) {
  const Multislice engine = Engine(8, 320, 3);
  BeamOptics focused;
  const auto prism = Prism::Create(engine, kEnergy_eV, 0.024, 2, kMemory);
  ASSERT_TRUE(prism.ok()) << prism.status();
  const ProbeSpectrum probe = *MakeProbe(engine.grid(), focused);
  auto workspace = engine.MakeWorkspace();
  const std::vector<size_t> exits = {engine.slices()};
  for (const auto& [inner, outer] :
       {std::pair(0.0, 0.012), std::pair(0.012, 0.024), std::pair(0.05, 0.08)}) {
    const DetectorOptions ring{.name = "ring", .inner_rad = inner, .outer_rad = outer};
    const Detector coarse = *Detector::Create(ring, prism->window(), kEnergy_eV);
    const Detector fine = *Detector::Create(ring, engine.grid(), kEnergy_eV);
    double squares = 0, mean = 0;
    prism->Run(focused, kPositions, [&](size_t n, std::span<const float> intensity) {
      double approximate = 0, exact = 0;
      coarse.Accumulate(intensity, 1, {&approximate, 1});
      engine.Run(
          probe, kPositions[n][0], kPositions[n][1], exits,
          [&](size_t) {
            fine.Accumulate(workspace.intensity(), 1, {&exact, 1});
          },
          &workspace);
      squares += std::pow(approximate - exact, 2) / double(kPositions.size());
      mean += exact / double(kPositions.size());
    });
    // Rings cut coarser pixels differently: 2 % was seen (BF), as on W1 (docs/simulator.md).
    EXPECT_LT(std::sqrt(squares) / mean, 0.03) << inner << " … " << outer;
  }
}

TEST(Prism, RefusesWhatItCannotDo) {
  const Multislice engine = Engine(2, 64, 1);
  EXPECT_TRUE(
      absl::IsInvalidArgument(Prism::Create(engine, kEnergy_eV, 0.024, 3, kMemory).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Prism::Create(engine, kEnergy_eV, 0.024, 16, kMemory).status()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(Prism::Create(engine, kEnergy_eV, 0.024, 1, 1000).status()));
}

}  // namespace
}  // namespace ronchi::sim
