#include "theory/monitor/whitening.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"

namespace ronchi::theory {
namespace {

// z_t = 2 + 0.6 z_{t−1} − 0.3 z_{t−2} + w_t
std::vector<double> Frames(size_t n, uint64_t seed, double sigma = 1) {
  RandomStream random({.seed = seed, .name = "test.whitening"});
  std::vector<double> z = {2.9, 2.9};
  while (z.size() < n + 100) {
    z.push_back(2 + 0.6 * z[z.size() - 1] - 0.3 * z[z.size() - 2] + sigma * random.Normal());
  }
  return {z.end() - std::ptrdiff_t(n), z.end()};
}

// Without noise the coefficients are found to round-off, and nothing is left.
TEST(Whitening, FindsWhatFramesFollow) {
  std::vector<double> z = {0, 1};
  while (z.size() < 40) z.push_back(2 + 0.6 * z[z.size() - 1] - 0.3 * z[z.size() - 2]);
  auto w = *Whitening::Learn(std::span(z).first(20), 2);
  EXPECT_NEAR(w.coefficients()[0], 2, 1e-6);
  EXPECT_NEAR(w.coefficients()[1], 0.6, 1e-6);
  EXPECT_NEAR(w.coefficients()[2], -0.3, 1e-6);
  for (size_t i = 20; i < z.size(); ++i) EXPECT_NEAR(w.Next(z[i]), 0, 1e-6);
}

// Each frame of the reference is left out of the fit that foretells it.
TEST(Whitening, ReferencesAreForetoldByTheOthers) {
  const std::vector<double> z = Frames(16, 1);
  const auto all = *Whitening::Learn(z, 1);
  ASSERT_EQ(all.reference().size(), 15u);
  const size_t out = 6;  // of the rows: z[7] from z[6]
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < 15; ++i) {
    if (i == out) continue;
    n += 1, x += z[i], y += z[i + 1], xx += z[i] * z[i], xy += z[i] * z[i + 1];
  }
  const double slope = (n * xy - x * y) / (n * xx - x * x);
  EXPECT_NEAR(all.reference()[out], z[out + 1] - (y / n + slope * (z[out] - x / n)), 1e-12);
}

// 4000 frames after 400: uncorrelated within 4/√4000, and as spread as w.
TEST(Whitening, LaterFramesAreWhite) {
  const std::vector<double> z = Frames(4400, 2, 3);
  auto w = *Whitening::Learn(std::span(z).first(400), 2);
  std::vector<double> left;
  for (size_t i = 400; i < z.size(); ++i) left.push_back(w.Next(z[i]));
  double squares = 0, lag1 = 0, lag2 = 0;
  for (size_t i = 2; i < left.size(); ++i) {
    squares += left[i] * left[i];
    lag1 += left[i] * left[i - 1];
    lag2 += left[i] * left[i - 2];
  }
  EXPECT_NEAR(std::sqrt(squares / 4000), 3, 0.2);
  EXPECT_LT(std::fabs(lag1 / squares), 0.063 + 0.1);  // and what 400 frames do not know
  EXPECT_LT(std::fabs(lag2 / squares), 0.063 + 0.1);
}

TEST(Whitening, AMissingFrameStandsAsForetold) {
  std::vector<double> z = {0, 1};
  while (z.size() < 30) z.push_back(2 + 0.6 * z[z.size() - 1] - 0.3 * z[z.size() - 2]);
  auto w = *Whitening::Learn(std::span(z).first(20), 2);
  EXPECT_TRUE(std::isnan(w.Next(std::numeric_limits<double>::quiet_NaN())));
  for (size_t i = 21; i < z.size(); ++i) EXPECT_NEAR(w.Next(z[i]), 0, 1e-5);
}

TEST(Whitening, RefusesWhatItCannotLearnFrom) {
  const std::vector<double> z = Frames(20, 3);
  EXPECT_FALSE(Whitening::Learn(z, 0).ok());
  EXPECT_FALSE(Whitening::Learn(std::span(z).first(7), 1).ok());
  std::vector<double> hole = z;
  hole[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Whitening::Learn(hole, 1).ok());
  // A constant stream has no slope to learn, and is foretold.
  const std::vector<double> same(20, 7.0);
  auto w = Whitening::Learn(same, 1);
  ASSERT_TRUE(w.ok());
  EXPECT_NEAR(w->Next(7), 0, 1e-9);
}

}  // namespace
}  // namespace ronchi::theory
