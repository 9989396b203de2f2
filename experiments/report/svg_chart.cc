#include "experiments/report/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "experiments/report/html_text.h"

namespace ronchi {
namespace {

constexpr double kRowHeight = 16;   // of the labels above the plot
constexpr double kCharacter = 6.4;  // mean width of a 12 px character
constexpr double kPlotHeight = 240;
constexpr size_t kMostPoints = 2000;  // a line longer than this is thinned to its extremes

struct Extent {
  double low = INFINITY, high = -INFINITY;
  void Add(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

struct Label {
  double x = 0;
  std::string text;
  const char* css = "";
  int row = 0;
};

// Where data meets the page: everything the drawing functions share.
struct Frame {
  Extent x, y;
  bool log_y = false;
  double left = 0, right = 0, top = 12, bottom = 0;

  double X(double v) const { return left + (v - x.low) / (x.high - x.low) * (right - left); }
  double Y(double v) const {
    const double t =
        log_y ? std::log(v / y.low) / std::log(y.high / y.low) : (v - y.low) / (y.high - y.low);
    return bottom - t * (bottom - top);
  }
  bool Shows(double vx, double vy) const {
    return std::isfinite(vx) && std::isfinite(vy) && (!log_y || vy > 0);
  }
};

double TextWidth(const std::string& text) {
  size_t characters = 0;
  for (char c : text) characters += (c & 0xc0) != 0x80;  // UTF-8: continuation bytes do not count
  return kCharacter * double(characters);
}

std::string Line(double x1, double y1, double x2, double y2, const char* css) {
  return absl::StrFormat("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                         css, x1, y1, x2, y2);
}

std::string Text(double x, double y, const char* anchor, const char* css, const std::string& text) {
  return absl::StrFormat("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                         css, x, y, anchor, EscapeHtml(text));
}

void Widen(Extent& e, bool log) {
  if (e.low > e.high) e = log ? Extent{1, 10} : Extent{0, 1};
  if (e.low < e.high) return;
  const double room = log ? 2 : std::max(std::abs(e.low) * 0.1, 1e-12);
  e = log ? Extent{e.low / room, e.high * room} : Extent{e.low - room, e.high + room};
}

void FitX(const LineChart& chart, Frame& frame) {
  for (const ChartSeries& s : chart.series) {
    for (double v : s.x) frame.x.Add(v);
  }
  for (const ChartMarker& m : chart.markers) frame.x.Add(m.x);
  for (const ChartSpan& s : chart.spans) frame.x.Add(s.from), frame.x.Add(s.to);
  Widen(frame.x, false);
}

void FitY(const LineChart& chart, Frame& frame) {
  const auto add = [&](double v) {
    if (!chart.log_y || v > 0) frame.y.Add(v);
  };
  for (const ChartSeries& s : chart.series) {
    for (double v : s.y) add(v);
    for (double v : s.low) add(v);
    for (double v : s.high) add(v);
  }
  for (const ChartLevel& level : chart.levels) add(level.y);
  Widen(frame.y, chart.log_y);
  if (chart.log_y) {
    frame.y = {frame.y.low / 1.15, frame.y.high * 1.15};
  } else {  // up to the next round numbers, and to zero where that costs little
    const double margin = 0.04 * (frame.y.high - frame.y.low);
    const double low = frame.y.low, high = frame.y.high;
    frame.y = {low - margin, high + margin};
    if (low >= 0 && low < 0.35 * high) frame.y.low = 0;
  }
  const Extent automatic = frame.y;
  frame.y = {chart.y_min.value_or(automatic.low), chart.y_max.value_or(automatic.high)};
  if (!(frame.y.low < frame.y.high) || (chart.log_y && frame.y.low <= 0)) frame.y = automatic;
}

// Labels of spans and markers stand above the plot; each takes the first row with room for it.
std::vector<Label> PlaceLabels(const LineChart& chart, const Frame& frame, int& rows) {
  std::vector<Label> labels;
  for (const ChartSpan& s : chart.spans) {
    labels.push_back({frame.X((s.from + s.to) / 2), s.label, "muted", 0});
  }
  for (const ChartMarker& m : chart.markers) {
    labels.push_back({frame.X(m.x), m.label, ToneClass(m.tone), 0});
  }
  std::erase_if(labels, [](const Label& l) { return l.text.empty() || !std::isfinite(l.x); });
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.x < b.x; });
  std::vector<double> ends;
  for (Label& label : labels) {
    const double half = TextWidth(label.text) / 2;
    label.x = std::clamp(label.x, std::min(half, frame.right / 2),
                         std::max(frame.right - half, frame.right / 2));
    while (label.row < int(ends.size()) && ends[label.row] > label.x - half - 6) ++label.row;
    if (label.row == int(ends.size())) ends.push_back(0);
    ends[label.row] = label.x + half;
  }
  rows = int(ends.size());
  return labels;
}

// Powers of ten beyond 0.01 … 1000 on a logarithmic axis as 10⁻⁴.
std::string PowerText(double tick) {
  static const char* const kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const int exponent = int(std::lround(std::log10(tick)));
  if ((exponent >= -2 && exponent <= 3) || std::abs(std::log10(tick) - exponent) > 1e-9) {
    return ShortNumber(tick, 6);
  }
  std::string out = exponent < 0 ? "10⁻" : "10";
  for (char digit : absl::StrCat(std::abs(exponent))) out += kDigits[digit - '0'];
  return out;
}

std::vector<double> YTicks(const Frame& f) {
  return f.log_y ? LogTicks(f.y.low, f.y.high) : NiceTicks(f.y.low, f.y.high, 5);
}

std::string YTickText(const Frame& f, double tick) {
  return f.log_y ? PowerText(tick) : ShortNumber(tick, 6);
}

std::string DrawAxes(const LineChart& chart, const Frame& f) {
  std::string out;
  for (double tick : YTicks(f)) {
    absl::StrAppend(&out, Line(f.left, f.Y(tick), f.right, f.Y(tick), "grid"),
                    Text(f.left - 8, f.Y(tick) + 4, "end", "tick", YTickText(f, tick)));
  }
  const auto x_ticks = NiceTicks(f.x.low, f.x.high, f.right > 600 ? 8 : 5);
  for (double tick : x_ticks) {
    absl::StrAppend(&out, Line(f.X(tick), f.bottom, f.X(tick), f.bottom + 4, "axis"),
                    Text(f.X(tick), f.bottom + 18, "middle", "tick", ShortNumber(tick, 6)));
  }
  absl::StrAppend(&out, Line(f.left, f.bottom, f.right, f.bottom, "axis"),
                  Text((f.left + f.right) / 2, f.bottom + 38, "middle", "label", chart.x_label));
  const double middle = (f.top + f.bottom) / 2;
  absl::StrAppend(&out, absl::StrFormat("<g transform=\"translate(14 %.1f) rotate(-90)\">", middle),
                  Text(0, 0, "middle", "label", chart.y_label), "</g>");
  return out;
}

std::string DrawSpans(const LineChart& chart, const Frame& f) {
  std::string out;
  for (size_t i = 0; i < chart.spans.size(); ++i) {
    const ChartSpan& s = chart.spans[i];
    if (!std::isfinite(s.from) || !std::isfinite(s.to)) continue;
    const double x = f.X(std::min(s.from, s.to)), width = f.X(std::max(s.from, s.to)) - x;
    absl::StrAppend(&out, absl::StrFormat("<rect class=\"span%d\" x=\"%.1f\" y=\"%.1f\" "
                                          "width=\"%.1f\" height=\"%.1f\"/>",
                                          int(i % 2), x, f.top, width, f.bottom - f.top));
  }
  return out;
}

// Indices to draw: all of them, or the first, lowest, highest and last of each of many bins.
std::vector<size_t> Thinned(std::span<const double> y) {
  std::vector<size_t> keep;
  const size_t bin = y.size() <= kMostPoints ? 1 : (4 * y.size() + kMostPoints - 1) / kMostPoints;
  for (size_t start = 0; start < y.size(); start += bin) {
    const size_t stop = std::min(start + bin, y.size());
    size_t low = start, high = start;
    for (size_t i = start; i < stop; ++i) {
      if (std::isnan(y[i])) continue;
      if (!(y[low] <= y[i])) low = i;  // also where y[low] is NaN
      if (!(y[high] >= y[i])) high = i;
    }
    std::vector<size_t> four = {start, low, high, stop - 1};
    std::sort(four.begin(), four.end());
    four.erase(std::unique(four.begin(), four.end()), four.end());
    keep.insert(keep.end(), four.begin(), four.end());
  }
  return keep;
}

std::string DrawLine(const ChartSeries& s, const Frame& f, size_t colour) {
  std::string path, out;
  bool pen = false;
  const size_t size = std::min(s.x.size(), s.y.size());
  for (size_t i : Thinned(std::span(s.y).first(size))) {
    if (!f.Shows(s.x[i], s.y[i])) {
      pen = false;
    } else if (s.points) {
      absl::StrAppend(&out, absl::StrFormat("<circle class=\"dot c%d\" cx=\"%.1f\" cy=\"%.1f\" "
                                            "r=\"2.6\"/>",
                                            int(colour), f.X(s.x[i]), f.Y(s.y[i])));
    } else {
      absl::StrAppend(&path,
                      absl::StrFormat("%s%.1f %.1f", pen ? "L" : "M", f.X(s.x[i]), f.Y(s.y[i])));
      pen = true;
    }
  }
  if (path.empty()) return out;
  return absl::StrFormat("<path class=\"line c%d%s\" d=\"%s\"/>", int(colour),
                         s.dashed ? " dashed" : "", path);
}

std::string DrawBand(const ChartSeries& s, const Frame& f, size_t colour) {
  if (s.low.size() != s.x.size() || s.high.size() != s.x.size() || s.x.empty()) return "";
  std::string there, back;
  for (size_t i : Thinned(s.high)) {
    if (!f.Shows(s.x[i], s.low[i]) || !f.Shows(s.x[i], s.high[i])) continue;
    const double x = f.X(s.x[i]);
    absl::StrAppend(&there,
                    absl::StrFormat("%s%.1f %.1f", there.empty() ? "M" : "L", x, f.Y(s.high[i])));
    back = absl::StrFormat("L%.1f %.1f", x, f.Y(s.low[i])) + back;
  }
  return absl::StrFormat("<path class=\"band c%d\" d=\"%s%sZ\"/>", int(colour), there, back);
}

std::string DrawEvents(const LineChart& chart, const Frame& f, const std::vector<Label>& labels) {
  std::string out;
  for (const ChartLevel& level : chart.levels) {
    if (!f.Shows(0, level.y)) continue;
    absl::StrAppend(&out, Line(f.left, f.Y(level.y), f.right, f.Y(level.y), "level"),
                    Text(f.right - 4, f.Y(level.y) - 5, "end", "muted", level.label));
  }
  for (const ChartMarker& m : chart.markers) {
    if (!std::isfinite(m.x)) continue;
    const std::string css = absl::StrCat("marker ", ToneClass(m.tone));
    absl::StrAppend(&out, Line(f.X(m.x), f.top, f.X(m.x), f.bottom, css.c_str()));
  }
  for (const Label& label : labels) {
    absl::StrAppend(
        &out, Text(label.x, f.top - 6 - kRowHeight * label.row, "middle", label.css, label.text));
  }
  return out;
}

}  // namespace

const char* ToneClass(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "good";
    case Tone::kWarning:
      return "warning";
    case Tone::kBad:
      return "bad";
    case Tone::kNeutral:
      break;
  }
  return "neutral";
}

std::string RenderSvg(const LineChart& chart, int width) {
  Frame frame;
  frame.log_y = chart.log_y;
  frame.right = width - 14;
  FitX(chart, frame);
  FitY(chart, frame);
  for (double tick : YTicks(frame)) {
    frame.left = std::max(frame.left, 34 + TextWidth(YTickText(frame, tick)));
  }
  int rows = 0;
  const std::vector<Label> labels = PlaceLabels(chart, frame, rows);
  frame.top += kRowHeight * rows;
  frame.bottom = frame.top + kPlotHeight;
  std::string out = absl::StrFormat("<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"%s\">",
                                    width, frame.bottom + 48,
                                    EscapeHtml(chart.title.empty() ? chart.y_label : chart.title));
  absl::StrAppend(&out, DrawSpans(chart, frame), DrawAxes(chart, frame));
  // What leaves a range that the caller has set is cut at the frame, with room for half a dot. A
  // nested svg clips without an identifier.
  const double x = frame.left - 3, y = frame.top - 3;
  const double w = frame.right - frame.left + 6, h = kPlotHeight + 6;
  absl::StrAppend(
      &out,
      absl::StrFormat("<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" ", x, y, w, h),
      absl::StrFormat("viewBox=\"%.1f %.1f %.1f %.1f\">", x, y, w, h));
  for (size_t i = 0; i < chart.series.size(); ++i) {
    absl::StrAppend(&out, DrawBand(chart.series[i], frame, i % 6));
  }
  for (size_t i = 0; i < chart.series.size(); ++i) {
    absl::StrAppend(&out, DrawLine(chart.series[i], frame, i % 6));
  }
  absl::StrAppend(&out, "</svg>", DrawEvents(chart, frame, labels), "</svg>");
  return out;
}

}  // namespace ronchi
