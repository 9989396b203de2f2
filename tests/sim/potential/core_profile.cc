#include "sim/potential/core_profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential/gauss_legendre.h"

namespace ronchi::sim {
namespace {

constexpr double kPi = std::numbers::pi;

class AnyTable : public testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<const ScatteringFactors> f = *ScatteringFactors::Load(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Tables, AnyTable, testing::Values("kirkland", "lobato", "peng"));

// ∫ g(t) dt over [from, to], in many short pieces.
template <class Function>
double Integral(double from, double to, int pieces, const Function& g) {
  double sum = 0;
  for (int p = 0; p < pieces; ++p) {
    for (const auto& [t, weight] : GaussLegendre(16)) {
      const double step = (to - from) / pieces;
      sum += weight * step * g(from + (p + t) * step);
    }
  }
  return sum;
}

// Back to k: ∫ projected(r) J₀(2πkr) 2πr dr is f(k). Long tails and the logarithm: r = e^t.
TEST_P(AnyTable, TheProjectedPotentialTransformsToTheScatteringFactor) {
  for (int z : {1, 6, 38, 79}) {
    for (double k : {0.0, 0.3, 1.5, 4.0}) {
      const double sum = Integral(-16, 4, 800, [&](double t) {
        const double r = std::exp(t);
        return f->Projected(z, r) * ::j0(2 * kPi * k * r) * 2 * kPi * r * r;
      });
      EXPECT_NEAR(sum, f->At(z, k * k), 1e-7 * f->At(z, 0)) << z << " " << k;
    }
  }
}

// The same of what lies beyond a depth, and half of the whole at none.
TEST_P(AnyTable, SoDoesWhatLiesBeyondADepth) {
  for (int z : {6, 79}) {
    for (double r : {1e-4, 0.03, 0.5, 2.0}) {
      const double half = 0.5 * f->Projected(z, r);
      EXPECT_NEAR(f->ProjectedBeyond(z, r, 0), half, 1e-6 * half) << z << " " << r;
    }
    for (double depth : {0.01, 0.2, 1.0}) {
      for (double k : {0.0, 0.7, 3.0}) {
        const double sum = Integral(-12, 4, 400, [&](double t) {
          const double r = std::exp(t);
          return f->ProjectedBeyond(z, r, depth) * ::j0(2 * kPi * k * r) * 2 * kPi * r * r;
        });
        EXPECT_NEAR(sum, f->Beyond(z, k * k, depth), 1e-6 * f->At(z, 0)) << z << " " << depth;
      }
    }
  }
}

TEST_P(AnyTable, SplitsIntoASmoothPartAndACore) {
  const double radius = 0.18, scale = PotentialPerScatteringFactor();
  for (int z : {6, 38, 79}) {
    const CoreProfile p(
        {.radius_A = radius, .reach_A = 0.7, .frequency_per_A = 10},
        [&](double r) { return scale * f->Projected(z, r); },
        [&](double k2) { return scale * f->At(z, k2); });
    const double top = p.Smooth(0);
    for (double r : {1e-6, 0.004, 0.05, 0.1, 0.17, 0.2, 0.6}) {
      const double whole = scale * f->Projected(z, r);
      EXPECT_NEAR(p.Whole(r * r), whole, 1e-6 * std::max(whole, top)) << z << " " << r;
      const double softened = std::sqrt(CoreProfile::Softened(r * r, radius));
      EXPECT_NEAR(p.Smooth(r * r), scale * f->Projected(z, softened), 2e-6 * top) << z << " " << r;
      if (r > radius) {
        EXPECT_NEAR(p.Smooth(r * r), p.Whole(r * r), 2e-6 * top);
      }
      // Slopes by differences of the tables themselves: their cubics are continuous, not smooth.
      const double step = 1e-3 * r * r;
      EXPECT_NEAR(p.WholeSlope(r * r), (p.Whole(r * r + step) - p.Whole(r * r - step)) / (2 * step),
                  2e-3 * std::fabs(p.WholeSlope(r * r)));
    }
    // S's transform, and that it has all but ended at 1.25 of Nyquist's frequency of pixels of
    // r_c/3.
    for (double k : {0.5, 3.0, 8.0}) {
      const double sum = Integral(-12, 4, 400, [&](double t) {
        const double r = std::exp(t), s = std::sqrt(CoreProfile::Softened(r * r, radius));
        return scale * f->Projected(z, s) * ::j0(2 * kPi * k * r) * 2 * kPi * r * r;
      });
      EXPECT_NEAR(p.Transform(k), sum, 1e-5 * p.Transform(0)) << z << " " << k;
    }
    const double end = 1.25 / (2 * radius / 3);
    EXPECT_LT(std::fabs(p.Transform(end)), 5e-4 * p.Transform(0)) << z;
  }
}

}  // namespace
}  // namespace ronchi::sim
