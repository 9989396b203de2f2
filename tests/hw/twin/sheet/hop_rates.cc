// The atom twin's laws of hopping against closed forms and plain sums.
#include "hw/twin/sheet/hop_rates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"
#include "hw/twin/sheet/graphene.h"

namespace ronchi::hw {
namespace {

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

}  // namespace
}  // namespace ronchi::hw
