#include "theory/forward/gain_and_drift.h"

#include <numbers>

#include "core/random.h"
#include "tests/theory/forward/exact_jacobian.h"

namespace ronchi::theory {
namespace {

constexpr size_t kLines = 24, kScenePixels = 30, kMargin = 6;
constexpr double kPixel_A = 0.5;

ParameterSet Parameters() {
  return *ParameterSet::Create(
      {{.name = "shift_x_A", .sigma = 1},
       {.name = "shift_y_A", .sigma = 1},
       {.name = "gain_ratio", .mean = 1, .sigma = 0.2},
       {.name = "dark_counts", .sigma = 1},
       {.name = "drift_x_A_per_s", .sigma = 0.1, .rate_of = "shift_x_A"},
       {.name = "gain_ratio_per_s", .sigma = 0.1, .rate_of = "gain_ratio"}});
}

// What an endless scene shows at a place in Å: waves of 9 and 13 pixels.
double Scene(double x_A, double y_A) {
  const double k = 2 * std::numbers::pi / kPixel_A;
  return 80 + 30 * std::sin(k * x_A / 9 + 0.3) * std::cos(k * y_A / 13) +
         10 * std::cos(k * (x_A / 13 - y_A / 9));
}

GainAndDriftOptions DriftingOptions() {
  GainAndDriftOptions o{.reference = Array<double>({kLines + 2 * kMargin, kScenePixels + 2 * kMargin}),
                        .margin = kMargin,
                        .pixel_A = kPixel_A,
                        .counting = {.counts_per_electron = 2, .dark_counts = 5}};
  for (size_t l = 0; l < kLines + 2 * kMargin; ++l) {
    for (size_t p = 0; p < kScenePixels + 2 * kMargin; ++p) {
      o.reference(l, p) = Scene((double(p) - kMargin) * kPixel_A, (double(l) - kMargin) * kPixel_A);
    }
  }
  return o;
}

Acquisition Image() { return {.data = Array<float>({kLines, kScenePixels})}; }

// The stencil's steps stay within one pixel, where the interpolation is a polynomial: of third
// order, for which a stencil of the sixth is exact but for round-off.
TEST(GainAndDrift, JacobianIsExact) {
  const auto model = *GainAndDrift::Create(DriftingOptions(), Parameters());
  State values(6);
  values << 0.83, -0.62, 1.1, 0.4, 0.1, 0.01;
  const double worst = testing_support::ExpectExactJacobian(
      *model, values, Image(), {0.01, 0.01, 0.1, 0.5, 0.1, 0.1}, 1e-10);
  std::printf("largest error %.1e of a change\n", worst);
}

// A scene that is shifted, against the scene itself: the interpolation's error falls as the third
// power of the pixel over the wave (Keys' bound), here 13 to 9 pixels a wave: below 1 of 40 counts.
TEST(GainAndDrift, ShiftsTheScene) {
  const auto model = *GainAndDrift::Create(DriftingOptions(), Parameters());
  State values(6);
  values << 1.37, -0.91, 1, 0, 0, 0;
  const Prediction p = model->Predict(values, Image());
  double worst = 0;
  for (size_t l = 0; l < kLines; ++l) {
    for (size_t i = 0; i < kScenePixels; ++i) {
      const double there = Scene(double(i) * kPixel_A + 1.37, double(l) * kPixel_A - 0.91) + 5;
      worst = std::max(worst, std::fabs(p.mean[Eigen::Index(l * kScenePixels + i)] - there));
    }
  }
  EXPECT_LT(worst, 1);
  EXPECT_GT(worst, 1e-6) << "an interpolation is not exact: the scene was not shifted";
  EXPECT_NEAR(p.variance[0], 2 * (p.mean[0] - 5) + 0.25, 1e-9);
}

// At whole pixels the reference itself; beyond the margin its edge.
TEST(GainAndDrift, IsTheReferenceAtWholePixels) {
  const GainAndDriftOptions o = DriftingOptions();
  const auto model = *GainAndDrift::Create(o, Parameters());
  State values(6);
  values << 3 * kPixel_A, -2 * kPixel_A, 2, 1, 0, 0;
  const Prediction p = model->Predict(values, Image());
  EXPECT_DOUBLE_EQ(p.mean[0], 2 * o.reference(kMargin - 2, kMargin + 3) + 6);
  values[0] = 1000;
  EXPECT_DOUBLE_EQ(model->Predict(values, Image()).mean[0],
                   2 * o.reference(kMargin - 2, kScenePixels + 2 * kMargin - 1) + 6);
}

TEST(GainAndDrift, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(
      std::string(GainAndDrift::Create(DriftingOptions(), *ParameterSet::Create({{.name = "C10_nm"}}))
                      .status()
                      .message()),
      testing::HasSubstr("'C10_nm': gain and drift do not depend on it; known: shift_x_A"));
  GainAndDriftOptions o = DriftingOptions();
  o.margin = (kLines + 2 * kMargin) / 2;  // nothing is left within it
  EXPECT_FALSE(GainAndDrift::Create(o, Parameters()).ok());
  o = DriftingOptions();
  o.pixel_A = 0;
  EXPECT_FALSE(GainAndDrift::Create(o, Parameters()).ok());
  Acquisition wrong = Image();
  wrong.frames = 0;
  const auto model = *GainAndDrift::Create(DriftingOptions(), Parameters());
  EXPECT_FALSE(model->Check(wrong).ok());
  wrong = {.data = Array<float>({kScenePixels, kLines})};
  EXPECT_FALSE(model->Check(wrong).ok());
}

}  // namespace
}  // namespace ronchi::theory
