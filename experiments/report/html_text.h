// Text for HTML and SVG: escaping, and numbers short enough to read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ronchi {

// Safe between tags and inside quoted attributes; control characters other than line feed and tab
// are dropped.
std::string EscapeHtml(std::string_view text);

// At most `digits` significant digits, without trailing zeros: 0.00123, 1234, 1.2e+06, "–" for NaN.
std::string ShortNumber(double value, int digits = 4);

// Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, about `count` of them;
// both inclusive to within round-off. Needs low < high.
std::vector<double> NiceTicks(double low, double high, int count);
// Powers of ten, with 2 and 5 between them where the range spans less than two decades. Needs
// 0 < low < high.
std::vector<double> LogTicks(double low, double high);

}  // namespace ronchi
