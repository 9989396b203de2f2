#include "core/png.h"

#include <gtest/gtest.h>

#include "tests/core/decoded_png.h"

namespace ronchi {
namespace {

TEST(Png, PixelsSurvive) {
  std::vector<uint8_t> pixels(5 * 3 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = uint8_t(i * 5);
  const auto colour = EncodePng(5, 3, 3, pixels);
  ASSERT_TRUE(colour.ok());
  const DecodedPng out = DecodePng(*colour);
  EXPECT_EQ(out.width, 5u);
  EXPECT_EQ(out.height, 3u);
  EXPECT_EQ(out.rgb, pixels);
  EXPECT_EQ(*colour, *EncodePng(5, 3, 3, pixels));

  const auto grey = EncodePng(9, 5, 1, pixels);
  ASSERT_TRUE(grey.ok());
  EXPECT_TRUE(SameColour(DecodePng(*grey).at(2, 1), {pixels[11], pixels[11], pixels[11]}));
}

TEST(Png, RefusesWhatDoesNotFit) {
  const std::vector<uint8_t> pixels(12);
  EXPECT_TRUE(absl::IsInvalidArgument(EncodePng(2, 2, 2, pixels).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(EncodePng(2, 3, 3, pixels).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(EncodePng(0, 3, 3, {}).status()));
}

}  // namespace
}  // namespace ronchi
