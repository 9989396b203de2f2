#include "core/canvas.h"

#include <algorithm>
#include <cstdlib>

#include "core/png_font.h"

namespace ronchi {

using internal::kGlyphHeight, internal::kGlyphWidth;

Canvas::Canvas(int width, int height, Rgb background)
    : pixels_({size_t(height), size_t(width), 3}) {
  RONCHI_CHECK(width > 0 && height > 0);
  Box(0, 0, width, height, background);
}

void Canvas::Put(int x, int y, Rgb colour) {
  if (x < 0 || y < 0 || x >= width() || y >= height()) return;
  uint8_t* p = &pixels_[3 * (size_t(y) * size_t(width()) + size_t(x))];
  p[0] = colour.r, p[1] = colour.g, p[2] = colour.b;
}

void Canvas::Box(int x, int y, int box_width, int box_height, Rgb colour) {
  const int right = std::min(x + box_width, width()), bottom = std::min(y + box_height, height());
  for (int v = std::max(0, y); v < bottom; ++v) {
    for (int u = std::max(0, x); u < right; ++u) Put(u, v, colour);
  }
}

void Canvas::Frame(int x, int y, int box_width, int box_height, Rgb colour) {
  Box(x, y, box_width, 1, colour);
  Box(x, y + box_height - 1, box_width, 1, colour);
  Box(x, y, 1, box_height, colour);
  Box(x + box_width - 1, y, 1, box_height, colour);
}

// Bresenham 1965, in the form for all octants.
void Canvas::Line(int x0, int y0, int x1, int y1, Rgb colour) {
  const int dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0);
  const int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
  for (int error = dx + dy;;) {
    Put(x0, y0, colour);
    if (x0 == x1 && y0 == y1) return;
    const int twice = 2 * error;
    if (twice >= dy) error += dy, x0 += step_x;
    if (twice <= dx) error += dx, y0 += step_y;
  }
}

// The midpoint circle, one octant mirrored.
void Canvas::Circle(int x, int y, int radius, Rgb colour) {
  int u = radius, v = 0, error = 1 - radius;
  while (u >= v) {
    for (const auto& [a, b] : {std::pair{u, v}, std::pair{v, u}}) {
      for (int corner = 0; corner < 4; ++corner) {
        Put(x + (corner & 1 ? a : -a), y + (corner & 2 ? b : -b), colour);
      }
    }
    ++v;
    error += error < 0 ? 2 * v + 1 : 2 * (v - --u) + 1;
  }
}

void Canvas::Disc(int x, int y, int radius, Rgb colour) {
  for (int v = -radius; v <= radius; ++v) {
    for (int u = -radius; u <= radius; ++u) {
      if (u * u + v * v <= radius * radius + radius) Put(x + u, y + v, colour);
    }
  }
}

void Canvas::Cross(int x, int y, int arm, Rgb colour) {
  Line(x - arm, y, x + arm, y, colour);
  Line(x, y - arm, x, y + arm, colour);
}

void Canvas::Text(int x, int y, std::string_view text, Rgb colour, int scale) {
  for (; !text.empty(); x += (kGlyphWidth + 1) * scale) {
    const internal::Glyph glyph = internal::NextGlyph(text);
    for (int i = 0; i < kGlyphHeight * kGlyphWidth; ++i) {
      const int row = i / kGlyphWidth, column = i % kGlyphWidth;
      if (!(glyph[size_t(row)] >> (kGlyphWidth - 1 - column) & 1)) continue;
      Box(x + column * scale, y + row * scale, scale, scale, colour);
    }
  }
}

int Canvas::TextWidth(std::string_view text, int scale) {
  return std::max(0, internal::GlyphCount(text) * (kGlyphWidth + 1) - 1) * scale;
}

int Canvas::TextHeight(int scale) { return kGlyphHeight * scale; }

absl::StatusOr<std::string> Canvas::EncodePng() const {
  return ronchi::EncodePng(size_t(width()), size_t(height()), 3, pixels_.values());
}

}  // namespace ronchi
