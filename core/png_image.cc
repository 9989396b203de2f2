// RenderImage: from numbers to a picture with its scale.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/canvas.h"
#include "core/png.h"

namespace ronchi {
namespace {

constexpr Rgb kStrip = {24, 28, 34}, kInk = {232, 235, 240}, kNotFinite = {255, 0, 255};
constexpr size_t kSmallest = 384, kLargest = 1024;  // pixels along the longer side

// image(y, x) with the block mean taken where `bin` > 1; a block with a value that is not finite
// is not finite.
Array<float> Upright(const Array<float>& image, bool first_axis_horizontal, size_t bin) {
  const size_t rows = image.shape()[first_axis_horizontal ? 1 : 0];
  const size_t columns = image.shape()[first_axis_horizontal ? 0 : 1];
  Array<float> out({std::max<size_t>(1, rows / bin), std::max<size_t>(1, columns / bin)});
  const size_t bin_y = std::min(bin, rows), bin_x = std::min(bin, columns);
  for (size_t y = 0; y < out.shape()[0]; ++y) {
    for (size_t x = 0; x < out.shape()[1]; ++x) {
      double sum = 0;
      for (size_t k = 0; k < bin_y * bin_x; ++k) {
        const size_t iy = y * bin_y + k / bin_x, ix = x * bin_x + k % bin_x;
        sum += first_axis_horizontal ? image(ix, iy) : image(iy, ix);
      }
      out(y, x) = float(sum / double(bin_y * bin_x));
    }
  }
  return out;
}

struct Range {
  double low = 0, high = 1;
  double Place(double v) const { return high > low ? (v - low) / (high - low) : 0.5; }
};

absl::StatusOr<Range> RangeOf(const Array<float>& image, const RenderOptions& options) {
  double low = INFINITY, high = -INFINITY;
  for (float v : image) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, double(v));
    high = std::max(high, double(v));
  }
  if (low > high) low = high = 0;
  if (options.colormap == Colormap::kDiverging) {
    high = std::max(std::abs(low), std::abs(high));
    low = -high;
  }
  const Range range{options.minimum.value_or(low), options.maximum.value_or(high)};
  if (std::isfinite(range.low) && std::isfinite(range.high) && range.low <= range.high) {
    return range;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("picture: the range ", range.low, " to ", range.high, " is not a range"));
}

// Everything of the strip below the image, sized before it is drawn.
struct Strip {
  int text = 2;  // font scale
  int bar = 0;   // scale bar, output pixels
  std::string length, low, high;
  int rows = 0;
  int row_height() const { return (Canvas::TextHeight() + 8) * text; }
  int height() const { return rows * row_height(); }
  int gap() const { return 4 * text; }
  int scale_width() const { return bar ? bar + 3 * gap() + Canvas::TextWidth(length, text) : 0; }
  int colour_width() const {
    return low.empty() ? 0
                       : 4 * gap() + 32 * text + Canvas::TextWidth(low, text) +
                             Canvas::TextWidth(high, text);
  }
};

Strip PlanStrip(int width, double zoom, const Range& range, const RenderOptions& options) {
  Strip strip;
  if (width < 300) strip.text = 1;
  if (options.pixel_size > 0 && std::isfinite(options.pixel_size)) {
    const double length = NiceLength(0.35 * width / zoom * options.pixel_size);
    strip.bar = std::max(1, int(std::lround(length / options.pixel_size * zoom)));
    strip.length = absl::StrFormat("%g", length);
    if (!options.length_unit.empty()) absl::StrAppend(&strip.length, " ", options.length_unit);
  }
  if (options.colour_bar) {
    strip.low = absl::StrFormat("%.3g", range.low);
    strip.high = absl::StrFormat("%.3g", range.high);
    if (!options.value_unit.empty()) absl::StrAppend(&strip.high, " ", options.value_unit);
  }
  const bool both = strip.bar && options.colour_bar;
  strip.rows = (strip.bar || options.colour_bar) ? 1 : 0;
  if (both && strip.scale_width() + strip.colour_width() > width) strip.rows = 2;
  return strip;
}

void DrawStrip(Canvas& canvas, int top, const Strip& strip, const RenderOptions& options) {
  const int gap = strip.gap(), text = strip.text, inset = 4 * text;
  if (strip.bar) {
    canvas.Box(gap, top + inset + 2 * text, strip.bar, 3 * text, kInk);
    canvas.Text(2 * gap + strip.bar, top + inset, strip.length, kInk, text);
  }
  if (strip.low.empty()) return;
  const int y = top + (strip.rows - 1) * strip.row_height() + inset;
  int x = strip.rows == 2 ? gap : std::max(gap, canvas.width() - strip.colour_width() + gap);
  canvas.Text(x, y, strip.low, kInk, text);
  x += Canvas::TextWidth(strip.low, text) + gap;
  const int length = 32 * text;
  for (int i = 0; i < length; ++i) {
    const Rgb colour = MapColour(options.colormap, (i + 0.5) / length);
    canvas.Box(x + i, y, 1, Canvas::TextHeight() * text, colour);
  }
  canvas.Text(x + length + gap, y, strip.high, kInk, text);
}

// On a ground of its own, so that it can be read on any image.
void DrawLabel(Canvas& canvas, const ImageLabel& label, double zoom) {
  const int room = int(double(label.room) * zoom), margin = 2;
  int scale = 2;
  while (scale > 0 && Canvas::TextWidth(label.text, scale) + 2 * margin > room) --scale;
  if (scale == 0) return;
  const int x = int(double(label.x) * zoom), y = int(double(label.y) * zoom);
  canvas.Box(x, y, Canvas::TextWidth(label.text, scale) + 2 * margin,
             Canvas::TextHeight(scale) + 2 * margin, kStrip);
  canvas.Text(x + margin, y + margin, label.text, kInk, scale);
}

}  // namespace

absl::StatusOr<std::string> RenderImage(const Array<float>& image, const RenderOptions& options) {
  if (image.rank() != 2 || image.empty() || options.upscale < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("picture: needs a non-empty image of rank 2 and an upscale of at least 0, not "
                     "rank ",
                     image.rank(), ", ", image.size(), " values, upscale ", options.upscale));
  }
  const size_t longer = std::max(image.shape()[0], image.shape()[1]);
  const size_t bin = options.upscale ? 1 : (longer + kLargest - 1) / kLargest;
  const Array<float> upright = Upright(image, options.first_axis_horizontal, bin);
  const size_t automatic = longer < kSmallest ? (kSmallest + longer - 1) / longer : 1;
  const int scale = options.upscale ? options.upscale : int(automatic);
  RONCHI_ASSIGN_OR_RETURN(const Range range, RangeOf(image, options));
  const int width = int(upright.shape()[1]) * scale, height = int(upright.shape()[0]) * scale;
  const Strip strip = PlanStrip(width, double(scale) / double(bin), range, options);
  std::array<Rgb, 1024> colours;  // finer than 8 bits a channel
  for (size_t i = 0; i < colours.size(); ++i) {
    colours[i] = MapColour(options.colormap, double(i) / double(colours.size() - 1));
  }
  const auto colour_of = [&](float v) {
    if (v == kNoPicture) return kStrip;
    if (!std::isfinite(v)) return kNotFinite;
    const double place = std::clamp(range.Place(v), 0.0, 1.0);
    return colours[size_t(std::lround(place * double(colours.size() - 1)))];
  };
  Canvas canvas(width, height + strip.height(), kStrip);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      canvas.Put(x, y, colour_of(upright(size_t(y / scale), size_t(x / scale))));
    }
  }
  const double zoom = double(scale) / double(bin);
  for (const ImageLabel& label : options.labels) DrawLabel(canvas, label, zoom);
  DrawStrip(canvas, height, strip, options);
  return canvas.EncodePng();
}

}  // namespace ronchi
