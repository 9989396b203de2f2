#include "sim/physics/scattering_factors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace ronchi::sim {
namespace {

constexpr const char* kTables[] = {"kirkland", "lobato", "peng"};

TEST(ScatteringFactorTables, KnowTheirElements) {
  for (const char* name : kTables) {
    const auto table = *ScatteringFactors::Load(name);
    EXPECT_NE(table->source(), "") << name;
    EXPECT_EQ(table->AtomicNumber("sr"), 38);
    EXPECT_EQ(table->AtomicNumber("SR"), 38);
    EXPECT_EQ(table->AtomicNumber("Qq"), 0);
    EXPECT_EQ(table->AtomicNumber(""), 0);
    EXPECT_EQ(table->Symbol(79), "Au");
    EXPECT_EQ(table->Symbol(300), "300");
    for (int z : {1, 6, 38, 79, 92}) EXPECT_TRUE(table->Has(z)) << name << " " << z;
    for (int z : {-1, 0, 300}) EXPECT_FALSE(table->Has(z)) << name << " " << z;
  }
  EXPECT_TRUE(absl::IsNotFound(ScatteringFactors::Load("newton").status()));
}

// Three fits of one quantity: within a few per cent of each other where images are made.
TEST(ScatteringFactorTables, Agree) {
  for (int z : {6, 8, 14, 38, 79}) {
    for (double k : {0.2, 0.5, 1.0, 2.0}) {
      const double kirkland = (*ScatteringFactors::Load("kirkland"))->At(z, k * k);
      for (const char* other : {"lobato", "peng"}) {
        EXPECT_NEAR((*ScatteringFactors::Load(other))->At(z, k * k), kirkland, 0.05 * kirkland)
            << other << " " << z << " " << k;
      }
    }
  }
}

// Far out the nucleus alone scatters: f → Z/(2π² a₀ k²), from below (Mott and Bethe).
TEST(ScatteringFactorTables, EndAsRutherford) {
  for (const char* name : {"kirkland", "lobato"}) {  // Peng's Gaussians end sooner
    const auto table = *ScatteringFactors::Load(name);
    for (int z : {1, 6, 14}) {
      const double k = 12, f = table->At(z, k * k);
      const double rutherford = z / (2 * std::numbers::pi * std::numbers::pi * 0.529177 * k * k);
      EXPECT_LT(f, 1.05 * rutherford) << name << " " << z;
      EXPECT_GT(f, 0.85 * rutherford) << name << " " << z;
    }
  }
}

TEST(ScatteringFactorTables, FallWithAngleAndWithDepth) {
  for (const char* name : kTables) {
    const auto table = *ScatteringFactors::Load(name);
    for (int z : {1, 38, 79}) {
      for (double k2 = 0; k2 < 16; k2 += 0.5) {
        EXPECT_GT(table->At(z, k2), table->At(z, k2 + 0.5)) << name << " " << z << " " << k2;
      }
      EXPECT_NEAR(table->Beyond(z, 1, 0), table->At(z, 1) / 2, 1e-9) << name << " " << z;
      double before = table->Beyond(z, 1, 0);
      for (double depth_A : {0.1, 0.5, 2.0, 8.0}) {
        const double beyond = table->Beyond(z, 1, depth_A);
        EXPECT_LT(std::fabs(beyond), before) << name << " " << z << " " << depth_A;
        before = std::fabs(beyond);
      }
      EXPECT_LT(before, 1e-6);
      EXPECT_LT(table->ProjectedBeyond(z, 0.5, 1), table->Projected(z, 0.5) / 2);
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
