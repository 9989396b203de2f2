#include "theory/monitor/monitor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/random.h"

namespace ronchi::theory {
namespace {

MonitorOptions ThreeStreams() {
  return {.frames_between_false_alarms = 1000,
          .streams = {{.name = "C10"},
                      {.name = "shift_x", .standardised = true},
                      {.name = "unexplained", .side = ShiftSide::kUp, .learning_frames = 10}}};
}

RandomStream Random() { return RandomStream({.seed = 3, .name = "tests.monitor"}); }

TEST(Monitor, IsTheMeanOfItsStreams) {
  auto monitor = *MultiStreamMonitor::Create(ThreeStreams());
  auto first = *MakeUnknownNormalDetector({});
  auto second = *MakeStandardNormalDetector({});
  auto third = *MakeUnknownNormalDetector({.side = ShiftSide::kUp, .learning_frames = 10});
  RandomStream random = Random();
  for (int i = 0; i < 50; ++i) {
    const double z[] = {random.Normal(5, 2), random.Normal(), random.Normal(9, 1)};
    first->Update(z[0]);
    second->Update(z[1]);
    third->Update(z[2]);
    const MonitorReport report = *monitor.Update(z);
    const double sum = std::exp(first->LogStatistic()) + std::exp(second->LogStatistic()) +
                       std::exp(third->LogStatistic());
    EXPECT_NEAR(report.log_statistic, std::log(sum / 3), 1e-12);  // round-off of exp and log
    EXPECT_NEAR(report.shares[1], std::exp(second->LogStatistic()) / sum, 1e-12);
    EXPECT_NEAR(std::accumulate(report.shares.begin(), report.shares.end(), 0.0), 1, 1e-12);
    EXPECT_EQ(report.frames, i + 1);
  }
}

TEST(Monitor, NamesTheStreamThatMoved) {
  for (size_t moved = 0; moved < 3; ++moved) {
    auto monitor = *MultiStreamMonitor::Create(ThreeStreams());
    RandomStream random = Random();
    MonitorReport report;
    for (int i = 0; i < 40; ++i) {
      double z[] = {random.Normal(5, 2), random.Normal(), random.Normal(9, 1)};
      report = *monitor.Update(z);
      ASSERT_FALSE(report.alarm) << i;
    }
    while (!report.alarm && report.frames < 80) {
      double z[] = {random.Normal(5, 2), random.Normal(), random.Normal(9, 1)};
      z[moved] += moved == 0 ? 8 : 4;  // four standard deviations
      report = *monitor.Update(z);
    }
    EXPECT_TRUE(report.alarm);
    EXPECT_LE(report.frames, 46);
    EXPECT_EQ(report.attribution, ThreeStreams().streams[moved].name);
    EXPECT_GT(report.shares[moved], 0.9);
    // A quiet value or two before the change may look like part of it: 0.8 sigma is enough.
    EXPECT_NEAR(report.frames_since_change, report.frames - 40, 2);
  }
}

TEST(Monitor, AlarmStaysUntilRearmed) {
  auto monitor = *MultiStreamMonitor::Create(ThreeStreams());
  RandomStream random = Random();
  MonitorReport report;
  for (int i = 0; i < 20; ++i) {
    const double z[] = {random.Normal(), i >= 17 ? 60.0 : 0.0, random.Normal()};
    report = *monitor.Update(z);
  }
  EXPECT_TRUE(report.alarm);
  for (int i = 0; i < 30; ++i) {  // back the other way: the evidence goes, the alarm stays
    const double z[] = {random.Normal(), -60.0, random.Normal()};
    EXPECT_TRUE(monitor.Update(z)->alarm);
  }
  monitor.Rearm();
  const double z[] = {0, 0, 0};
  report = *monitor.Update(z);
  EXPECT_FALSE(report.alarm);
  EXPECT_EQ(report.frames, 1);
}

// By name in another order, one left out: to the bit as by place with a NaN.
TEST(Monitor, TakesValuesByName) {
  auto by_place = *MultiStreamMonitor::Create(ThreeStreams());
  auto by_name = *MultiStreamMonitor::Create(ThreeStreams());
  const auto streams = by_place.options().streams;
  RandomStream random = Random();
  for (int i = 0; i < 20; ++i) {
    const double a = random.Normal(), b = random.Normal();
    const double z[] = {a, NAN, b};
    const std::vector<std::pair<std::string, double>> named = {{streams[2].name, b},
                                                               {streams[0].name, a}};
    const MonitorReport expected = *by_place.Update(z), report = *by_name.Update(named);
    EXPECT_EQ(report.log_statistic, expected.log_statistic);
    EXPECT_EQ(report.frames, expected.frames);
  }
  const std::vector<std::pair<std::string, double>> unknown = {{"C99", 1}};
  EXPECT_NE(by_name.Update(unknown).status().message().find("'C99', which is no stream"),
            std::string_view::npos);
  const std::vector<std::pair<std::string, double>> twice = {{streams[0].name, 1},
                                                             {streams[0].name, 2}};
  EXPECT_FALSE(by_name.Update(twice).ok());
}

// A detector of one's own: one that counts, and alarms at the tenth value.
class Counting final : public ChangeDetector {
 public:
  void Update(double) override { ++frames_; }
  double LogStatistic() const override { return frames_ < 10 ? -5 : 20; }
  int64_t Frames() const override { return frames_; }
  int64_t FramesSinceChange() const override { return 1; }
  void Rearm() override { frames_ = 0; }

 private:
  int64_t frames_ = 0;
};

TEST(Monitor, TakesDetectorsOfOtherKinds) {
  MonitorOptions options = ThreeStreams();
  options.streams.push_back(
      {.name = "counted", .make_detector = [] { return std::make_unique<Counting>(); }});
  auto monitor = *MultiStreamMonitor::Create(options);
  const double z[] = {5, 0, 9, 1};
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(monitor.Update(z)->alarm, i == 10);
  EXPECT_EQ(monitor.Update(z)->attribution, "counted");
}

TEST(Monitor, SaysNothingBeforeAnyEvidence) {
  auto monitor = *MultiStreamMonitor::Create({.streams = {{.name = "C10"}, {.name = "dose"}}});
  const double z[] = {1, NAN};
  const MonitorReport report = *monitor.Update(z);
  EXPECT_FALSE(report.alarm);
  EXPECT_TRUE(std::isinf(report.log_statistic));
  EXPECT_EQ(report.attribution, "");
  EXPECT_EQ(report.shares, (std::vector<double>{0, 0}));
}

TEST(Monitor, RefusesBadInput) {
  EXPECT_FALSE(MultiStreamMonitor::Create({}).ok());
  EXPECT_FALSE(MultiStreamMonitor::Create({.streams = {{.name = "a"}, {.name = "a"}}}).ok());
  EXPECT_FALSE(MultiStreamMonitor::Create({.streams = {{.name = ""}}}).ok());
  EXPECT_FALSE(
      MultiStreamMonitor::Create({.frames_between_false_alarms = 1, .streams = {{.name = "a"}}})
          .ok());
  const auto status =
      MultiStreamMonitor::Create({.streams = {{.name = "C10", .reference = {.frames = 5}}}})
          .status();
  EXPECT_NE(status.message().find("stream 'C10'"), std::string_view::npos);
  auto monitor = *MultiStreamMonitor::Create(ThreeStreams());
  const double two[] = {1, 2};
  EXPECT_TRUE(absl::IsInvalidArgument(monitor.Update(two).status()));
}

}  // namespace
}  // namespace ronchi::theory
