// Plasmon spectra against closed forms: what adds up to one, how a field decays, where modes lie.
#include "hw/twin/particles/plasmons.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "hw/twin/base/beam.h"

namespace ronchi::hw {
namespace {

constexpr double kBeam_eV = 60e3;
const PlasmonState kState = {.probability = {0.03, 0.02, 0.015},
                             .mode_fwhm_eV = 0.1,
                             .zero_loss_fwhm_eV = 0.025,
                             .tail_share = 0.02,
                             .zero_loss_eV = 0.003};
const EnergyAxis kWide = {.channels = 4096, .channel_eV = 0.004, .first_eV = -4};

double Sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

TEST(Plasmons, SpeedIsThatOfA60kVBeam) {
  // β of 60 kV: 0.4462, as tabulated (Kirkland 2020, table 2.1, v/c).
  EXPECT_NEAR(SpeedOverLight(60e3), 0.4462, 1e-4);
}

// What is missing of one lies beyond the axis: s/π (atan of both ends), 2 · 0.02/π · 0.0125/4 …
TEST(Plasmons, TheZeroLossPeakIsWholeAndStandsWhereItShould) {
  const auto shape = ZeroLossShape(kWide, kState);
  const double low = kWide.first_eV - 0.002 - 0.003;
  const double high = kWide.first_eV + 4095.5 * 0.004 - 0.003;
  const double beyond =
      0.02 / std::numbers::pi * (std::atan(0.0125 / -low) + std::atan(0.0125 / high));
  EXPECT_NEAR(Sum(shape), 1 - beyond, 1e-12);
  double mean = 0, largest = 0;
  size_t at = 0;
  for (size_t j = 0; j < shape.size(); ++j) {
    if (shape[j] > largest) largest = shape[j], at = j;
  }
  mean = kWide.first_eV + double(at) * kWide.channel_eV;
  EXPECT_NEAR(mean, kState.zero_loss_eV, kWide.channel_eV);
}

// A Lorentzian from 0 eV up: its part beyond the axis's end has a closed form.
TEST(Plasmons, AModeIsWhole) {
  for (double e : {0.4, 0.9}) {
    const auto shape = ModeShape(kWide, kState, e);
    const double end = kWide.first_eV + 4096 * 0.004;
    const double half = 0.05;
    const double beyond =
        std::atan(half / (end - e)) / (std::numbers::pi / 2 + std::atan(e / half));
    // The zero-loss peak's own tails beyond the ends: below 2e-5.
    EXPECT_NEAR(Sum(shape), 1 - beyond, 5e-5);
    const size_t at = size_t(std::max_element(shape.begin(), shape.end()) - shape.begin());
    EXPECT_NEAR(kWide.first_eV + double(at) * 0.004, e + 0.003, 0.006);
  }
}

// Halve the channel, and the binned shape moves by a quarter as much: second order.
TEST(Plasmons, ChannelsConvergeInSecondOrder) {
  const auto band = [](double channel_eV) {
    const EnergyAxis axis = {size_t(std::lround(4 / channel_eV)), channel_eV, -1 + channel_eV / 2};
    const auto shape = ModeShape(axis, kState, 0.41);
    double sum = 0;
    for (size_t j = 0; j < shape.size(); ++j) {
      const double e = axis.first_eV + double(j) * channel_eV;
      if (e > 0.36 && e < 0.44) sum += shape[j];  // ends lie between channels of all sizes
    }
    return sum;
  };
  const double a = band(0.01), b = band(0.005), c = band(0.0025);
  EXPECT_NEAR((a - b) / (b - c), 4, 0.8);
}

TEST(Plasmons, SharesAddUpToOne) {
  Plasmons p({}, kState, kBeam_eV,
             {{.half_nm = 10}, {.cube = false, .x_nm = 19, .half_nm = 8, .doping = 0.2}});
  p.PrepareSpectra(kWide);
  std::vector<double> shares(kWide.channels);
  for (double x : {0.0, 9.0, 11.0, 20.0, 200.0}) {
    p.ComputeSpectrum(x, 1, shares);
    EXPECT_NEAR(Sum(shares), 1, 2e-3) << x;  // the Lorentzians' tails beyond 12 eV
    EXPECT_GE(*std::min_element(shares.begin(), shares.end()), 0);
  }
  // The sum rule of one mode alone: all losses are its probability.
  Plasmons one({}, {.probability = {0.03, 0, 0}, .mode_fwhm_eV = 0.02, .zero_loss_fwhm_eV = 0.02},
               kBeam_eV, {{.half_nm = 10}});
  one.PrepareSpectra(kWide);
  one.ComputeSpectrum(13, 0, shares);
  double lost = 0;
  for (size_t j = 0; j < shares.size(); ++j) {
    if (kWide.first_eV + double(j) * 0.004 > 0.1) lost += shares[j];
  }
  EXPECT_NEAR(lost / one.Probability(0, kDipole, 13, 0), 1, 0.02);
}

// std::cyl_bessel_k is libstdc++'s, the code's is Boost's.
TEST(Plasmons, FieldsDecayAsK0) {
  const Plasmons p({}, kState, kBeam_eV, {{.half_nm = 12, .doping = 0.5}});
  const double hbar_v = 197.3269804 * SpeedOverLight(kBeam_eV);  // eV nm
  const double length = 0.5 / std::hypot(0.45 / hbar_v, 1.0 / 12);
  EXPECT_NEAR(p.DecayLength_nm(0, kDipole), length, 1e-9);
  const double at_surface = p.Probability(0, kDipole, 12, 0);
  EXPECT_NEAR(at_surface, 0.03 * 24 / 20, 1e-9);
  for (double d : {0.5, 3.0, 10.0, 30.0}) {
    const double expected =
        std::cyl_bessel_k(0.0, std::hypot(d, 1.0) / length) / std::cyl_bessel_k(0.0, 1.0 / length);
    EXPECT_NEAR(p.Probability(0, kDipole, 12 + d, 0) / at_surface, expected, 1e-9) << d;
    // The same on both sides of the surface; the bulk mode lacks what is begun there.
    if (d < 12) {
      EXPECT_NEAR(p.Probability(0, kDipole, 12 - d, 0) / at_surface, expected, 1e-9) << d;
    }
  }
  // A particle without an end: the plane's K₀(2ωd/v).
  const Plasmons plane({}, kState, kBeam_eV, {{.half_nm = 1e9, .doping = 0.5}});
  EXPECT_NEAR(plane.DecayLength_nm(0, kDipole), hbar_v / (2 * 0.45), 1e-6);
}

TEST(Plasmons, EachModeHasItsPlace) {
  const Plasmons p({}, kState, kBeam_eV,
                   {{.half_nm = 10}, {.cube = false, .x_nm = 60, .half_nm = 10}});
  EXPECT_EQ(p.Probability(0, kBulk, 10.5, 0), 0);
  EXPECT_GT(p.Probability(0, kBulk, 0, 0), p.Probability(0, kBulk, 8, 0));
  EXPECT_LT(p.Probability(0, kBulk, 0, 0), 0.015 * 20 / 20 * (1 + 1e-12));
  EXPECT_GT(p.Probability(0, kEdge, 10, 10), 3 * p.Probability(0, kEdge, 10, 0));
  EXPECT_EQ(p.Probability(1, kEdge, 70, 0), 0);  // a sphere has none
  EXPECT_GT(p.Probability(1, kDipole, 70, 0), 0.02);
}

TEST(Plasmons, NeighboursLowerTheDipoleByTheRuler) {
  const MapParticle a = {.half_nm = 10, .doping = 1}, b = {.x_nm = 22, .half_nm = 10, .doping = 1};
  const Plasmons alone({}, kState, kBeam_eV, {a}), both({}, kState, kBeam_eV, {a, b});
  EXPECT_NEAR(alone.Energy_eV(0, kDipole), 0.55, 1e-12);
  EXPECT_NEAR(both.Energy_eV(0, kDipole), 0.55 / (1 + 0.18 * std::exp(-0.1 / 0.23)), 1e-9);
  EXPECT_NEAR(both.Energy_eV(0, kEdge), 0.75, 1e-12);
}

}  // namespace
}  // namespace ronchi::hw
