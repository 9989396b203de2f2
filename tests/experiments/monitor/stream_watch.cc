#include "experiments/monitor/stream_watch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"

namespace ronchi {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Two streams of 300 frames; `shift` on the second from frame 200 on.
std::vector<std::array<double, 2>> Frames(double shift, double correlation = 0) {
  RandomStream random({.seed = 11, .name = "test.watch"});
  std::vector<std::array<double, 2>> frames;
  std::array<double, 2> last = {};
  for (int i = 0; i < 300; ++i) {
    for (double& v : last) v = correlation * v + random.Normal();
    frames.push_back({3 + 0.1 * last[0], 5 + 0.2 * last[1]});
    if (i >= 200) frames.back()[1] += 0.2 * shift;
  }
  return frames;
}

std::vector<StreamAlarm> AlarmsOf(const std::vector<std::array<double, 2>>& frames,
                                  const StreamWatchOptions& options) {
  StreamWatch watch = *StreamWatch::Create({"a", "b"}, options);
  std::vector<StreamAlarm> alarms;
  for (const auto& frame : frames) {
    const auto alarm = *watch.Take(frame);
    if (alarm) alarms.push_back(*alarm);
  }
  return alarms;
}

TEST(StreamWatch, EveryMethodFindsAndNamesAShift) {
  for (const std::string method : {"shiryaev_roberts", "conformal", "sequential_ranks"}) {
    const StreamWatchOptions options{.promise = 1000, .reference = 100, .method = method};
    EXPECT_TRUE(AlarmsOf(Frames(0), options).empty()) << method;
    const auto alarms = AlarmsOf(Frames(2), options);
    ASSERT_FALSE(alarms.empty()) << method;
    EXPECT_GE(alarms[0].frame, 200) << method;
    EXPECT_LT(alarms[0].frame, 220) << method;
    EXPECT_EQ(alarms[0].attribution, "b") << method;
    EXPECT_NEAR(double(alarms[0].frame - alarms[0].frames_since_change + 1), 200, 8) << method;
    EXPECT_GE(alarms[0].log_statistic, std::log(1000.0)) << method;
    EXPECT_NEAR(alarms[0].shares[0] + alarms[0].shares[1], 1, 1e-12) << method;
    // Armed anew with the same reference, a change that lasts is found again and again.
    EXPECT_GT(alarms.size(), 3u) << method;
  }
}

// Correlated frames look like changes; whitened they do not, and a shift is still found.
TEST(StreamWatch, Whitens) {
  const StreamWatchOptions plain{.promise = 1000, .reference = 100};
  StreamWatchOptions whitened = plain;
  whitened.whiten = 1;
  EXPECT_GT(AlarmsOf(Frames(0, 0.9), plain).size(), 3u);
  EXPECT_LT(AlarmsOf(Frames(0, 0.9), whitened).size(), 2u);  // of 200 frames at 1 in 1000
  const auto alarms = AlarmsOf(Frames(8, 0.5), whitened);
  ASSERT_FALSE(alarms.empty());
  EXPECT_GE(alarms[0].frame, 200);
  EXPECT_EQ(alarms[0].attribution, "b");
}

TEST(StreamWatch, MissingNumbersChangeNothing) {
  std::vector<std::array<double, 2>> frames = Frames(2), holes;
  for (size_t i = 0; i < frames.size(); ++i) {
    holes.push_back(frames[i]);
    if (i > 100) holes.push_back({kMissing, kMissing});
  }
  const StreamWatchOptions options{.promise = 1000, .reference = 100};
  const auto a = AlarmsOf(frames, options), b = AlarmsOf(holes, options);
  ASSERT_FALSE(a.empty());
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(a[0].log_statistic, b[0].log_statistic);
}

TEST(StreamWatch, RefusesWhatCannotBe) {
  const StreamWatchOptions bad[] = {
      {.method = "srr"}, {.method = "conformal"}, {.whiten = 1}, {.promise = 1}};
  for (const StreamWatchOptions& options : bad) {
    EXPECT_TRUE(absl::IsInvalidArgument(StreamWatch::Create({"a"}, options).status()));
  }
  // Seen when the reference is whole: no spread at all, too few to whiten by.
  for (const int whiten : {0, 10}) {
    StreamWatch watch = *StreamWatch::Create({"a"}, {.reference = 20, .whiten = whiten});
    absl::Status status;
    for (int i = 0; i < 20 && status.ok(); ++i) {
      const double value = whiten == 0 ? 4 : i * i;
      status = watch.Take({&value, 1}).status();
    }
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_NE(status.message().find("'a'"), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace ronchi
