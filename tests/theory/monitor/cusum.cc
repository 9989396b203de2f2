#include "theory/monitor/cusum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/theory/monitor/run_length.h"

namespace ronchi::theory {
namespace {

// Published figures of k = 0.5 (Lucas & Crosier, Technometrics 24, 199 (1982), and tables since).
TEST(Cusum, RunLengthsAreThePublishedOnes) {
  const struct {
    double h, quiet, shifted;
  } rows[] = {{4, 167.68, 8.383}, {5, 465.44, 10.376}, {4.77, 368.56, 9.917}};
  for (const auto& row : rows) {
    EXPECT_NEAR(CusumRunLength({.h = row.h}, 0), row.quiet, 0.006) << row.h;
    EXPECT_NEAR(CusumRunLength({.h = row.h}, 1), row.shifted, 0.0006) << row.h;
    EXPECT_EQ(CusumRunLength({.h = row.h}, 1), CusumRunLength({.h = row.h}, -1));
  }
}

// A promise of 1000, each tuned to its shift.
TEST(Cusum, TheBestOneOfARunLength) {
  const std::pair<double, double> delays[] = {{0.25, 103.4}, {0.5, 36.4}, {1, 11.9}, {2, 3.8}};
  for (const auto& [shift, delay] : delays) {
    const Cusum best = BestCusum(shift, 1000);
    EXPECT_NEAR(CusumRunLength(best, 0), 1000, 1e-6);
    EXPECT_NEAR(CusumRunLength(best, shift), delay, 0.06) << shift;
    EXPECT_EQ(best.h, BestCusum(-shift, 1000).h);
  }
}

// The recursion itself, 4000 runs: 1.6 % each.
TEST(Cusum, AsItRuns) {
  struct Running {
    Cusum c{.k = 0.4, .h = 3};
    double up = 0, down = 0;
    void Update(double z) {
      up = std::max(0.0, up + z - c.k);
      down = std::max(0.0, down - z - c.k);
    }
    double LogStatistic() const { return std::max(up, down); }
  };
  for (double shift : {0.0, 0.7}) {
    const RunLength run = MeasureRunLength({.threshold = 3, .shift = shift, .runs = 4000},
                                           [](size_t) { return std::make_unique<Running>(); });
    EXPECT_NEAR(run.mean, CusumRunLength({.k = 0.4, .h = 3}, shift), 4 * run.standard_error);
  }
}

}  // namespace
}  // namespace ronchi::theory
