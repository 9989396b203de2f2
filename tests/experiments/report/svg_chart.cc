#include "experiments/report/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "tests/experiments/report/markup.h"

namespace ronchi {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kPixel = 0.051;  // coordinates are printed to one decimal

// (x, y) of every vertex of the chart's first line.
std::vector<std::pair<double, double>> Vertices(const std::string& svg) {
  std::vector<std::pair<double, double>> out;
  const size_t line = svg.find("class=\"line c0");
  if (line == std::string::npos) return out;
  const size_t start = svg.find(" d=\"", line) + 4;
  const std::string d = svg.substr(start, svg.find('"', start) - start);
  const std::regex vertex("[ML]([-0-9.]+) ([-0-9.]+)");
  for (auto it = std::sregex_iterator(d.begin(), d.end(), vertex); it != std::sregex_iterator();
       ++it) {
    out.push_back({std::stod((*it)[1]), std::stod((*it)[2])});
  }
  return out;
}

// A coordinate of the first element whose class starts so.
double Coordinate(const std::string& svg, const std::string& css, const std::string& name) {
  std::smatch m;
  const std::regex pattern("class=\"" + css + "[^>]* " + name + "=\"([-0-9.]+)\"");
  return std::regex_search(svg, m, pattern) ? std::stod(m[1]) : NAN;
}

TEST(SvgChart, DataMarkersSpansAndLevelsShareOneScale) {
  LineChart chart;
  chart.series = {{"a", {0, 4, 10}, {1, 3, 2}}};
  chart.markers = {{4, "alarm", Tone::kBad}};
  chart.spans = {{0, 4, "hold"}};
  chart.levels = {{2, "target"}};
  const std::string svg = RenderSvg(chart);
  const auto v = Vertices(svg);
  ASSERT_EQ(v.size(), 3u);
  EXPECT_NEAR((v[1].first - v[0].first) / (v[2].first - v[0].first), 0.4, 1e-3);
  EXPECT_NEAR((v[2].second - v[0].second) / (v[1].second - v[0].second), 0.5, 1e-3);
  EXPECT_LT(v[1].second, v[0].second);  // up is up
  EXPECT_NEAR(Coordinate(svg, "marker bad", "x1"), v[1].first, kPixel);
  EXPECT_NEAR(Coordinate(svg, "span0", "x"), v[0].first, kPixel);
  EXPECT_NEAR(Coordinate(svg, "span0", "width"), v[1].first - v[0].first, 2 * kPixel);
  EXPECT_NEAR(Coordinate(svg, "level", "y1"), v[2].second, kPixel);
}

TEST(SvgChart, LogarithmicAxisSpacesDecadesEvenlyAndLeavesOutTheRest) {
  LineChart chart;
  chart.series = {{"a", {0, 1, 2, 3, 4}, {1e-6, 0, 1e-3, -1, 1}}};
  chart.log_y = true;
  const std::string svg = RenderSvg(chart);
  const auto v = Vertices(svg);
  ASSERT_EQ(v.size(), 3u);
  EXPECT_NEAR(v[0].second - v[1].second, v[1].second - v[2].second, 2 * kPixel);
  EXPECT_THAT(svg, HasSubstr(">10⁻⁶<"));
}

TEST(SvgChart, MissingValuesInterruptTheLine) {
  LineChart chart;
  chart.series = {{"a", {0, 1, 2, 3, 4}, {1, 2, NAN, 2, 1}}};
  const std::string svg = RenderSvg(chart);
  EXPECT_EQ(Vertices(svg).size(), 4u);
  EXPECT_EQ(std::count(svg.begin(), svg.end(), 'M'), 2);
}

// A single sample of a hundred thousand stands out: thinning may not lose it.
TEST(SvgChart, ThinningKeepsExtremes) {
  LineChart chart;
  ChartSeries noise{"a"};
  for (int i = 0; i < 100000; ++i) {
    noise.x.push_back(i);
    const double background = i % 100 == 0 ? NAN : std::sin(i * 0.01);
    noise.y.push_back(i == 54321 ? 7 : i == 12345 ? -7 : background);
  }
  chart.series = {noise};
  chart.levels = {{7, ""}};
  const std::string svg = RenderSvg(chart);
  const auto v = Vertices(svg);
  EXPECT_LE(v.size(), 2100u);
  EXPECT_GE(v.size(), 1000u);
  double top = 1e9, bottom = 0;
  for (const auto& [x, y] : v) top = std::min(top, y), bottom = std::max(bottom, y);
  EXPECT_NEAR(top, Coordinate(svg, "level", "y1"), kPixel);
  chart.levels = {{-7, ""}};
  EXPECT_NEAR(bottom, Coordinate(RenderSvg(chart), "level", "y1"), kPixel);
}

TEST(SvgChart, LabelsThatWouldCollideStandOnDifferentRows) {
  LineChart chart;
  chart.series = {{"a", {0, 100}, {0, 1}}};
  chart.markers = {{50, "disturbance"}, {51, "alarm", Tone::kBad}, {90, "end", Tone::kGood}};
  const std::string svg = RenderSvg(chart);
  const double first = Coordinate(svg, "neutral", "y"), second = Coordinate(svg, "bad", "y");
  EXPECT_GE(std::abs(first - second), 14);  // a 12 px line of text
  EXPECT_EQ(first, Coordinate(svg, "good", "y"));
}

TEST(SvgChart, NothingToDrawIsStillAChart) {
  LineChart constant;
  constant.series = {{"a", {1}, {5}}};
  LineChart hollow;
  hollow.series = {{"a", {NAN, 1}, {NAN, INFINITY}}};
  hollow.markers = {{NAN, "never"}};
  hollow.log_y = true;
  LineChart reversed = ExampleChart();
  reversed.y_min = 3;
  reversed.y_max = 1;
  for (const LineChart& chart : {LineChart{}, constant, hollow, reversed}) {
    const std::string svg = RenderSvg(chart);
    EXPECT_EQ(MarkupFault(svg), "");
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

}  // namespace
}  // namespace ronchi
