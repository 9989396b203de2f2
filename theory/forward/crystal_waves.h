// What a crystal makes of plane waves: amplitudes of the diffracted orders behind every depth. A
// convergent beam on a crystal is a sum of such waves, and a tilt of the crystal is one of the
// waves, so that a library of them holds the patterns of all probes, tilts and thicknesses.
//
// With the tilt τ a slice propagates by exp(−iπλΔz k² + 2πiΔz k·tan τ) (docs/conventions.md), which
// is that of an untilted crystal for waves that enter along κ = k − tan τ/λ, but for a factor of
// all waves alike.
#pragma once

#include <array>
#include <complex>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/multislice.h"
#include "sim/potential.h"
#include "sim/specimen/specimen.h"

namespace ronchi::theory {

// The smallest box whose copies, side by side, are the specimen, and how many copies of it.
struct CrystalCell {
  sim::Specimen cell;
  std::array<int, 3> copies = {1, 1, 1};
};
CrystalCell FindCell(const sim::Specimen& specimen);

// Every atom as 16 parts about its place, which have the variance rms² along x and y: the mean
// potential of atoms that vibrate (the Debye–Waller factor), exact to the seventh moment.
sim::Specimen Smeared(const sim::Specimen& specimen, const std::map<int, double>& rms_A);

struct CrystalWavesOptions {
  sim::Specimen cell;    // one period
  double depth_A = 0;    // of the deepest plane, at least
  double pixel_A = 0.1;  // of the waves, at most
  double slice_thickness_A = 2;
  std::string parametrization = "kirkland";
  sim::Projection projection = sim::Projection::kInfinite;
  sim::Placement placement = sim::Placement::kExact;
  double energy_eV = 200e3;
  // Orders −half … half along x and y are kept.
  std::array<int, 2> half = {0, 0};
};

class CrystalWaves {
 public:
  // InvalidArgument: an element without scattering factor, orders that the grid does not hold.
  static absl::StatusOr<CrystalWaves> Create(const CrystalWavesOptions& options);

  // Depths of the planes behind which amplitudes can be had, Å, evenly spaced.
  size_t planes() const { return exits_.size(); }
  double depth_A(size_t plane) const { return double(exits_[plane]) * slice_A_; }
  double spacing_A() const { return planes() > 1 ? depth_A(1) - depth_A(0) : depth_A(0); }
  size_t orders() const { return size_t((2 * half_[0] + 1) * (2 * half_[1] + 1)); }
  const std::array<int, 2>& half() const { return half_; }

  using Amplitude = std::complex<float>;
  // Of the plane wave that enters along κ (1/Å) with amplitude 1: writes the amplitudes at κ + g
  // behind planes `first`, `first + step` …, so many as `out` holds: [planes, orders], order (h, k)
  // at (h + half_x) (2 half_y + 1) + k + half_y. Any thread may call.
  void Scatter(std::array<double, 2> kappa_per_A, size_t first, size_t step,
               std::span<Amplitude> out) const;

 private:
  CrystalWaves() = default;
  std::shared_ptr<const sim::Multislice> upright_;
  std::vector<size_t> exits_;  // slices passed
  double slice_A_ = 0, wavelength_A_ = 0;
  std::array<int, 2> half_ = {0, 0};
};

}  // namespace ronchi::theory
