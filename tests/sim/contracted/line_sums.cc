#include "sim/contracted/line_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "core/random.h"

namespace ronchi::sim {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kLx = 7.3, kLy = 5.1;

class LineSumsAlong : public testing::TestWithParam<std::array<double, 2>> {
 protected:
  void SetUp() override {
    RandomStream random({.seed = 3, .name = "test.line_sums"});
    for (int dk = 0; dk < 5; ++dk) {
      for (int dh = dk ? -6 : 0; dh < 7; dh += 2) differences.push_back({dh, dk});
    }
    // More lines than are worked on at once; each has drifted.
    for (int l = 0; l < 70; ++l) {
      scan.starts_A.push_back({0.1 * l + 0.05 * random.Normal(), 3 * random.Uniform()});
    }
    scan.step_A = GetParam();
    scan.pixels = 13;
    for (size_t i = 0; i < differences.size(); ++i) {
      re.push_back(random.Normal());
      im.push_back(random.Normal());
    }
  }
  std::complex<double> Wave(size_t i, size_t probe) const {
    const auto& start = scan.starts_A[probe / scan.pixels];
    const double p = double(probe % scan.pixels);
    const auto r = transform.Place({start[0] + p * scan.step_A[0], start[1] + p * scan.step_A[1]});
    return std::polar(1.0,
                      -kTwoPi * (differences[i].dh * r[0] / kLx + differences[i].dk * r[1] / kLy));
  }
  std::vector<DifferenceVector> differences;
  ScanLines scan;
  ScanTransform transform{.center_A = {1, 2}, .shift_A = {0.3, -0.1}};
  std::vector<double> re, im;
};

// Against the sums as they are written: sixteen digits, less what 30 differences of powers up to 6
// lose.
TEST_P(LineSumsAlong, AreTheSums) {
  const LineSums sums(differences, kLx, kLy);
  LineSums::Scratch scratch;
  std::vector<double> image(scan.probes());
  const LineSums::Image all{re.data(), im.data(), image.data()};
  sums.Compute(scan, transform, {&all, 1}, &scratch);
  for (size_t p = 0; p < image.size(); ++p) {
    double direct = 0;
    for (size_t i = 0; i < differences.size(); ++i) {
      direct += (std::complex<double>(re[i], im[i]) * Wave(i, p)).real();
    }
    ASSERT_NEAR(image[p], direct, 1e-12);
  }
}

TEST_P(LineSumsAlong, AdjointIsTheTransformOfTheWeights) {
  const LineSums sums(differences, kLx, kLy);
  LineSums::Scratch scratch;
  RandomStream random({.seed = 4, .name = "test.line_sums"});
  std::vector<double> weights(scan.probes());
  for (double& w : weights) w = random.Normal();
  const LineSums::Image all{re.data(), im.data(), weights.data()};
  sums.ComputeAdjoint(scan, transform, {&all, 1}, &scratch);
  for (size_t i = 0; i < differences.size(); ++i) {
    std::complex<double> direct = 0;
    for (size_t p = 0; p < weights.size(); ++p) direct += weights[p] * Wave(i, p);
    ASSERT_NEAR(std::abs(direct - std::complex<double>(re[i], im[i])), 0, 1e-11);
  }
}

INSTANTIATE_TEST_SUITE_P(Axes, LineSumsAlong,
                         testing::Values(std::array<double, 2>{0.2, 0},
                                         std::array<double, 2>{0, 0.2},
                                         std::array<double, 2>{0.2, -0.1}));

// Where a turned scan stands.
TEST(ScanTransform, TurnsAboutItsCenterThenShifts) {
  ScanTransform t = ScanTransform::Rotation(kTwoPi / 4, {1, 1});
  t.shift_A = {0.5, 0};
  const auto at = t.Place({2, 1});
  EXPECT_NEAR(at[0], 1.5, 1e-15);
  EXPECT_NEAR(at[1], 2, 1e-15);
}

}  // namespace
}  // namespace ronchi::sim
