// What is its own; its promise and delays on normal frames are asked of every monitor in kinds.cc.
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numbers>

#include "tests/theory/monitor/run_length.h"
#include "theory/monitor/kinds.h"

namespace ronchi::theory {
namespace {

std::unique_ptr<ChangeDetector> Make(int64_t learning = 20) {
  return *(*FindMonitorKind("sequential_ranks"))->make({.learning_frames = learning});
}

// A detector that sees f(z) of normal frames z.
template <class Function>
struct Seen {
  std::unique_ptr<ChangeDetector> detector;
  Function f;
  void Update(double z) { detector->Update(f(z)); }
  double LogStatistic() const { return detector->LogStatistic(); }
};

double Cauchy(double z) {
  return std::tan(std::numbers::pi * (boost::math::cdf(boost::math::normal(), z) - 0.5));
}

// The mean of the factor over the ranks is at most one, by all shifts that the detector mixes, and
// comes to one with their number: the promise needs the first, its worth the second.
TEST(SequentialRanks, FactorsHaveMeanOneAtMost) {
  for (double shift : {0.1, 0.2, 0.4, 0.8, 1.6}) {
    for (int t : {1, 2, 3, 10, 100, 3000}) {
      double mean = 0;
      for (int r = 1; r <= t; ++r) {
        const double z = boost::math::quantile(boost::math::normal(), (r - 0.5) / t);
        mean += std::exp(shift * z - shift * shift / 2) / t;
      }
      EXPECT_LE(mean, 1 + 1e-12) << shift << " " << t;  // round-off of a sum
      if (t < 3000) continue;
      EXPECT_GT(mean, 0.99) << shift;
    }
  }
}

// Only the order counts: the same frames through any increasing function give the same bits, so
// that a promise which holds for normal frames holds for Cauchy's.
TEST(SequentialRanks, KnowsTheOrderAlone) {
  const auto plain = Make(), bent = Make();
  RandomStream random({.seed = 5, .name = "test.frames"});
  for (int i = 0; i < 300; ++i) {
    const double z = random.Normal() + (i > 250 ? 2 : 0);
    plain->Update(z);
    bent->Update(Cauchy(z));
    EXPECT_EQ(plain->LogStatistic(), bent->LogStatistic());
  }
  EXPECT_GT(plain->LogStatistic(), std::log(1000.0));
}

// What the test is for. With Cauchy's tails the default cannot keep its promise: a standard
// deviation is no measure of them.
TEST(SequentialRanks, KeepsItsPromiseWhereTheDefaultBreaksIts) {
  const double promise = 100;
  const RunLengthOptions options{
      .threshold = std::log(promise), .change_at = 20, .limit = 2020, .runs = 500};
  const auto measure = [&](const std::string& test) {
    return MeasureRunLength(options, [&](size_t) {
      auto detector = *(*FindMonitorKind(test))->make({.learning_frames = 20});
      return std::make_unique<Seen<double (*)(double)>>(std::move(detector), Cauchy);
    });
  };
  const RunLength ranks = measure("sequential_ranks"), normal = measure("shiryaev_roberts");
  EXPECT_GT(ranks.mean - 3 * ranks.standard_error, promise);
  EXPECT_LT(normal.mean + 3 * normal.standard_error, promise);
}

// Frames that are whole numbers: most of them share ranks.
TEST(SequentialRanks, KeepsItsPromiseWithTies) {
  const double promise = 100;
  for (double step : {0.5, 2.0}) {
    const auto rounded = [step](double z) { return step * std::round(z / step); };
    const RunLength quiet = MeasureRunLength(
        {.threshold = std::log(promise), .change_at = 20, .limit = 2020, .runs = 500},
        [&](size_t) { return std::make_unique<Seen<decltype(rounded)>>(Make(), rounded); });
    EXPECT_GT(quiet.mean - 3 * quiet.standard_error, promise) << step;
  }
  const auto constant = Make();
  for (int i = 0; i < 500; ++i) constant->Update(7);
  EXPECT_LT(constant->LogStatistic(), std::log(promise));
}

// Means of 1000 runs, known to 3 %; within a tenth of what docs/monitors.md prints.
TEST(SequentialRanks, DelaysAreThoseOfTheDocument) {
  const std::pair<double, double> delays[] = {{0.5, 69}, {1, 18.4}, {2, 6.2}};
  for (const auto& [shift, expected] : delays) {
    const RunLength delay = MeasureRunLength(
        {.threshold = std::log(1000.0), .shift = shift, .change_at = 200, .runs = 1000},
        [](size_t) { return Make(200); });
    EXPECT_NEAR(delay.mean, expected, 0.1 * expected + 3 * delay.standard_error) << shift;
  }
}

TEST(SequentialRanks, AReferenceWithoutItsFramesIsRefused) {
  const auto made = (*FindMonitorKind("sequential_ranks"))
                        ->make({.reference = {.frames = 50, .mean = 1, .standard_deviation = 2}});
  EXPECT_TRUE(absl::IsInvalidArgument(made.status())) << made.status();
}

}  // namespace
}  // namespace ronchi::theory
