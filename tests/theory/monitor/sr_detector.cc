#include "theory/monitor/sr_detector.h"

#include <gtest/gtest.h>

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random.h"

namespace ronchi::theory {
namespace {

std::unique_ptr<ChangeDetector> Unknown(UnknownNormalOptions options = {}) {
  return *MakeUnknownNormalDetector(options);
}

std::vector<double> NormalValues(size_t n, uint64_t run = 0) {
  RandomStream random({.seed = 7, .name = "tests.sr_detector", .environment = run});
  std::vector<double> values(n);
  for (double& value : values) value = random.Normal();
  return values;
}

// R_t by its definition: every sum done anew.
double DirectStatistic(const std::vector<double>& z, const UnknownNormalOptions& options) {
  const size_t n = z.size();
  double mean = 0, squares = 0, total = 0;
  for (double value : z) mean += value / n;
  for (double value : z) squares += (value - mean) * (value - mean);
  for (size_t nu = 1; nu < n; ++nu) {
    double difference = 0;
    for (size_t i = nu; i < n; ++i) difference += z[i] - mean;
    const double h = static_cast<double>(nu * (n - nu)) / n;
    const double explained = difference * difference / (h * squares);
    for (double tau : options.tau) {
      const double x = 1 + h * tau * tau;
      const double left = squares * (1 - explained * (x - 1) / x);
      const double t = difference * tau * std::sqrt((n - 1) / (x * left));
      const double above = boost::math::cdf(boost::math::students_t(n - 1), t);
      total += std::exp(LogChangeRatio(n, n - nu, explained, tau)) / options.tau.size() *
               (options.side == ShiftSide::kUp ? 2 * above : 1);
    }
  }
  return total;
}

// The two marginal densities by the trapezoidal rule over delta, m = (mu - mean)/sigma and
// s = log sigma, where dmu dsigma/sigma = sigma dm ds.
double MarginalRatio(const std::vector<double>& z, size_t first_changed, double tau,
                     ShiftSide side = ShiftSide::kBoth) {
  double mean = 0;
  for (double value : z) mean += value / z.size();
  double changed = 0, unchanged = 0;
  for (double s = -4; s < 12; s += 0.1) {
    for (double m = -12; m < 12; m += 0.25) {
      const auto density = [&](double delta) {
        double squares = 0;
        for (size_t i = 0; i < z.size(); ++i) {
          const double shift = i >= first_changed ? delta : 0;
          const double x = (z[i] - mean) * std::exp(-s) - m - shift;
          squares += x * x;
        }
        return std::exp(-squares / 2 - static_cast<double>(z.size() - 1) * s);
      };
      unchanged += density(0);
      const bool up = side == ShiftSide::kUp;
      const double step = (up ? 0.02 : 0.25) * tau;
      for (double delta = up ? step / 2 : -8 * tau; delta < 8 * tau; delta += step) {
        changed += density(delta) * std::exp(-delta * delta / (2 * tau * tau)) * step *
                   (up ? 2 : 1) / (tau * std::sqrt(2 * M_PI));
      }
    }
  }
  return changed / unchanged;
}

TEST(LogChangeRatio, IsTheRatioOfTheMarginalDensities) {
  const std::vector<double> z = {0.3, -0.9, 0.4, 1.9, 1.2};
  for (size_t first_changed = 1; first_changed < z.size(); ++first_changed) {
    double mean = 0, squares = 0, difference = 0;
    for (double value : z) mean += value / z.size();
    for (double value : z) squares += (value - mean) * (value - mean);
    for (size_t i = first_changed; i < z.size(); ++i) difference += z[i] - mean;
    const double after = z.size() - first_changed;
    const double h = after * first_changed / z.size();
    const double explained = difference * difference / (h * squares);
    // The rule converges exponentially for these Gaussian integrands; 1e-6 leaves room for the
    // tail of sigma beyond e^12, which is e^-48 for five values.
    const double expected = MarginalRatio(z, first_changed, 1.0);
    EXPECT_NEAR(std::exp(LogChangeRatio(z.size(), after, explained, 1.0)) / expected, 1, 1e-6);
  }
}

// In control F ~ Beta(1/2, (n-2)/2), so with F = x^2 the density of x is (1 - x^2)^((n-4)/2).
TEST(LogChangeRatio, HasMeanOneInControl) {
  for (int n : {6, 20, 100}) {
    for (int after : {1, n / 3, n - 1}) {
      for (double tau : {0.5, 2.0, 20.0}) {
        double mean = 0, norm = 0;
        const int cells = 200000;
        for (int i = 0; i < cells; ++i) {
          const double x = (i + 0.5) / cells;
          const double density = std::exp((n - 4) / 2.0 * std::log1p(-x * x));
          norm += density;
          mean += density * std::exp(LogChangeRatio(n, after, x * x, tau));
        }
        // Midpoint rule: error cells^-2 times the curvature, at most 1e4 here.
        EXPECT_NEAR(mean / norm, 1, 1e-5) << n << " " << after << " " << tau;
      }
    }
  }
}

TEST(LogChangeRatio, TwoValuesTellNothing) {
  EXPECT_NEAR(LogChangeRatio(2, 1, 1.0, 5.0), 0, 1e-14);
}

TEST(UnknownNormal, IsTheSumOfItsRatios) {
  const std::vector<double> z = NormalValues(60);
  for (ShiftSide side : {ShiftSide::kBoth, ShiftSide::kUp}) {
    const UnknownNormalOptions options{.side = side};
    auto detector = Unknown(options);
    for (size_t t = 0; t < z.size(); ++t) {
      detector->Update(z[t]);
      if (t < 1) continue;
      const double expected = DirectStatistic({z.begin(), z.begin() + t + 1}, options);
      // Both: round-off of sums of 60 values, times the exponent (n-1)/2. Up: Hill's series from
      // 20 degrees of freedom on, good to 1e-10 where the distribution is not tiny.
      const double tolerance = side == ShiftSide::kBoth ? 1e-11 : 1e-9;
      EXPECT_NEAR(std::exp(detector->LogStatistic()) / expected, 1, tolerance) << t;
    }
  }
}

TEST(UnknownNormal, UpwardIsTheRatioOfTheMarginalDensities) {
  const std::vector<double> z = {0.3, -0.9, 0.4, 1.1};
  auto detector = Unknown({.tau = {1}, .side = ShiftSide::kUp});
  double expected = 0;
  for (double value : z) detector->Update(value);
  for (size_t nu = 1; nu < z.size(); ++nu) expected += MarginalRatio(z, nu, 1, ShiftSide::kUp);
  // Midpoint rule from zero on: step^2 / 24 times the slope there, 2e-5.
  EXPECT_NEAR(std::exp(detector->LogStatistic()) / expected, 1, 5e-5);
}

TEST(UnknownNormal, DoesNotSeeLocationAndScale) {
  auto plain = Unknown(), scaled = Unknown();
  for (double z : NormalValues(300)) {
    plain->Update(z);
    scaled->Update(-3e-3 * z + 7);
    if (plain->Frames() == 0) continue;
    // 7 / 3e-3 values of sigma cost 2e3 of the 1e-16; the sums and exponents another 1e3.
    EXPECT_NEAR(scaled->LogStatistic(), plain->LogStatistic(), 1e-9);
  }
}

// tau = 0.5 keeps the variance of R_6 small (h tau^2 < 1), so that the mean can be measured.
TEST(UnknownNormal, MeanIsTheNumberOfFrames) {
  for (ShiftSide side : {ShiftSide::kBoth, ShiftSide::kUp}) {
    const int runs = 20000, frames = 6;
    double sum = 0, squares = 0;
    for (int run = 0; run < runs; ++run) {
      auto detector = Unknown({.tau = {0.5}, .side = side});
      for (double z : NormalValues(frames, run)) detector->Update(z * (1 + run) - run);
      const double r = std::exp(detector->LogStatistic());
      sum += r / runs;
      squares += r * r / runs;
    }
    const double error = std::sqrt((squares - sum * sum) / runs);
    EXPECT_NEAR(sum, frames - 1, 5 * error);
    EXPECT_LT(error, 0.02) << "too wide to find a mistake of 2 %";
  }
}

// The normal prior is the mean of its upper and its lower half.
TEST(UnknownNormal, SidesAddUp) {
  auto both = Unknown(), up = Unknown({.side = ShiftSide::kUp}),
       down = Unknown({.side = ShiftSide::kUp});
  for (double z : NormalValues(80)) {
    both->Update(z);
    up->Update(z);
    down->Update(-z);
    if (both->Frames() == 0) continue;
    const double sum = std::exp(up->LogStatistic()) + std::exp(down->LogStatistic());
    // boost's Student distribution is good to a few 1e-15 relative; the sums add a hundredfold.
    EXPECT_NEAR(sum / (2 * std::exp(both->LogStatistic())), 1, 1e-11);
  }
}

TEST(UnknownNormal, ReferenceSummaryStandsForItsFrames) {
  const std::vector<double> z = NormalValues(60);
  const int r = 20;
  const ReferenceSummary summary = SummariseReference(std::span(z).first(r));
  auto learned = Unknown({.learning_frames = r});
  auto given = Unknown({.reference = summary});
  for (int i = 0; i < r; ++i) learned->Update(z[i]);
  EXPECT_EQ(learned->Frames(), 0);
  for (size_t i = r; i < z.size(); ++i) {
    learned->Update(z[i]);
    given->Update(z[i]);
    EXPECT_NEAR(learned->LogStatistic(), given->LogStatistic(), 1e-11);  // round-off of the sums
  }
  EXPECT_EQ(given->Frames(), 40);
}

TEST(UnknownNormal, DroppingCandidatesOnlyLowers) {
  auto all = Unknown({.candidates = 4096}), few = Unknown({.candidates = 16});
  double largest_gap = 0;
  for (double z : NormalValues(600)) {
    all->Update(z);
    few->Update(z);
    if (all->Frames() == 0) continue;
    EXPECT_LE(few->LogStatistic(), all->LogStatistic() + 1e-12);  // order of summation
    largest_gap = std::max(largest_gap, all->LogStatistic() - few->LogStatistic());
  }
  EXPECT_GT(largest_gap, 0.5) << "nothing was dropped";
}

TEST(UnknownNormal, FindsTheFrameOfALargeStep) {
  auto detector = Unknown();
  std::vector<double> z = NormalValues(45);
  for (size_t i = 0; i < z.size(); ++i) detector->Update(z[i] + (i >= 40 ? 8 : 0));
  EXPECT_EQ(detector->FramesSinceChange(), 5);
  EXPECT_GT(detector->LogStatistic(), std::log(1e6));
  detector->Rearm();
  EXPECT_EQ(detector->Frames(), 0);
  EXPECT_EQ(detector->LogStatistic(), -std::numeric_limits<double>::infinity());
}

TEST(UnknownNormal, SurvivesWhatInstrumentsSend) {
  auto detector = Unknown(), clean = Unknown();
  const double bad[] = {NAN, INFINITY, -INFINITY, 1e200};
  for (double z : NormalValues(50)) {
    for (double value : bad) detector->Update(value);
    detector->Update(z);
    clean->Update(z);
  }
  EXPECT_EQ(detector->LogStatistic(), clean->LogStatistic());
  detector->Rearm();
  for (int i = 0; i < 1000; ++i) detector->Update(0.1);  // a frozen channel, with no spread at all
  EXPECT_LT(detector->LogStatistic(), std::log(1000.0));
  for (int i = 0; i < 3000; ++i) detector->Update(5.0);  // log R grows with no bound; R would not
  EXPECT_TRUE(std::isfinite(detector->LogStatistic()));
}

TEST(StandardNormal, MeanIsTheNumberOfFrames) {
  const int runs = 20000, frames = 5;
  double sum = 0, squares = 0;
  for (int run = 0; run < runs; ++run) {
    auto detector = *MakeStandardNormalDetector({});
    for (double z : NormalValues(frames, run)) detector->Update(z);
    const double r = std::exp(detector->LogStatistic());
    sum += r / runs;
    squares += r * r / runs;
  }
  const double error = std::sqrt((squares - sum * sum) / runs);
  EXPECT_NEAR(sum, frames, 5 * error);
  EXPECT_LT(error, 0.15) << "too wide to find a mistake of 15 %";
}

TEST(StandardNormal, FollowsTheRecursionByHand) {
  auto detector = *MakeStandardNormalDetector({.shifts = {1}, .side = ShiftSide::kUp});
  detector->Update(1.0);  // e^(1/2)
  EXPECT_NEAR(detector->LogStatistic(), 0.5, 1e-15);
  detector->Update(0.5);  // (1 + e^(1/2)) e^0
  EXPECT_NEAR(detector->LogStatistic(), std::log(1 + std::exp(0.5)), 1e-15);
  for (int i = 0; i < 100; ++i) detector->Update(1e4);
  EXPECT_TRUE(std::isfinite(detector->LogStatistic()));
}

TEST(StandardNormal, OneWildFrameIsNoLastingChange) {
  auto detector = *MakeStandardNormalDetector({});
  for (int i = 0; i < 50; ++i) detector->Update(i % 2 ? 0.5 : -0.5);
  detector->Update(1e3);
  EXPECT_LT(detector->LogStatistic(), std::log(1000.0));
  for (int i = 0; i < 2; ++i) detector->Update(1e3);  // three of them are
  EXPECT_GT(detector->LogStatistic(), std::log(1000.0));
}

TEST(StandardNormal, FindsTheFrameOfAStep) {
  auto detector = *MakeStandardNormalDetector({});
  for (int i = 0; i < 30; ++i) detector->Update(i % 2 ? 0.3 : -0.3);
  for (int i = 0; i < 6; ++i) detector->Update(3.0);
  EXPECT_NEAR(detector->FramesSinceChange(), 6, 1);  // the frame before may join: 0.3 is above 0
}

TEST(Detectors, RefuseBadOptions) {
  EXPECT_FALSE(MakeUnknownNormalDetector({.tau = {}}).ok());
  EXPECT_FALSE(MakeUnknownNormalDetector({.tau = {1, -1}}).ok());
  EXPECT_FALSE(MakeUnknownNormalDetector({.reference = {2, 0, 0}}).ok());
  EXPECT_FALSE(MakeUnknownNormalDetector({.reference = {-1, 0, 1}}).ok());
  EXPECT_FALSE(MakeUnknownNormalDetector({.candidates = 2}).ok());
  EXPECT_FALSE(MakeStandardNormalDetector({.shifts = {}}).ok());
  EXPECT_FALSE(MakeStandardNormalDetector({.shifts = {NAN}}).ok());
  EXPECT_FALSE(MakeStandardNormalDetector({.clip = 0}).ok());
}

}  // namespace
}  // namespace ronchi::theory
