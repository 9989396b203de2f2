#include "hw/wire/mib_pixels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace ronchi::hw::wire {
namespace {

using testing::ElementsAre;

constexpr std::string_view kBytes("\x00\x01\x02\x03\xff\xfe\x80\x00", 8);

TEST(MibPixels, AreBigEndian) {
  std::vector<float> u08(8), u16(4), u32(2);
  std::vector<uint16_t> whole(4);
  PixelsToFloats(kBytes, MibPixel::kU08, u08);
  PixelsToFloats(kBytes, MibPixel::kU16, u16);
  PixelsToFloats(kBytes, MibPixel::kU32, u32);
  PixelsToIntegers(kBytes, whole);
  EXPECT_THAT(u08, ElementsAre(0, 1, 2, 3, 255, 254, 128, 0));
  EXPECT_THAT(u16, ElementsAre(1, 0x203, 0xfffe, 0x8000));
  EXPECT_THAT(u32, ElementsAre(float(0x10203), float(0xfffe8000u)));
  EXPECT_THAT(whole, ElementsAre(1, 0x203, 0xfffe, 0x8000));
}

TEST(MibPixels, EveryNumberOf16BitsComesBack) {
  std::vector<float> all(65536), back(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = float(i);
  std::string bytes(2 * all.size(), '\0');
  FloatsToPixels(all, MibPixel::kU16, 65535, bytes.data());
  PixelsToFloats(bytes, MibPixel::kU16, back);
  EXPECT_EQ(all, back);
}

TEST(MibPixels, CountsAreRoundedAndClipped) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::vector<float> counts = {-3, -0.4f, 0.4f, 0.6f, 62.9f, 64, 1e30f, inf, -inf, nan};
  std::string bytes(counts.size(), 'x');
  FloatsToPixels(counts, MibPixel::kU08, 63, bytes.data());
  std::vector<float> back(counts.size());
  PixelsToFloats(bytes, MibPixel::kU08, back);
  EXPECT_THAT(back, ElementsAre(0, 0, 0, 1, 63, 63, 63, 63, 0, 0));
}

}  // namespace
}  // namespace ronchi::hw::wire
