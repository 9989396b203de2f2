// A picture of 8-bit red, green, blue to draw on: points, boxes, lines, circles, text. What lies
// outside is left out, so anything may be drawn anywhere. No anti-aliasing: the same calls give the
// same bytes everywhere.
#pragma once

#include <string_view>

#include "core/png.h"

namespace ronchi {

class Canvas {
 public:
  Canvas(int width, int height, Rgb background);  // both at least 1
  int width() const { return int(pixels_.shape()[1]); }
  int height() const { return int(pixels_.shape()[0]); }

  // (0, 0) is the top left pixel, y points down.
  void Put(int x, int y, Rgb colour);
  void Box(int x, int y, int width, int height, Rgb colour);  // filled
  void Frame(int x, int y, int width, int height, Rgb colour);
  void Line(int x0, int y0, int x1, int y1, Rgb colour);  // both ends with it
  void Circle(int x, int y, int radius, Rgb colour);
  void Disc(int x, int y, int radius, Rgb colour);
  void Cross(int x, int y, int arm, Rgb colour);  // upright
  // A 5 x 7 font, each dot `scale` pixels; (x, y) is the text's top left.
  void Text(int x, int y, std::string_view text, Rgb colour, int scale = 1);
  static int TextWidth(std::string_view text, int scale = 1);
  static int TextHeight(int scale = 1);

  const Array<uint8_t>& pixels() const { return pixels_; }  // [height, width, 3]
  absl::StatusOr<std::string> EncodePng() const;

 private:
  Array<uint8_t> pixels_;
};

}  // namespace ronchi
