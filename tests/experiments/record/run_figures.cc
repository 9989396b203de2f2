#include "experiments/record/run_figures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi {
namespace {

Trace TraceOf(const std::string& column, const std::vector<double>& values, bool images = false) {
  Trace trace;
  for (double v : values) {
    trace.Begin(images ? Array<float>({2, 2}, 0.0f) : Array<float>());
    trace.Put(column, v);
  }
  return trace;
}

TEST(RunFigures, TruthComesBeforeContrastAndContrastBeforeReward) {
  Trace trace = TraceOf("reward", {1});
  EXPECT_EQ(FigureOf(trace), "reward");
  trace.Put("contrast", 0.1);
  EXPECT_EQ(FigureOf(trace), "contrast");
  EXPECT_EQ(FigureMeaning(trace), "measured contrast");
  trace.Put("true_ratio", 0.9);
  EXPECT_EQ(FigureOf(trace), "true_ratio");
  EXPECT_EQ(MeasuredFigure(trace), "contrast");  // on an instrument it is all there is
  EXPECT_EQ(RowWord(trace), "row");
  EXPECT_EQ(RowWord(TraceOf("reward", {1}, true)), "image");
}

// A reward scatters: a tenth of its rows at either end, one at least; others are as they stand.
TEST(RunFigures, StartAndEndOfARewardAreMeans) {
  using Ends = std::pair<double, double>;
  EXPECT_EQ(StartAndEnd(TraceOf("contrast", {NAN, 0.1, 0.5, 0.2, NAN})), Ends(0.1, 0.2));
  EXPECT_EQ(StartAndEnd(TraceOf("reward", {4, 9, 2})), Ends(4, 2));
  std::vector<double> twenty(20, 0);
  twenty[0] = 3, twenty[1] = 5, twenty[18] = -1, twenty[19] = -2;
  EXPECT_EQ(StartAndEnd(TraceOf("reward", twenty)), Ends(4, -1.5));
  const auto [start, end] = StartAndEnd(TraceOf("reward", {NAN, NAN}));
  EXPECT_TRUE(std::isnan(start) && std::isnan(end));
}

TEST(RunFigures, ScalesAreTheTasksKeys) {
  const auto scale = [](const std::string& environment) {
    RunRecord record;
    record.config = "environment: " + environment + "\n";
    return ImageScaleOf(record);
  };
  EXPECT_DOUBLE_EQ(scale("{fov_A: 32, pixels: 64, dwell_us: 2}").pixel, 0.5);
  EXPECT_EQ(scale("{fov_A: 32, pixels: 64}").unit, "A");
  EXPECT_DOUBLE_EQ(scale("{dwell_us: 2}").dwell_s, 2e-6);
  EXPECT_DOUBLE_EQ(scale("{fov_nm: 100, pixels: 50}").pixel, 2);
  EXPECT_EQ(scale("{fov_nm: 100, pixels: 50}").unit, "nm");
  EXPECT_EQ(scale("{pixels: 64}").pixel, 0);
  RunRecord damaged;
  damaged.config = "{";
  EXPECT_EQ(ImageScaleOf(damaged).pixel, 0);
}

}  // namespace
}  // namespace ronchi
