#include "experiments/monitor/run_lengths.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi {
namespace {

// A promise of 50 from a reference of 50: means of 400 runs, known to some 6 %. A shift by 2 is
// found in some five frames (docs/monitors.md; ten of whitened ones, of which half is left), where
// a test that sees nothing takes its run length, twice the promise.
TEST(RunLengths, PromisesAreKeptOnTheKindsATestIsFor) {
  struct Case {
    const char *kind, *method;
    int whiten;
  };
  const Case cases[] = {{"gaussian", "shiryaev_roberts", 0},
                        {"gaussian", "conformal", 0},
                        {"student_t3", "conformal", 0},
                        {"poisson", "conformal", 0},
                        {"cauchy", "conformal", 0},
                        {"ar1", "shiryaev_roberts", 1},
                        {"ar1", "conformal", 1}};
  for (const Case& c : cases) {
    const auto measured = *MeasureRunLengths(
        c.kind, {.watch = {.promise = 50, .reference = 50, .method = c.method, .whiten = c.whiten},
                 .shifts = {2}});
    ASSERT_EQ(measured.size(), 2u);
    EXPECT_GT(measured[0].mean - 3 * measured[0].standard_error, 50) << c.kind << " " << c.method;
    if (std::string(c.kind) != "cauchy") {
      EXPECT_LT(measured[1].mean, 40) << c.kind << " " << c.method;
    }
  }
}

// What it is there to show: a test for independent frames does not keep its promise on others.
TEST(RunLengths, ShowsAPromiseThatIsBroken) {
  const auto measured =
      *MeasureRunLengths("ar1", {.watch = {.promise = 50, .reference = 50}, .shifts = {}});
  EXPECT_LT(measured[0].mean + 3 * measured[0].standard_error, 50);
}

TEST(RunLengths, TheSameSeedTheSameNumbers) {
  const RunLengthsOptions options{.watch = {.promise = 20, .reference = 20}, .runs = 50};
  const auto a = *MeasureRunLengths("gaussian", options),
             b = *MeasureRunLengths("gaussian", options);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].mean, b[i].mean);
  EXPECT_TRUE(absl::IsInvalidArgument(MeasureRunLengths("gausian", options).status()));
}

}  // namespace
}  // namespace ronchi
