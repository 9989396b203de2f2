// The multislice engine's orders of convergence, in the grid and in the slices' thickness.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "tests/sim/multislice_scene.h"

namespace ronchi::sim {
namespace {

double Rms(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
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

}  // namespace
}  // namespace ronchi::sim
