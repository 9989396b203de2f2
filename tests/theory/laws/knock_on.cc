#include "theory/laws/knock_on.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::theory {
namespace {

// m c² and u c², to six digits: kinematics by hand.
TEST(KnockOn, ANucleusAtRestTakesTwoEOfEPlusTwoMc2OverMc2) {
  const double e = 100e3, mass = 12 * 931.494102e6;
  EXPECT_NEAR(LargestTransfer_eV(Graphene12C(), e, 0), 2 * e * (e + 2 * 510998.95) / mass, 1e-8);
  EXPECT_GT(LargestTransfer_eV(Graphene12C(), e, 500), LargestTransfer_eV(Graphene12C(), e, 0));
  EXPECT_LT(LargestTransfer_eV(Graphene12C(), e, -500), LargestTransfer_eV(Graphene12C(), e, 0));
}

TEST(KnockOn, ThresholdIsWhereTheTransferIsEnough) {
  for (const KnockOnTarget& t : {Graphene12C(), Graphene13C()}) {
    EXPECT_NEAR(LargestTransfer_eV(t, StaticThreshold_eV(t), 0), t.threshold_eV, 1e-9);
  }
  // Computed apart from this code, with the same constants.
  EXPECT_NEAR(StaticThreshold_eV(Graphene12C()), 104.9e3, 0.1e3);
  EXPECT_NEAR(StaticThreshold_eV(Graphene13C()), 112.8e3, 0.1e3);
}

// Figures computed apart from this code, given to two or three digits: 2 %.
TEST(KnockOn, CrossSectionsOfGraphene) {
  const auto expect = [](const KnockOnTarget& t, double kV, double barn) {
    EXPECT_NEAR(KnockOnCrossSection_barn(t, kV * 1e3), barn, 0.02 * barn) << kV;
  };
  expect(Graphene12C(), 90, 0.00538);
  expect(Graphene12C(), 95, 0.0598);
  expect(Graphene12C(), 100, 0.344);
  expect(Graphene13C(), 90, 6.5e-5);
  expect(Graphene13C(), 95, 0.0016);
  expect(Graphene13C(), 100, 0.020);
}

TEST(KnockOn, WithoutMotionThereIsNoneBelowTheThreshold) {
  KnockOnTarget still = Graphene12C();
  still.velocity2_m2_s2 = 0;
  EXPECT_EQ(KnockOnCrossSection_barn(still, StaticThreshold_eV(still) - 1), 0);
  EXPECT_GT(KnockOnCrossSection_barn(still, StaticThreshold_eV(still) + 1), 0);
  // And little motion changes little, far above: the average of a smooth function.
  KnockOnTarget slow = still;
  slow.velocity2_m2_s2 = 1e3;
  const double at_rest = KnockOnCrossSection_barn(still, 150e3);
  EXPECT_NEAR(KnockOnCrossSection_barn(slow, 150e3), at_rest, 1e-3 * at_rest);
}

// Slow electrons on a light nucleus: Rutherford's cross section for transfers above T_d,
// π (Z e²/4πε₀ m v²)² (T_max/T_d − 1).
TEST(KnockOn, SmallBetaIsRutherford) {
  KnockOnTarget light{.z = 1, .mass_u = 1.008, .threshold_eV = 0.2, .velocity2_m2_s2 = 0};
  const double e = 200, x = LargestTransfer_eV(light, e, 0) / light.threshold_eV;
  // e²/(4πε₀) = 14.399645 eV Å; m v² = 2E.
  const double radius_A = 14.399645 / (2 * e), barn_per_A2 = 1e8;
  const double rutherford = 3.14159265 * radius_A * radius_A * (x - 1) * barn_per_A2;
  // β = 0.028: the terms of β² and παβ leave 1e-3.
  EXPECT_NEAR(KnockOnCrossSection_barn(light, e) / rutherford, 1, 2e-3);
}

// 50 pA over 1 Å²: 3.12 events a second and barn.
TEST(KnockOn, RateIsCrossSectionTimesCurrentDensity) {
  EXPECT_NEAR(KnockOnRate_per_s(1, 50e-12, 1e-20), 3.1208, 1e-4);
}

}  // namespace
}  // namespace ronchi::theory
