#include "experiments/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <limits>
#include <regex>
#include <string_view>

#include "core/files.h"
#include "experiments/report/html_text.h"

namespace ronchi {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

// Attributes as ` name="value"`, any number of them, and nothing else. (Not std::regex: its
// recursion overflows the stack on a chart's long paths.)
bool AttributesAreQuoted(std::string_view text) {
  while (!text.empty()) {
    const size_t name = text.find_first_not_of(' ');
    const size_t equals = text.find("=\"");
    if (name == 0 || equals == std::string::npos || name > equals) return false;
    const size_t end = text.find('"', equals + 2);
    if (end == std::string::npos || !IsName(text.substr(name, equals - name))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

// The first fault of the markup, "" when every tag is closed in order and every attribute quoted.
std::string MarkupFault(std::string_view html) {
  std::vector<std::string_view> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    std::string_view tag = html.substr(at + 1, html.find('>', at) - at - 1);
    if (tag == "!DOCTYPE html") continue;
    const std::string fault = "<" + std::string(tag.substr(0, 60));
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "closes out of order: " + fault;
      open.pop_back();
      continue;
    }
    const bool empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    const std::string_view name = tag.substr(0, tag.find(' '));
    if (!IsName(name) || tag.find('<') != std::string::npos) return "not a tag: " + fault;
    if (!AttributesAreQuoted(tag.substr(name.size()))) return "attributes: " + fault;
    if (!empty) open.push_back(name);
  }
  return open.empty() ? "" : "never closed: " + std::string(open.back());
}

LineChart Example() {
  LineChart chart;
  chart.title = "Contrast <b>";
  chart.x_label = "time (s)";
  chart.y_label = "contrast & more";
  chart.series = {{"agent", {0, 1, 2}, {0.1, 0.5, 0.2}},
                  {"theory \"x\"", {0, 1, 2}, {0.1, 0.4, 0.3}, {0, 0.3, 0.2}, {0.2, 0.5, 0.4}}};
  chart.markers = {{1.5, "disturbance", Tone::kWarning}, {1.6, "alarm", Tone::kBad}};
  chart.spans = {{0, 1, "tuning"}, {1, 1.5, "hold"}};
  chart.levels = {{0.45, "target"}};
  chart.caption = "A caption";
  return chart;
}

HtmlReport ExampleReport() {
  HtmlReport report("Run <7> & \"friends\"", "It's <i>fine</i>");
  report.Tiles({{"contrast", "0.18", "1/Å", "± 0.01", Tone::kGood}, {"dose <", "3"}})
      .Section("What & why")
      .Paragraph("a < b > c")
      .Chart(Example())
      .Charts({Example(), Example()})
      .Pictures({{std::string("\x89PNG\0<>", 7), "a \"picture\" <img>"}})
      .Table({"caption", {"name", "value"}, {{"C10", "-3.2 ± 0.1"}, {"<C12>", "4"}}})
      .Details("Config", "a: 1\n<script>alert(1)</script>")
      .Footer("seed 7");
  return report;
}

TEST(HtmlReport, MarkupIsWellFormed) {
  EXPECT_EQ(MarkupFault(ExampleReport().Html()), "");
  EXPECT_EQ(MarkupFault(HtmlReport("", "").Html()), "");
  // The check itself can fail.
  EXPECT_NE(MarkupFault("<p><b></p></b>"), "");
  EXPECT_NE(MarkupFault("<p>a < b</p>"), "");
  EXPECT_NE(MarkupFault("<p class=x></p>"), "");
  EXPECT_NE(MarkupFault("<p>"), "");
}

TEST(HtmlReport, TextIsEscaped) {
  const std::string html = ExampleReport().Html();
  for (const char* raw : {"<script", "<i>", "<b>", "<img>", "<C12>", "Run <7>"}) {
    EXPECT_THAT(html, Not(HasSubstr(raw)));
  }
  EXPECT_THAT(html, HasSubstr("<title>Run &lt;7&gt; &amp; &quot;friends&quot;</title>"));
  EXPECT_THAT(html, HasSubstr("alt=\"a &quot;picture&quot; &lt;img&gt;\""));
  EXPECT_EQ(EscapeHtml(std::string("It's\x01\0 \n\tÅ", 11)), "It&#39;s \n\tÅ");
}

TEST(HtmlReport, NothingIsLoadedFromElsewhere) {
  const std::string html = ExampleReport().Html();
  for (const char* outside : {"http:", "https:", "url(", "@import", "<link", "<script", "<iframe",
                              "href=", "srcset", "//"}) {
    std::string page = html;  // base64 may hold "//"
    if (const size_t at = page.find("base64,"); at != std::string::npos) {
      page.erase(at, page.find('"', at) - at);
    }
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  const std::string wanted =
      "src=\"data:image/png;base64," + Base64(std::string_view("\x89PNG\0<>", 7)) + "\"";
  EXPECT_THAT(html, HasSubstr(wanted));
}

TEST(HtmlReport, SameCallsGiveTheSameBytesAndWriteStoresThem) {
  EXPECT_EQ(ExampleReport().Html(), ExampleReport().Html());
  const std::string path = std::filesystem::path(testing::TempDir()) / "ronchi_report.html";
  ASSERT_TRUE(ExampleReport().Write(path).ok());
  EXPECT_EQ(*ReadFile(path), ExampleReport().Html());
  EXPECT_TRUE(absl::IsNotFound(ExampleReport().Write("/no such folder/report.html")));
  std::filesystem::remove(path);
}

TEST(HtmlReport, ColumnsOfNumbersAreSetRight) {
  HtmlReport report("t", "");
  report.Table({"", {"what", "how much"}, {{"a", "1.5 ± 0.2"}, {"b", "–"}}});
  EXPECT_THAT(report.Html(), HasSubstr("<th>what</th><th class=\"number\">how much</th>"));
  EXPECT_THAT(report.Html(), HasSubstr("<td>b</td><td class=\"number\">–</td>"));
}

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

constexpr double kPixel = 0.051;  // coordinates are printed to one decimal

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
  LineChart reversed = Example();
  reversed.y_min = 3;
  reversed.y_max = 1;
  for (const LineChart& chart : {LineChart{}, constant, hollow, reversed}) {
    const std::string svg = RenderSvg(chart);
    EXPECT_EQ(MarkupFault(svg), "");
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

TEST(Ticks, AreRoundNumbersInsideTheRange) {
  EXPECT_THAT(NiceTicks(0, 1, 5), ElementsAre(0, DoubleNear(0.2, 1e-15), DoubleNear(0.4, 1e-15),
                                              DoubleNear(0.6, 1e-15), DoubleNear(0.8, 1e-15), 1));
  EXPECT_THAT(NiceTicks(-3, 12, 4), ElementsAre(0, 5, 10));
  EXPECT_THAT(LogTicks(0.5, 20), ElementsAre(0.5, 1, 2, 5, 10, 20));
  EXPECT_THAT(LogTicks(1e-4, 1), ElementsAre(DoubleNear(1e-4, 1e-18), DoubleNear(1e-3, 1e-17),
                                             DoubleNear(1e-2, 1e-16), 0.1, 1));
  for (double span : {1e-7, 0.3, 1.0, 77.0, 1e9}) {
    const auto ticks = NiceTicks(-0.37 * span, 0.63 * span, 5);
    EXPECT_GE(ticks.size(), 3u) << span;
    EXPECT_LE(ticks.size(), 9u) << span;
  }
}

TEST(ShortNumber, IsShort) {
  EXPECT_EQ(ShortNumber(0.00123456), "0.001235");
  EXPECT_EQ(ShortNumber(1234567, 3), "1.23e+06");
  EXPECT_EQ(ShortNumber(2.5), "2.5");
  EXPECT_EQ(ShortNumber(std::numeric_limits<double>::quiet_NaN()), "–");
}

}  // namespace
}  // namespace ronchi
