// Pictures: 8-bit PNG in memory, and a rendered image with its scale and its range of values.
// The same input gives the same bytes.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"

namespace ronchi {

// `pixels`: row by row from the top, `channels` bytes each: 1 (grey) or 3 (red, green, blue; sRGB).
absl::StatusOr<std::string> EncodePng(size_t width, size_t height, size_t channels,
                                      std::span<const uint8_t> pixels);

enum class Colormap {
  kGrey,
  kSequential,  // indigo to yellow, lightness rising evenly; for intensities
  kDiverging,   // blue, pale, red; for signed values: an automatic range is symmetric about 0
};

inline constexpr float kNoPicture = std::numeric_limits<float>::infinity();

// A word on the picture, its top left at a pixel of the image (x to the right, y down). It is left
// out where it is wider than `room` pixels of the image.
struct ImageLabel {
  size_t x = 0, y = 0, room = 0;
  std::string text;
};

struct RenderOptions {
  Colormap colormap = Colormap::kGrey;
  // Of the finite values when not given.
  std::optional<double> minimum = std::nullopt, maximum = std::nullopt;
  // True: image(x, y), as `simulate` writes; false: image(y, x), as instruments deliver. The origin
  // is at the top left either way.
  bool first_axis_horizontal = false;
  double pixel_size = 0;         // along the horizontal axis; 0: no scale bar
  std::string length_unit = "";  // behind the scale bar's number, e.g. "A", "nm", "mrad"
  bool colour_bar = false;
  std::string value_unit = "";
  // Output pixels an image pixel; 0: automatic (about 384 at least, at most 1024; large images are
  // averaged over square blocks).
  int upscale = 0;
  std::vector<ImageLabel> labels = {};
};

// Red, green, blue of a value in [0, 1].
struct Rgb {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Rgb&) const = default;
};
Rgb MapColour(Colormap colormap, double value);

// The image with, below it, a strip that holds the scale bar and the colour bar (where asked for).
// Values that are not finite are drawn in a magenta that no map contains, kNoPicture (between the
// panels of a montage) in the strip's colour. InvalidArgument: not rank
// 2, empty, or minimum above maximum.
absl::StatusOr<std::string> RenderImage(const Array<float>& image, const RenderOptions& options);

// 1, 2 or 5 times a power of ten, the largest that is at most `limit` (> 0).
double NiceLength(double limit);

}  // namespace ronchi
