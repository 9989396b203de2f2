// What is its own; its promise and delays on normal frames are asked of every monitor in kinds.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tests/theory/monitor/run_length.h"
#include "theory/monitor/kinds.h"

namespace ronchi::theory {
namespace {

std::unique_ptr<ChangeDetector> MakeOf(MonitorRequest request) {
  return *(*FindMonitorKind("conformal"))->make(std::move(request));
}

// The mean of exp(log R_t) over all orders of a reference of two and t frames, which are equally
// likely for frames of any continuous distribution: t exactly, which is what the promise rests on.
TEST(Conformal, TheStatisticsMeanIsTheNumberOfFrames) {
  for (size_t frames : {1, 2, 3, 4, 5}) {
    std::vector<double> order(2 + frames);
    for (size_t i = 0; i < order.size(); ++i) order[i] = double(i);
    double sum = 0, orders = 0;
    do {
      const auto d = MakeOf({.reference_frames = {order[0], order[1]}});
      for (size_t i = 2; i < order.size(); ++i) d->Update(order[i]);
      sum += std::exp(d->LogStatistic());
      ++orders;
    } while (std::ranges::next_permutation(order).found);
    EXPECT_NEAR(sum / orders, double(frames), 1e-12 * double(frames));
  }
}

// Equal frames are ordered by lot: means of 500 runs, cut at 20 promises.
TEST(Conformal, KeepsItsPromiseForAnyDistributionAndAFewFrames) {
  const double promise = 100;
  struct Frames {
    const char* name;
    double (*of)(double normal);
  };
  const Frames kinds[] = {
      {"Cauchy",
       [](double z) { return std::tan(std::numbers::pi * 0.5 * std::erf(z / std::sqrt(2.0))); }},
      {"one-sided", [](double z) { return std::exp(2 * z); }},
      {"whole numbers", [](double z) { return std::round(z); }},
      {"nearly always 0", [](double z) { return z > 2 ? 1.0 : 0.0; }}};
  for (const Frames& kind : kinds) {
    struct Seen {
      std::unique_ptr<ChangeDetector> detector;
      double (*f)(double);
      void Update(double z) { detector->Update(f(z)); }
      double LogStatistic() const { return detector->LogStatistic(); }
    };
    for (int64_t reference : {5, 50}) {
      const RunLength quiet = MeasureRunLength(
          {.threshold = std::log(promise), .change_at = reference, .limit = 2000, .runs = 500},
          [&](size_t run) {
            return std::make_unique<Seen>(MakeOf({.learning_frames = reference, .seed = run}),
                                          kind.of);
          });
      EXPECT_GT(quiet.mean - 3 * quiet.standard_error, promise) << kind.name << " " << reference;
    }
  }
}

// A reference that is given is kept when the detector is armed anew, and is the same as one that is
// learned.
TEST(Conformal, AGivenReferenceStays) {
  RandomStream random({.seed = 5, .name = "test.frames"});
  std::vector<double> reference(30), frames(40);
  for (double& v : reference) v = random.Normal();
  for (double& v : frames) v = random.Normal() + 3;
  const auto given = MakeOf({.reference_frames = reference}),
             learned = MakeOf({.learning_frames = 30});
  for (double v : reference) learned->Update(v);
  for (double v : frames) {
    given->Update(v);
    learned->Update(v);
    EXPECT_EQ(given->LogStatistic(), learned->LogStatistic());
  }
  const double once = given->LogStatistic();
  EXPECT_GT(once, std::log(1000.0));
  EXPECT_NEAR(double(given->FramesSinceChange()), 40, 8);
  given->Rearm();
  EXPECT_EQ(given->Frames(), 0);
  for (double v : frames) given->Update(v);
  EXPECT_EQ(given->LogStatistic(), once);
}

TEST(Conformal, NoReferenceIsRefused) {
  const MonitorKind* kind = *FindMonitorKind("conformal");
  EXPECT_TRUE(absl::IsInvalidArgument(kind->make({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(kind->make({.learning_frames = 1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      kind->make({.reference = {.frames = 50, .mean = 1, .standard_deviation = 2}}).status()));
}

}  // namespace
}  // namespace ronchi::theory
