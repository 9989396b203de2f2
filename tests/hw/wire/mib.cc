#include "hw/wire/mib.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ronchi::hw::wire {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

MibHeader Small() { return {.sequence = 7, .width = 256, .height = 128, .pixel = MibPixel::kU16}; }

TEST(Mib, AHeaderIsThatOfTheFormatByteForByte) {
  const std::string text = MibHeaderText(
      Small(), {.time = "2020-05-18 16:51:49.971626", .shutter_s = 0.000555, .depth = 12});
  EXPECT_EQ(text.size(), 384u);
  EXPECT_THAT(text, StartsWith("MQ1,000007,00384,01,0256,0128,U16,   1x1,01,"
                               "2020-05-18 16:51:49.971626,0.000555,0,0,0,0.000000E+0,"));
  EXPECT_THAT(text, HasSubstr(",MQ1A,2020-05-18T16:51:49.971626000Z,555000ns,12,"));
  EXPECT_EQ(text.substr(text.find('\0')).find_first_not_of('\0'), std::string::npos);
}

TEST(Mib, EncodedIsParsedAgain) {
  for (const MibPixel pixel : {MibPixel::kU08, MibPixel::kU16, MibPixel::kU32}) {
    MibHeader h = Small();
    h.pixel = pixel;
    h.sequence = 1234567;  // more digits than are padded
    h.chips = 4;
    h.layout = "2x2G";
    h.header_bytes = 768;
    h.counter = 1;
    const auto back = ParseMibHeader(MibHeaderText(h, {}));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->sequence, h.sequence);
    EXPECT_EQ(back->header_bytes, 768u);
    EXPECT_EQ(back->chips, 4u);
    EXPECT_EQ(back->width, 256u);
    EXPECT_EQ(back->height, 128u);
    EXPECT_EQ(back->pixel, pixel);
    EXPECT_EQ(back->layout, "2x2G");
    EXPECT_EQ(back->counter, 1u);
    EXPECT_EQ(back->pixel_bytes(), 256u * 128 * PixelBytes(pixel));
  }
}

TEST(Mib, WhatIsNoHeaderIsRefusedWithALine) {
  const std::string good = MibHeaderText(Small(), {});
  const std::pair<const char*, const char*> spoilt[] = {
      {"MQ1", "MQ2"},     {"000007", "-00007"}, {"000007", "999999999999"},
      {"00384", "99999"}, {"0256", "0000"},     {"0256", "20000"},
      {"0256", "     "},  {"0128", "1e3"},      {"U16", "R64"},
      {"U16", "U01"},     {"U16", "U64"},       {"MQ1,", "MQ1;"}};
  for (const auto& [from, to] : spoilt) {
    std::string bytes = good;
    bytes.replace(bytes.find(from), std::string(from).size(), to);
    const auto h = ParseMibHeader(bytes);
    EXPECT_FALSE(h.ok()) << from << " " << to;
    EXPECT_FALSE(h.status().message().empty());
  }
  std::string raw = good;
  raw.replace(raw.find("U16"), 3, "R64");
  EXPECT_TRUE(absl::IsUnimplemented(ParseMibHeader(raw).status()));
  EXPECT_THAT(std::string(ParseMibHeader(raw).status().message()), HasSubstr("'R64' are not read"));
  for (size_t n = 0; n < good.size(); ++n) (void)ParseMibHeader(good.substr(0, n));
}

TEST(Mib, TheHeaderOfAnAcquisition) {
  const std::string text = AcquisitionHeaderText({64, 8, 12}, {{"Exposure Time (ms)", "1"}});
  EXPECT_EQ(text,
            "HDR,\t\r\nFrames in Acquisition (Number):\t64\r\nFrames per Trigger (Number):\t8\r\n"
            "Counter Depth (number):\t12\r\nExposure Time (ms):\t1\r\nEnd\t");
  const auto h = ParseAcquisitionHeader(text);
  ASSERT_TRUE(h.ok()) << h.status();
  EXPECT_EQ(h->frames, 64u);
  EXPECT_EQ(h->frames_per_trigger, 8u);
  EXPECT_EQ(h->depth, 12);
  // As LiberTEM-live's simulator writes it, and with letters of Latin-1 and without.
  EXPECT_EQ(ParseAcquisitionHeader("HDR,\nFrames in Acquisition (Number):\t3\nEnd\t")->frames, 3u);
  EXPECT_EQ(ParseAcquisitionHeader("HDR,\nT (\xb0"
                                   "C):\t\xff\xfe\nFrames in Acquisition (Number):\t3\nEnd\t")
                ->frames,
            3u);
  for (const char* bad : {"", "HDR", "HDR,", "HDR,\nFrames in Acquisition (Number):\tmany\nEnd\t",
                          "HDR,\nFrames in Acquisition (Number):\t-3\nEnd\t",
                          "HDR,\nFrames in Acquisition (Number):\t\nEnd\t", "HDR,\nEnd\t"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseAcquisitionHeader(bad).status())) << bad;
  }
}

TEST(Mib, TheCountersDepthHasATypeOfPixels) {
  EXPECT_EQ(PixelOfDepth(1), MibPixel::kU08);
  EXPECT_EQ(PixelOfDepth(6), MibPixel::kU08);
  EXPECT_EQ(PixelOfDepth(12), MibPixel::kU16);
  EXPECT_EQ(PixelOfDepth(24), MibPixel::kU32);
}

}  // namespace
}  // namespace ronchi::hw::wire
