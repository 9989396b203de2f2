// Derivatives of the coefficients along many directions at once, against those of images along one
// at a time (which tests/sim/contracted/derivative.cc holds against differences).
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/sim/contracted/made.h"

namespace ronchi::sim {
namespace {

constexpr bool kIsDouble = sizeof(Real) == 8;

// One to six directions: every number of slopes that go together, and more.
TEST(CoefficientDerivatives, SumToThoseOfTheImage) {
  SimulationOptions o = SmallCrystal(2, 64);
  AddPhonons(1, &o);
  const auto engine = MakeEngine(o);
  Contracted::Setting setting{.beam = o.beam, .focal_spread_A = 25, .source_fwhm_A = 0.6};
  Scramble(5, &setting.beam);
  const ScanLines scan = MakeLines(o.scan);
  Contracted::Workspace w;
  const size_t values = engine->values(), n = engine->differences().size(), all = values * n;
  for (size_t count = 1; count <= 6; ++count) {
    std::vector<Contracted::Variation> directions(count);
    for (size_t d = 0; d < count; ++d) {
      BeamOptics turned;
      Scramble(20 + d, &turned);
      if (d != 2) directions[d].aberrations = turned.aberrations;
      if (d % 2 == 0) directions[d].focal_spread = 3 + double(d);
      if (d % 3 != 1) directions[d].source_fwhm = 0.1 * double(d + 1);
    }
    std::vector<double> re(all), im(all), by_re(count * all), by_im(count * all);
    ASSERT_TRUE(
        engine->ComputeCoefficientDerivatives(setting, directions, &w, re, im, by_re, by_im).ok());
    std::vector<double> plain_re(all), plain_im(all);
    ASSERT_TRUE(engine->ComputeCoefficients(setting, &w, plain_re, plain_im).ok());
    EXPECT_EQ(re, plain_re);
    EXPECT_EQ(im, plain_im);
    for (size_t d = 0; d < count; ++d) {
      std::vector<double> along(values * scan.probes());
      ASSERT_TRUE(engine->ComputeDerivative(setting, directions[d], scan, &w, along).ok());
      double scale = 0, error = 0;
      for (size_t v = 0; v < values; ++v) {
        for (size_t p = 0; p < scan.probes(); ++p) {
          const auto r = setting.scan.Place(
              {scan.starts_A[p / scan.pixels][0] + double(p % scan.pixels) * scan.step_A[0],
               scan.starts_A[p / scan.pixels][1] + double(p % scan.pixels) * scan.step_A[1]});
          double sum = 0;  // Re Σ dG e^{−2πi q·R}
          for (size_t i = 0; i < n; ++i) {
            const DifferenceVector q = engine->differences()[i];
            const double angle =
                -2 * std::numbers::pi *
                (q.dh / engine->grid().lx_A * r[0] + q.dk / engine->grid().ly_A * r[1]);
            const size_t j = d * all + v * n + i;
            sum += by_re[j] * std::cos(angle) - by_im[j] * std::sin(angle);
          }
          const double expected = along[v * scan.probes() + p];
          scale = std::max(scale, std::fabs(expected));
          error = std::max(error, std::fabs(sum - expected));
        }
      }
      ASSERT_GT(scale, 0);
      // Sums of some thousand terms in another order.
      EXPECT_LT(error / scale, kIsDouble ? 1e-12 : 1e-5) << count << " directions, " << d;
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
