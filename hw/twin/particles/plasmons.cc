#include "hw/twin/particles/plasmons.h"

#include <algorithm>
#include <boost/math/special_functions/bessel.hpp>
#include <cmath>
#include <numbers>

#include "hw/twin/base/beam.h"

namespace ronchi::hw {
namespace {

constexpr double kHbarC_eV_nm = 197.3269804;              // CODATA 2018
constexpr double kSize_nm = 20;                           // for which probabilities are given
constexpr double kRulerDepth = 0.18, kRulerDecay = 0.23;  // Jain et al. (2007)

double K0(double x) { return boost::math::cyl_bessel_k(0, x); }

double LorentzBelow(double e, double center, double fwhm) {
  return 0.5 + std::atan(2 * (e - center) / fwhm) / std::numbers::pi;
}
double NormalBelow(double e, double center, double fwhm) {
  const double sigma = fwhm / (2 * std::sqrt(2 * std::numbers::ln2));
  return 0.5 * std::erfc((center - e) / (std::numbers::sqrt2 * sigma));
}
double ZeroLossBelow(double e, const PlasmonState& s, double center) {
  return (1 - s.tail_share) * NormalBelow(e, center, s.zero_loss_fwhm_eV) +
         s.tail_share * LorentzBelow(e, center, s.zero_loss_fwhm_eV);
}

}  // namespace

std::vector<double> ZeroLossShape(const EnergyAxis& axis, const PlasmonState& s) {
  std::vector<double> shape(axis.channels);
  double below = ZeroLossBelow(axis.first_eV - axis.channel_eV / 2, s, s.zero_loss_eV);
  for (size_t j = 0; j < shape.size(); ++j) {
    const double up_to =
        ZeroLossBelow(axis.first_eV + (double(j) + 0.5) * axis.channel_eV, s, s.zero_loss_eV);
    shape[j] = up_to - below;
    below = up_to;
  }
  return shape;
}

// The Lorentzian in steps of a channel, each step spread like the zero-loss peak: the error is of
// second order in channel over width.
std::vector<double> ModeShape(const EnergyAxis& axis, const PlasmonState& s, double energy_eV) {
  const size_t n = axis.channels;
  const double step = axis.channel_eV;
  // What was lost in step k (its middle: (k + 1/2) step), up to where the axis ends.
  const double last = axis.first_eV + double(n) * step - s.zero_loss_eV;
  std::vector<double> lost(size_t(std::max(1.0, std::ceil(last / step))));
  const double none = LorentzBelow(0, energy_eV, s.mode_fwhm_eV);
  double below = none;
  for (size_t k = 0; k < lost.size(); ++k) {
    const double up_to = LorentzBelow(double(k + 1) * step, energy_eV, s.mode_fwhm_eV);
    lost[k] = (up_to - below) / (1 - none);
    below = up_to;
  }
  // The peak's share in the channel j for a loss in step k depends on j − k alone.
  const size_t m = lost.size();
  std::vector<double> spread(n + m - 1);  // index j − k + m − 1
  const auto edge = [&](size_t i) {
    const double e = axis.first_eV + (double(i) - double(m)) * step;  // −½ channel, −½ step
    return ZeroLossBelow(e, s, s.zero_loss_eV);
  };
  for (size_t i = 0; i < spread.size(); ++i) spread[i] = edge(i + 1) - edge(i);
  std::vector<double> shape(n, 0.0);
  for (size_t k = 0; k < m; ++k) {
    const double* from = spread.data() + (m - 1 - k);
    for (size_t j = 0; j < n; ++j) shape[j] += lost[k] * from[j];
  }
  return shape;
}

Plasmons::Plasmons(const PlasmonOptions& options, const PlasmonState& state, double beam_energy_eV,
                   std::vector<MapParticle> particles)
    : options_(options),
      state_(state),
      beam_speed_(SpeedOverLight(beam_energy_eV)),
      particles_(std::move(particles)),
      energy_eV_(particles_.size()),
      field_(particles_.size()) {
  for (size_t i = 0; i < particles_.size(); ++i) {
    const MapParticle& p = particles_[i];
    double shift = 0;
    for (size_t j = 0; j < particles_.size(); ++j) {
      if (j == i) continue;
      const double gap = std::max(0.0, GapBetween_nm(p, particles_[j]));
      shift += kRulerDepth * std::exp(-gap / (p.half_nm + particles_[j].half_nm) / kRulerDecay);
    }
    for (size_t m = 0; m < kPlasmonModes; ++m) {
      const auto [low, high] = options_.energy_eV[m];
      energy_eV_[i][m] = low + p.doping * (high - low) + state_.mode_shift_eV;
    }
    energy_eV_[i][kDipole] /= 1 + shift;
    for (size_t m = 0; m < kPlasmonModes; ++m) {
      const double length = ComputeDecayLength_nm(i, PlasmonMode(m));
      field_[i][m] = {length, 1 / K0(options_.blunt_nm / length)};
    }
  }
}

double Plasmons::ComputeDecayLength_nm(size_t i, PlasmonMode mode) const {
  const double omega_over_v = energy_eV_[i][mode] / (kHbarC_eV_nm * beam_speed_);
  const double order = mode == kDipole ? 1 : mode == kEdge ? 2 : 0;
  return 0.5 / std::hypot(omega_over_v, order / particles_[i].half_nm);
}

double Plasmons::Probability(size_t i, PlasmonMode mode, double x_nm, double y_nm) const {
  const MapParticle& p = particles_[i];
  if (mode == kEdge && !p.cube) return 0;
  const Field& field = field_[i][mode];
  const double distance =
      mode == kEdge ? DistanceFromCorner_nm(p, x_nm, y_nm) : DistanceFromOutline_nm(p, x_nm, y_nm);
  if (mode == kBulk && distance >= 0) return 0;
  constexpr double kFar = 25;  // K₀ is below 1e-11 there
  const double at = std::hypot(distance, options_.blunt_nm) / field.length_nm;
  const double g = at > kFar ? 0 : K0(at) * field.scale;
  const double strength = state_.probability[mode];
  if (mode != kBulk) return strength * 2 * p.half_nm / kSize_nm * g;
  return strength * MeanThickness_nm(p, x_nm, y_nm, 0) / kSize_nm * (1 - g);
}

void Plasmons::PrepareSpectra(const EnergyAxis& axis) {
  zero_loss_ = ZeroLossShape(axis, state_);
  shapes_.resize(particles_.size());
  for (size_t i = 0; i < particles_.size(); ++i) {
    for (size_t m = 0; m < kPlasmonModes; ++m) {
      shapes_[i][m] = ModeShape(axis, state_, energy_eV_[i][m]);
    }
  }
}

void Plasmons::ComputeSpectrum(double x_nm, double y_nm, std::span<double> shares) const {
  RONCHI_CHECK_EQ(shares.size(), zero_loss_.size());
  constexpr double kNothing = 1e-9;  // of the electrons
  std::fill(shares.begin(), shares.end(), 0.0);
  double lost = 0;
  for (size_t i = 0; i < particles_.size(); ++i) {
    for (size_t m = 0; m < kPlasmonModes; ++m) {
      const double share = Probability(i, PlasmonMode(m), x_nm, y_nm);
      if (share < kNothing) continue;
      lost += share;
      const double* shape = shapes_[i][m].data();
      for (size_t j = 0; j < shares.size(); ++j) shares[j] += share * shape[j];
    }
  }
  // Probabilities that add up to more than one are no single losses any more: all are lost then.
  const double scale = lost > 1 ? 1 / lost : 1;
  for (size_t j = 0; j < shares.size(); ++j) {
    shares[j] = scale * shares[j] + std::max(0.0, 1 - lost) * zero_loss_[j];
  }
}

}  // namespace ronchi::hw
