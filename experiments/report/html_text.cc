#include "experiments/report/html_text.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace ronchi {

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\n' || c == '\t')
          out += c;
    }
  }
  return out;
}

std::string ShortNumber(double value, int digits) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  return absl::StrFormat("%.*g", digits, value);
}

std::vector<double> NiceTicks(double low, double high, int count) {
  const double raw = (high - low) / count;
  const double decade = std::pow(10, std::floor(std::log10(raw)));
  const double lead = raw / decade;
  const double step = decade * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  std::vector<double> ticks;
  // k counts steps from 0, so that 0 is exactly 0; the slack is round-off of low / step.
  for (double k = std::ceil(low / step - 1e-9); k <= high / step + 1e-9; ++k) {
    ticks.push_back(k == 0 ? 0 : k * step);
  }
  return ticks;
}

std::vector<double> LogTicks(double low, double high) {
  const double decades = std::log10(high / low);
  const int every = std::max(1, int(std::ceil(decades / 8)));
  std::vector<double> ticks;
  for (int e = int(std::floor(std::log10(low))); e <= int(std::ceil(std::log10(high))); ++e) {
    for (double lead : {1.0, 2.0, 5.0}) {
      const double tick = lead * std::pow(10, e);
      const bool wanted = lead == 1 ? e % every == 0 : decades < 2;
      if (wanted && tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
    }
  }
  return ticks;
}

}  // namespace ronchi
