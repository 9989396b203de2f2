// The atom twin's lattice, its laws of hopping and the shares of its atoms in an image, against
// closed forms and plain sums.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"
#include "hw/twin/sheet/atom_image.h"
#include "hw/twin/sheet/graphene.h"
#include "hw/twin/sheet/hop_rates.h"

namespace ronchi::hw {
namespace {

TEST(Graphene, EveryNeighbourIsABondAwayAndLeadsBack) {
  const Graphene sheet(0.7, {3, -2});
  for (const Site& site : {Site{}, Site{0, 0, true}, Site{-4, 7, false}, Site{5, -3, true}}) {
    const Vector2 at = sheet.Place_A(site);
    EXPECT_EQ(sheet.Nearest({at[0] + 0.3, at[1] - 0.4}), site);  // half a bond would be 0.71
    for (size_t k = 0; k < 3; ++k) {
      const Site to = sheet.Neighbour(site, k);
      const Vector2 there = sheet.Place_A(to), bond = sheet.Bonds_A(site)[k];
      EXPECT_NEAR(there[0] - at[0], bond[0], 1e-12);
      EXPECT_NEAR(there[1] - at[1], bond[1], 1e-12);
      EXPECT_NEAR(std::hypot(bond[0], bond[1]), 1.42, 1e-12);
      EXPECT_EQ(sheet.Neighbour(to, k), site);
    }
  }
}

TEST(HopRates, ClosedForms) {
  const std::array<Vector2, 3> bonds = Graphene(0, {0, 0}).Bonds_A({});
  const auto at = [&](const HopRates& rates, double bond_lengths) {
    return rates.Compute({1.42 * bond_lengths, 0}, bonds, 1)[0];
  };
  EXPECT_NEAR(at(HopRates::Prior(), 0.85), std::log(2) / 3, 1e-12);
  EXPECT_NEAR(at(HopRates::Prior(), 1), std::log(2) / 3 * std::exp(-0.15 * 0.15 / 0.2), 1e-12);
  EXPECT_NEAR(at(HopRates::Simple(), 1), 1, 1e-12);
  EXPECT_NEAR(at(HopRates::Simple(), 1.25), 0.5, 1e-12);
  EXPECT_NEAR(at(HopRates::Simple(), 0), 1.0 / 17, 1e-12);
  // A hop per second under one electron in Å^2 a second: the top of a normalised Gaussian.
  EXPECT_NEAR(at(HopRates::KnockOn({2, 1, 1}), 1), 2 / (2 * std::numbers::pi), 1e-12);
  HopRates faster = HopRates::Prior();
  faster.Scale(3);
  EXPECT_NEAR(at(faster, 0.85), std::log(2), 1e-12);
}

// The mean over a square on a fine grid; what lies outside of 40 Å is less than 1e-4 of each but of
// the simple law, whose disc is not the square: 3 %.
TEST(HopRates, TheMeanIsTheSweptBeams) {
  RandomStream random({.seed = 3, .name = "test.mixture"});
  const std::array<Vector2, 3> bonds = Graphene(0.4, {0, 0}).Bonds_A({});
  const std::pair<HopRates, double> cases[] = {{HopRates::Prior(), 1e-4},
                                               {HopRates::Simple(), 0.03},
                                               {HopRates::Mixture(&random), 1e-3},
                                               {HopRates::KnockOn({0.3, 0.2, 0.1}), 1e-4}};
  for (const auto& [rates, tolerance] : cases) {
    HopRates::Three sum{};
    constexpr int kSteps = 400;
    constexpr double kSide_A = 40;
    for (int i = 0; i < kSteps; ++i) {
      for (int j = 0; j < kSteps; ++j) {
        const auto r = rates.Compute(
            {kSide_A * ((i + 0.5) / kSteps - 0.5), kSide_A * ((j + 0.5) / kSteps - 0.5)}, bonds,
            0.5);
        for (size_t k = 0; k < 3; ++k) sum[k] += r[k] / (kSteps * kSteps);
      }
    }
    const auto mean = rates.ComputeMean(kSide_A);
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(mean[k] / sum[k], 1, tolerance) << k;
  }
}

TEST(HopRates, MixturesHaveThePublishedSpread) {
  RandomStream random({.seed = 1, .name = "test.mixtures"});
  const std::array<Vector2, 3> bonds = Graphene(0, {0, 0}).Bonds_A({});
  double most = 0;
  for (int i = 0; i < 300; ++i) {
    const HopRates rates = HopRates::Mixture(&random);
    double peak = 0;
    for (double x = -3; x <= 4; x += 0.02) {
      peak = std::max(peak, rates.Compute({1.42 * x, 0}, bonds, 1)[0]);
    }
    // The largest component reaches U(0.01, 1) (up to the grid), the others add to it.
    EXPECT_GT(peak, 0.0099);
    EXPECT_LT(peak, 8);
    most = std::max(most, peak);
  }
  EXPECT_GT(most, 0.9);
}

// Against the sum over every atom within 15 Å. Left out are those beyond 4 σ, of which there are
// ten at most that add up to 3e-4 of a peak each; of the widest beam, the lattice's contrast.
TEST(AtomImage, EveryAtomNearbyCounts) {
  const AtomImage image = *AtomImage::Create(60e3, 0.08, 0.2);
  const Graphene sheet(0.9, {0.3, -0.2});
  const Site silicon{1, -1, true};
  RandomStream random({.seed = 2, .name = "test.places"});
  for (const double sigma_A : {0.3, 0.467, 0.9, 1.4, 1.6}) {
    for (int i = 0; i < 200; ++i) {
      const Vector2 place = {random.Uniform(-4, 4), random.Uniform(-4, 4)};
      double expected = 0;
      const double peak = image.carbon_A2() / (2 * std::numbers::pi * sigma_A * sigma_A);
      for (int m = -9; m <= 9; ++m) {
        for (int n = -9; n <= 9; ++n) {
          for (bool b : {false, true}) {
            const Vector2 at = sheet.Place_A({m, n, b});
            const double d2 = std::pow(at[0] - place[0], 2) + std::pow(at[1] - place[1], 2);
            const double z = Site{m, n, b} == silicon ? image.silicon_A2() / image.carbon_A2() : 1;
            expected += z * peak * std::exp(-d2 / (2 * sigma_A * sigma_A));
          }
        }
      }
      EXPECT_NEAR(image.Fraction(sheet, silicon, place, sigma_A), expected, 3e-3 * peak) << sigma_A;
    }
  }
}

}  // namespace
}  // namespace ronchi::hw
