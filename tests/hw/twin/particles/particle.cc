// The map twin's particles: volumes, distances, and no two in one place.
#include "hw/twin/particles/particle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace ronchi::hw {
namespace {

const MapParticle kCube = {.cube = true, .x_nm = 3, .y_nm = -2, .half_nm = 8, .turn_rad = 0.4};
const MapParticle kSphere = {.cube = false, .x_nm = -1, .y_nm = 2, .half_nm = 8};

// Whatever the probe, the thickness adds up to the particle's volume. The sum over a grid of 0.25
// nm is good to 1e-3 where outlines are sharp, better where the probe has smoothed them.
TEST(MapSpecimen, ThicknessAddsUpToTheVolume) {
  for (double sigma : {0.0, 0.5, 2.0}) {
    for (const MapParticle& p : {kCube, kSphere}) {
      double sum = 0;
      for (double y = -40; y < 40; y += 0.25) {
        for (double x = -40; x < 40; x += 0.25) {
          sum += MeanThickness_nm(p, x + 0.1, y + 0.07, sigma) * 0.0625;
        }
      }
      const double volume =
          p.cube ? std::pow(2 * p.half_nm, 3) : 4 * std::numbers::pi / 3 * std::pow(p.half_nm, 3);
      EXPECT_NEAR(sum / volume, 1, 2e-3) << p.cube << " sigma " << sigma;
    }
  }
}

TEST(MapSpecimen, AProbeOnAnEdgeSeesHalf) {
  const double c = std::cos(0.4), s = std::sin(0.4);
  const double x = 3 + 8 * c, y = -2 + 8 * s;  // the middle of a face
  EXPECT_NEAR(MeanThickness_nm(kCube, x, y, 0.5), 8, 1e-9);
  EXPECT_NEAR(MeanThickness_nm(kCube, 3, -2, 0.5), 16, 1e-9);
  EXPECT_EQ(MeanThickness_nm(kCube, 40, 40, 0.5), 0);
  // A corner: half of half.
  EXPECT_NEAR(MeanThickness_nm(kCube, 3 + 8 * (c - s), -2 + 8 * (s + c), 0.5), 4, 1e-9);
  EXPECT_NEAR(MeanThickness_nm(kSphere, -1, 2, 0), 16, 1e-12);
}

// Two routes: the rule of seven points, and a sum over the probe. Inside the sphere the rule's
// error is of sixth order in σ/a.
TEST(MapSpecimen, TheSpheresRuleIsTheProbesMean) {
  const double sigma = 0.8;
  for (double rho : {0.0, 2.0, 4.0}) {
    double sum = 0, weight = 0;
    for (double y = -5; y <= 5; y += 0.05) {
      for (double x = -5; x <= 5; x += 0.05) {
        const double w = std::exp(-(x * x + y * y) / 2);
        weight += w;
        sum += w * MeanThickness_nm(kSphere, -1 + rho + sigma * x, 2 + sigma * y, 0);
      }
    }
    EXPECT_NEAR(MeanThickness_nm(kSphere, -1 + rho, 2, sigma), sum / weight, 1e-3) << rho;
  }
}

TEST(MapSpecimen, DistancesAreThoseOfTheOutline) {
  const MapParticle square = {.half_nm = 10};
  EXPECT_NEAR(DistanceFromOutline_nm(square, 13, 2), 3, 1e-12);
  EXPECT_NEAR(DistanceFromOutline_nm(square, 13, 14), 5, 1e-12);
  EXPECT_NEAR(DistanceFromOutline_nm(square, 0, 9), -1, 1e-12);
  EXPECT_NEAR(DistanceFromCorner_nm(square, 13, -14), 5, 1e-12);
  const MapParticle turned = {.half_nm = 10, .turn_rad = std::numbers::pi / 4};
  EXPECT_NEAR(DistanceFromOutline_nm(turned, 10 * std::numbers::sqrt2 + 2, 0), 2, 1e-12);
  EXPECT_NEAR(DistanceFromOutline_nm(kSphere, -1, 12), 2, 1e-12);
  const MapParticle other = {.x_nm = 25, .y_nm = 3, .half_nm = 10};
  EXPECT_NEAR(GapBetween_nm(square, other), 5, 1e-12);
  EXPECT_NEAR(GapBetween_nm(square, {.cube = false, .x_nm = 20, .half_nm = 4}), 6, 1e-12);
  EXPECT_LT(GapBetween_nm(square, turned), 0);
}

TEST(MapSpecimen, NoTwoAreInOnePlaceAndTouchingOnesTouch) {
  ParticleOptions o;
  o.count = {8, 14};
  o.touching_share = 0.5;
  int touching = 0, all = 0;
  for (uint64_t episode = 0; episode < 50; ++episode) {
    RandomStream random({.seed = 1, .name = "test", .episode = episode});
    const auto particles = DrawParticles(o, 120, &random);
    EXPECT_LE(particles.size(), 14u);
    EXPECT_GE(particles.size(), 6u);  // where there is no room for all
    for (size_t i = 0; i < particles.size(); ++i) {
      const MapParticle& p = particles[i];
      EXPECT_LE(std::max(std::fabs(p.x_nm), std::fabs(p.y_nm)), 60);
      EXPECT_TRUE(p.half_nm >= 7 && p.half_nm <= 15);
      double nearest = 1e9;
      for (size_t j = 0; j < particles.size(); ++j) {
        if (i != j) nearest = std::min(nearest, GapBetween_nm(p, particles[j]));
      }
      EXPECT_GE(nearest, o.gap_nm * (1 - 1e-9));
      touching += nearest < o.gap_nm * (1 + 1e-9);
      ++all;
    }
  }
  // Half of all but the first are put beside another, and that one then touches too.
  EXPECT_GT(double(touching) / all, 0.45);
  EXPECT_LT(double(touching) / all, 0.95);
}

TEST(MapSpecimen, IsAFunctionOfItsStream) {
  const auto draw = [](uint64_t episode) {
    RandomStream random({.seed = 3, .name = "test", .episode = episode});
    return DrawParticles({}, 120, &random);
  };
  EXPECT_EQ(draw(1)[0].x_nm, draw(1)[0].x_nm);
  EXPECT_NE(draw(1)[0].x_nm, draw(2)[0].x_nm);
}

}  // namespace
}  // namespace ronchi::hw
