// What a person sees of an environment (Environment::Render): a canvas on which images, curves and
// settings are laid out in rectangles. The same calls give the same bytes.
//
//   Picture picture(448, 256);
//   picture.Image({0, 0, 256, 256}, image, {n, n}, {.colormap = Colormap::kGrey});
//   picture.Bar({264, 8, 176, 20}, "C10 nm", defocus, -range, range);
//   picture.Curve({264, 120, 176, 128}, "contrast", history);
//   return picture.Take();
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/canvas.h"

namespace ronchi::env {

struct Rectangle {
  int x = 0, y = 0, width = 0, height = 0;  // pixels; (x, y) is the top left
};
struct ImageShape {
  size_t rows = 0, columns = 0;
};
struct ImageStyle {
  Colormap colormap = Colormap::kGrey;
  std::optional<double> minimum = std::nullopt, maximum = std::nullopt;  // of the finite values
};

class Picture {
 public:
  static constexpr Rgb kBackground = {24, 28, 34}, kInk = {232, 235, 240}, kFaint = {70, 78, 90},
                       kAccent = {255, 183, 77}, kOther = {100, 181, 246}, kGood = {129, 199, 132},
                       kBad = {229, 115, 115};

  Picture(int width, int height) : canvas_(width, height, kBackground) {}
  // For lines, circles, crosses, markers, text.
  Canvas& canvas() { return canvas_; }

  // values[row * columns + column] over the rectangle, nearest neighbour; what is not finite is
  // magenta.
  void Image(const Rectangle& where, std::span<const float> values, const ImageShape& shape,
             const ImageStyle& style = {});
  // The canvas pixel of a point of an image drawn there; (0.5, 0.5) is the centre of the top left
  // image pixel.
  static std::pair<int, int> PixelAt(const Rectangle& where, const ImageShape& shape, double column,
                                     double row);
  // A label with its value, and below it a bar from zero (or from `low`, when that is above zero)
  // to the value. The rectangle is best 20 pixels high or more.
  void Bar(const Rectangle& where, std::string_view label, double value, double low, double high,
           Rgb colour = kAccent);
  // Values one after the other, the last one marked; the range is theirs unless it is given. With
  // `slots` above values.size() the curve grows from the left as an episode goes on.
  void Curve(const Rectangle& where, std::string_view label, std::span<const double> values,
             size_t slots = 0, std::optional<double> low = std::nullopt,
             std::optional<double> high = std::nullopt);

  Array<uint8_t> Take() { return canvas_.pixels(); }  // [height, width, 3]

 private:
  Canvas canvas_;
};

}  // namespace ronchi::env
