// The multislice engine on weak phases against the first Born approximation: an independent
// computation from the scattering factor alone.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "sim/physics/electron.h"
#include "tests/sim/multislice_scene.h"

namespace ronchi::sim {
namespace {

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

}  // namespace
}  // namespace ronchi::sim
