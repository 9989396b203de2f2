// A 5 x 7 bitmap font for labels in pictures, drawn for this project. For core/canvas.cc alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ronchi::internal {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7;

// Seven rows from the top; bit 4 is the leftmost column.
using Glyph = std::array<uint8_t, kGlyphHeight>;

// The glyph at the start of `text`, which is shortened by it. Letters, digits and the marks of
// numbers and units; µ, Å, ² and ¹ in UTF-8; anything else is a box.
Glyph NextGlyph(std::string_view& text);
// The number of glyphs in `text`.
int GlyphCount(std::string_view text);

}  // namespace ronchi::internal
