#include "core/png_font.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ronchi::internal {
namespace {

Glyph GlyphOf(std::string_view text) {
  const Glyph glyph = NextGlyph(text);
  EXPECT_EQ(text, "");
  return glyph;
}

// Two that look alike would be two numbers that read alike.
TEST(PngFont, EachCharacterLooksDifferent) {
  std::map<Glyph, std::string> seen;
  const std::string characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:-+=/%^*_()";
  for (char c : characters) {
    const auto [it, is_new] = seen.try_emplace(GlyphOf({&c, 1}), std::string(1, c));
    EXPECT_TRUE(is_new) << c << " looks like " << it->second;
  }
  for (const char* wide : {"Å", "µ", "²", "¹"}) EXPECT_FALSE(seen.contains(GlyphOf(wide))) << wide;
  EXPECT_EQ(GlyphOf("µ"), GlyphOf("μ"));  // the unit's prefix and the Greek letter
  for (const auto& [glyph, text] : seen) {
    for (uint8_t row : glyph) EXPECT_LT(row, 1 << kGlyphWidth) << text;
  }
}

// What is not known is a box, one a character; a byte that is none does not hold things up.
TEST(PngFont, TheRestAreBoxes) {
  const Glyph box = GlyphOf("漢");
  EXPECT_EQ(GlyphOf("🔬"), box);
  EXPECT_EQ(GlyphOf("\x01"), box);
  EXPECT_NE(GlyphOf("D"), box);
  EXPECT_EQ(GlyphCount("a漢µ🔬1"), 5);
  EXPECT_EQ(GlyphCount(""), 0);
  EXPECT_EQ(GlyphOf("\xe6"), box);  // cut off
  EXPECT_GT(GlyphCount("\xff\xff\xff"), 0);
  std::string_view text = "1Å";
  EXPECT_EQ(NextGlyph(text), GlyphOf("1"));
  EXPECT_EQ(text, "Å");
}

}  // namespace
}  // namespace ronchi::internal
