#include "env/picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_format.h"

namespace ronchi::env {
namespace {

constexpr Rgb kNotFinite = {255, 0, 255};  // in no colour map
constexpr int kGap = 3;                    // pixels between a label and what it is for

struct Range {
  double low, high;
  double Place(double v) const { return high > low ? (v - low) / (high - low) : 0.5; }
};

template <class T>
Range RangeOf(std::span<const T> values, std::optional<double> low, std::optional<double> high) {
  double least = INFINITY, most = -INFINITY;
  for (const T v : values) {
    if (!std::isfinite(v)) continue;
    least = std::min(least, double(v));
    most = std::max(most, double(v));
  }
  if (least > most) least = most = 0;
  return {low.value_or(least), high.value_or(most)};
}

// The pixel of a place in [0, 1] among `length` pixels.
int PixelOf(double place, int length) {
  return int(std::lround(std::clamp(place, 0.0, 1.0) * (length - 1)));
}

}  // namespace

void Picture::Image(const Rectangle& where, std::span<const float> values, const ImageShape& shape,
                    const ImageStyle& style) {
  RONCHI_CHECK_EQ(values.size(), shape.rows * shape.columns);
  if (values.empty()) return;
  Range range = RangeOf(values, style.minimum, style.maximum);
  if (style.colormap == Colormap::kDiverging && !style.minimum && !style.maximum) {
    range.high = std::max(std::abs(range.low), std::abs(range.high));
    range.low = -range.high;
  }
  std::array<Rgb, 256> colours;
  for (size_t i = 0; i < colours.size(); ++i) {
    colours[i] = MapColour(style.colormap, double(i) / double(colours.size() - 1));
  }
  for (int y = 0; y < where.height; ++y) {
    const size_t row = size_t(y) * shape.rows / size_t(where.height);
    for (int x = 0; x < where.width; ++x) {
      const float v = values[row * shape.columns + size_t(x) * shape.columns / size_t(where.width)];
      const int index = std::isfinite(v) ? PixelOf(range.Place(v), int(colours.size())) : 0;
      canvas_.Put(where.x + x, where.y + y, std::isfinite(v) ? colours[size_t(index)] : kNotFinite);
    }
  }
}

std::pair<int, int> Picture::PixelAt(const Rectangle& where, const ImageShape& shape, double column,
                                     double row) {
  return {where.x + int(std::floor(column * where.width / double(shape.columns))),
          where.y + int(std::floor(row * where.height / double(shape.rows)))};
}

void Picture::Bar(const Rectangle& where, std::string_view label, double value, double low,
                  double high, Rgb colour) {
  const std::string number = absl::StrFormat("%.3g", value);
  canvas_.Text(where.x, where.y, label, kInk);
  canvas_.Text(where.x + where.width - Canvas::TextWidth(number), where.y, number, kInk);
  const int top = where.y + Canvas::TextHeight() + kGap;
  const int height = std::max(1, where.y + where.height - top);
  canvas_.Box(where.x, top, where.width, height, kFaint);
  if (!std::isfinite(value)) return;
  const Range range{low, high};
  const int zero = PixelOf(range.Place(std::clamp(0.0, low, std::max(low, high))), where.width);
  const int end = PixelOf(range.Place(value), where.width);
  const int left = std::min(zero, end), right = std::max(zero, end);
  canvas_.Box(where.x + left, top, right - left + 1, height, colour);
}

void Picture::Curve(const Rectangle& where, std::string_view label, std::span<const double> values,
                    size_t slots, std::optional<double> low, std::optional<double> high) {
  canvas_.Text(where.x, where.y, label, kInk);
  const int top = where.y + Canvas::TextHeight() + kGap;
  const int height = std::max(1, where.y + where.height - top);
  canvas_.Frame(where.x, top, where.width, height, kFaint);
  if (values.empty()) return;
  const std::string last = absl::StrFormat("%.3g", values.back());
  canvas_.Text(where.x + where.width - Canvas::TextWidth(last), where.y, last, kAccent);
  const Range range = RangeOf(values, low, high);
  const double steps = double(std::max(slots, values.size())) - 1;
  const auto place = [&](size_t i) {
    const int x = PixelOf(steps > 0 ? double(i) / steps : 0, where.width);
    const double v = std::isfinite(values[i]) ? range.Place(values[i]) : 0;
    return std::pair{where.x + x, top + height - 1 - PixelOf(v, height)};
  };
  for (size_t i = 1; i < values.size(); ++i) {
    const auto [x0, y0] = place(i - 1);
    const auto [x1, y1] = place(i);
    canvas_.Line(x0, y0, x1, y1, kOther);
  }
  const auto [x, y] = place(values.size() - 1);
  canvas_.Disc(x, y, 2, kAccent);
}

}  // namespace ronchi::env
