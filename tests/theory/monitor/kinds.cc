// Every monitor of the table through one body.
#include "theory/monitor/kinds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "tests/theory/monitor/run_length.h"

namespace ronchi::theory {
namespace {

constexpr int64_t kLearning = 20;

class Monitor : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<ChangeDetector> Make(uint64_t seed = 1) const {
    return *(*FindMonitorKind(GetParam()))->make({.learning_frames = kLearning, .seed = seed});
  }
};

// Normal frames, of which 500 runs show the mean run length to 5 %: cut at 20 promises, which makes
// the mean of the cut runs a lower bound.
TEST_P(Monitor, KeepsItsPromise) {
  const double promise = 100;
  const RunLength quiet = MeasureRunLength({.threshold = std::log(promise),
                                            .change_at = kLearning,
                                            .limit = 2000 + kLearning,
                                            .runs = 500},
                                           [&](size_t run) { return Make(run); });
  EXPECT_GT(quiet.mean - 3 * quiet.standard_error, promise);
  // A promise kept by never alarming would be no detector.
  EXPECT_LT(quiet.mean, 5 * promise);
}

// A shift by 2 standard deviations after 200 quiet frames: 5 to 8 frames for the tests there are
// (docs/monitors.md); thirty for none.
TEST_P(Monitor, FindsALargeShift) {
  const RunLength delay =
      MeasureRunLength({.threshold = std::log(1000.0), .shift = 2, .change_at = 200, .runs = 200},
                       [&](size_t run) { return Make(run); });
  EXPECT_LT(delay.mean, 30);
}

TEST_P(Monitor, ForgetsWhenArmedAnewAndLetsMissingValuesBe) {
  const auto once = Make(), again = Make(), holes = Make();
  RandomStream random({.seed = 3, .name = "test.frames"});
  std::vector<double> frames(60);
  for (double& v : frames) v = random.Normal();
  for (double v : frames) again->Update(v + 3);
  again->Rearm();
  for (double v : frames) {
    once->Update(v);
    again->Update(v);
    holes->Update(std::numeric_limits<double>::quiet_NaN());
    holes->Update(v);
    holes->Update(std::numeric_limits<double>::infinity());
    EXPECT_EQ(once->LogStatistic(), again->LogStatistic());
    EXPECT_EQ(once->LogStatistic(), holes->LogStatistic());
  }
  EXPECT_GT(once->Frames(), 0);
  EXPECT_TRUE(std::isfinite(once->LogStatistic()));
}

INSTANTIATE_TEST_SUITE_P(Table, Monitor, ::testing::ValuesIn(MonitorKindNames()),
                         [](const auto& info) { return info.param; });

TEST(MonitorKinds, TheFirstIsWhatRecipesHaveByDefault) {
  EXPECT_EQ(MonitorKinds().front().name, "shiryaev_roberts");
  for (const MonitorKind& kind : MonitorKinds()) EXPECT_GT(kind.assumes.size(), 10u);
}

}  // namespace
}  // namespace ronchi::theory
