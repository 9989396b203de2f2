// Low-loss spectra of a field of particles: the zero-loss peak and three plasmon modes of each
// particle, dipole and edge at its surface, bulk inside it.
//
// Where: along a plane surface at the distance d from the beam, the probability of exciting a
// surface mode of the energy ħω goes as K₀(2ωd/v) on both sides, and inside the bulk mode lacks as
// much (begrenzung): García de Abajo, Rev. Mod. Phys. 82, 209 (2010), planar surfaces; Echenique &
// Pendry, J. Phys. C 8, 2936 (1975). A wave number q along the surface makes that
// K₀(2d √((ω/v)² + q²)); a particle of half-width a has q = m/a, m = 1 for the dipole, 2 for edges
// (ours: the plane's formula, cut to the particle's size). The logarithm at d = 0 is blunted,
// d → √(d² + blunt²). So, each mode's probability at its place of choice being P,
//   dipole  P (2a/20 nm) g(d)                 g(d) = K₀(√(d² + blunt²)/Λ) / K₀(blunt/Λ)
//   edge    P (2a/20 nm) g(d from a corner)   1/Λ = 2 √((ω/v)² + q²); cubes alone
//   bulk    P (t/20 nm) (1 − g(d))            inside; Λ = v/2ω, t the thickness
//
// At which energy: all three of a particle lie at the same place of their ranges, as its doping
// says, and δ above it. Neighbours lower the dipole's: E = E₀/(1 + Σ 0.18 e^{−(gap/size)/0.23}),
// the plasmon ruler of Jain, Huang & El-Sayed, Nano Lett. 7, 2080 (2007), size the mean of both.
//
// Each mode is a Lorentzian of energy above zero, convolved with the zero-loss peak, (1 − s)
// Gaussian + s Lorentzian of one width. An electron loses energy once or not at all: the shares of
// all modes and of the zero-loss peak add up to one.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "hw/twin/particles/particle.h"

namespace ronchi::hw {

enum PlasmonMode { kDipole, kEdge, kBulk, kPlasmonModes };

struct EnergyAxis {
  size_t channels = 512;
  double channel_eV = 0.004;
  double first_eV = -0.2;  // the middle of channel 0
};
struct PlasmonOptions {
  // Dipole, edge and bulk modes of doped-oxide particles, the bands that searches of their spectra
  // take: Roccapriore, Ziatdinov, Kalinin et al. (2021-22).
  std::array<std::array<double, 2>, kPlasmonModes> energy_eV = {
      {{0.35, 0.55}, {0.60, 0.75}, {0.80, 1.00}}};
  double blunt_nm = 1;
};
struct PlasmonState {  // of an episode
  std::array<double, kPlasmonModes> probability{};
  double mode_fwhm_eV = 0.1;
  double zero_loss_fwhm_eV = 0.025, tail_share = 0, zero_loss_eV = 0;  // width, s, position
  double mode_shift_eV = 0;                                            // δ
};

// Probabilities per channel, of electrons that are spread as said above: zero loss and a mode.
std::vector<double> ZeroLossShape(const EnergyAxis& axis, const PlasmonState& state);
std::vector<double> ModeShape(const EnergyAxis& axis, const PlasmonState& state, double energy_eV);

class Plasmons {
 public:
  Plasmons() = default;
  Plasmons(const PlasmonOptions& options, const PlasmonState& state, double beam_energy_eV,
           std::vector<MapParticle> particles);

  double Energy_eV(size_t particle, PlasmonMode mode) const { return energy_eV_[particle][mode]; }
  // Λ of the particle's mode, nm.
  double DecayLength_nm(size_t particle, PlasmonMode mode) const {
    return field_[particle][mode].length_nm;
  }
  double Probability(size_t particle, PlasmonMode mode, double x_nm, double y_nm) const;

  // Shares of the electrons by channel, at a point. PrepareSpectra comes first.
  void PrepareSpectra(const EnergyAxis& axis);
  bool prepared() const { return !zero_loss_.empty(); }
  void ComputeSpectrum(double x_nm, double y_nm, std::span<double> shares) const;

 private:
  struct Field {
    double length_nm = 1, scale = 1;  // Λ, 1/K₀(blunt/Λ)
  };
  double ComputeDecayLength_nm(size_t particle, PlasmonMode mode) const;
  PlasmonOptions options_;
  PlasmonState state_;
  double beam_speed_ = 0.5;  // v/c
  std::vector<MapParticle> particles_;
  std::vector<std::array<double, kPlasmonModes>> energy_eV_;
  std::vector<std::array<Field, kPlasmonModes>> field_;
  std::vector<double> zero_loss_;  // by channel
  std::vector<std::array<std::vector<double>, kPlasmonModes>> shapes_;
};

}  // namespace ronchi::hw
