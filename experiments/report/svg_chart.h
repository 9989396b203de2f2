// A line chart as inline SVG: series, uncertainty bands, vertical markers for events, shaded spans
// for phases, horizontal levels. Colours come from the page's style sheet (html_report), so the
// chart follows its light and dark schemes. The same input gives the same text.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ronchi {

enum class Tone { kNeutral, kGood, kWarning, kBad };
// Its class in the style sheet: "neutral", "good", "warning", "bad".
const char* ToneClass(Tone tone);

struct ChartSeries {
  std::string name = "";
  std::vector<double> x = {}, y = {};       // equally long; a NaN interrupts the line
  std::vector<double> low = {}, high = {};  // a shaded band about the line, if as long as x
  bool points = false;                      // dots without a line
  bool dashed = false;
};

struct ChartMarker {
  double x = 0;
  std::string label = "";  // e.g. "disturbance", "alarm"
  Tone tone = Tone::kNeutral;
};

struct ChartSpan {
  double from = 0, to = 0;
  std::string label = "";  // e.g. "tuning", "hold"
};

struct ChartLevel {
  double y = 0;
  std::string label = "";
};

struct LineChart {
  std::string title = "";
  std::string x_label = "", y_label = "";  // with units, e.g. "time (s)"
  std::vector<ChartSeries> series = {};
  std::vector<ChartMarker> markers = {};
  std::vector<ChartSpan> spans = {};
  std::vector<ChartLevel> levels = {};  // dashed
  bool log_y = false;                   // values that are not positive are left out
  std::optional<double> y_min = std::nullopt, y_max = std::nullopt;
  std::string caption = "";
};

// The chart's <svg>, `width` user units wide (800: a page's width, 480: half of it).
std::string RenderSvg(const LineChart& chart, int width = 800);

}  // namespace ronchi
