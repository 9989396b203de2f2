// Is a text well-formed markup? And a chart with a bit of everything.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/report/svg_chart.h"

namespace ronchi {

inline bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

// Attributes as ` name="value"`, any number of them, and nothing else. (Not std::regex: its
// recursion overflows the stack on a chart's long paths.)
inline bool AttributesAreQuoted(std::string_view text) {
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
inline std::string MarkupFault(std::string_view html) {
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

inline LineChart ExampleChart() {
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

}  // namespace ronchi
