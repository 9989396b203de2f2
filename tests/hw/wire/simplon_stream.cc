#include "hw/wire/simplon_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/simplon_messages.h"

namespace ronchi::hw::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::Cbor;
using testing_support::CborText;
using testing_support::Parts;
using testing_support::SimplonArray;
using testing_support::SimplonCborImage;
using testing_support::SimplonCborWord;
using testing_support::SimplonForm;
using testing_support::SimplonPartsEnd;
using testing_support::SimplonPartsOf;
using testing_support::SimplonPartsStart;

absl::StatusOr<SimplonMessage> Parse(const Parts& parts) {
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return ParseSimplonParts(views);
}
std::string Pixels(const std::vector<uint32_t>& values, size_t bytes) {
  std::string raw;
  for (const uint32_t v : values) raw.append(reinterpret_cast<const char*>(&v), bytes);
  return raw;
}
const std::vector<uint32_t> kTwelve = {0, 1, 2, 255, 254, 5, 6, 7, 8, 9, 10, 11};

void ExpectTwelve(const SimplonMessage& message, float at_255) {
  const auto* image = std::get_if<SimplonImage>(&message);
  ASSERT_NE(image, nullptr);
  EXPECT_EQ(image->series, 34u);
  EXPECT_EQ(image->image, 7u);
  EXPECT_EQ(image->width, 4u);
  EXPECT_EQ(image->height, 3u);
  std::vector<float> counts(12);
  SimplonPixels pixels;
  ASSERT_TRUE(pixels.Decode(*image, std::span(counts)).ok());
  EXPECT_THAT(counts, ElementsAre(0, 1, 2, at_255, 254, 5, 6, 7, 8, 9, 10, 11));
}

// All bits of a byte set: it was not measured. Of more bytes, 255 is a number.
TEST(SimplonStream, PixelsOfEveryKind) {
  for (const size_t bytes : {1u, 2u, 4u}) {
    for (const char* coding : {"none", "lz4", "bslz4"}) {
      const SimplonForm f{4, 3, bytes, coding};
      const std::string raw = Pixels(kTwelve, bytes);
      const Parts parts = SimplonPartsOf(34, 7, f, raw);
      const std::string message = SimplonCborImage(34, 7, f, raw);
      const auto one = Parse(parts), two = ParseSimplonCbor(message, "");
      ASSERT_TRUE(one.ok()) << one.status();
      ASSERT_TRUE(two.ok()) << two.status();
      ExpectTwelve(*one, bytes == 1 ? 0 : 255);
      ExpectTwelve(*two, bytes == 1 ? 0 : 255);
    }
  }
}

TEST(SimplonStream, StartsAndEnds) {
  EXPECT_EQ(std::get<SimplonStart>(*Parse(SimplonPartsStart(5))).series, 5u);
  EXPECT_EQ(std::get<SimplonEnd>(*Parse(SimplonPartsEnd(5))).series, 5u);
  EXPECT_EQ(std::get<SimplonStart>(*ParseSimplonCbor(SimplonCborWord("start", 5), "")).series, 5u);
  EXPECT_EQ(std::get<SimplonEnd>(*ParseSimplonCbor(SimplonCborWord("end", 5), "")).series, 5u);
  // As some simulators send a header: its parts one by one.
  EXPECT_TRUE(std::holds_alternative<SimplonOther>(*Parse({R"({"nimages": 1})"})));
}

TEST(SimplonStream, OneChannelOfSeveral) {
  const SimplonForm f{4, 3, 2, "lz4"};
  const std::string one = CborText("threshold_1") + SimplonArray(f, Pixels({1, 2, 3}, 2)),
                    two = CborText("threshold_2") + SimplonArray(f, Pixels(kTwelve, 2)),
                    message = SimplonCborImage(34, 7, 2, one + two);
  ExpectTwelve(*ParseSimplonCbor(message, "threshold_2"), 255);
  const auto unnamed = ParseSimplonCbor(message, "");
  EXPECT_TRUE(absl::IsUnimplemented(unnamed.status()));
  EXPECT_THAT(std::string(unnamed.status().message()), HasSubstr("threshold_1, threshold_2"));
  EXPECT_TRUE(absl::IsUnimplemented(ParseSimplonCbor(message, "threshold_3").status()));
}

TEST(SimplonStream, WhatIsNoMessageIsSaid) {
  const SimplonForm f{4, 3, 2, "none"};
  const Parts good = SimplonPartsOf(34, 7, f, Pixels(kTwelve, 2));
  const auto why = [](const absl::StatusOr<SimplonMessage>& m) {
    EXPECT_FALSE(m.ok());
    return std::string(m.status().message());
  };
  const auto with = [&](size_t part, const std::string& text) {
    Parts p = good;
    p[part] = text;
    return why(Parse(p));
  };
  EXPECT_THAT(why(Parse({})), HasSubstr("without parts"));
  EXPECT_THAT(why(Parse({"\xff\xff"})), HasSubstr("no JSON object"));
  EXPECT_THAT(why(Parse({good[0]})), HasSubstr("1 parts"));
  EXPECT_THAT(with(0, R"({"htype": "dimage-1.0", "series": -1, "frame": 0})"),
              HasSubstr("numbers of its series"));
  EXPECT_THAT(with(0, R"({"htype": "\u001b[2J"})"), testing::Not(HasSubstr("\x1b")));
  EXPECT_THAT(with(1, "{}"), HasSubstr("second part"));
  EXPECT_THAT(with(2, "abc"), HasSubstr("3 bytes that says 24"));
  EXPECT_THAT(with(1, R"({"htype": "dimage_d-1.0", "shape": [1e9, 2], "type": "uint8"})"),
              HasSubstr("two numbers"));
  EXPECT_THAT(with(1, R"({"htype": "dimage_d-1.0", "shape": [0, 2], "type": "uint8"})"),
              HasSubstr("0 × 2"));
  EXPECT_THAT(with(1, R"({"htype": "dimage_d-1.0", "shape": [4, 3], "type": "float32"})"),
              HasSubstr("'float32' are not read"));
  EXPECT_THAT(with(1, R"({"htype": "dimage_d-1.0", "shape": [4, 3], "type": "uint16",)"
                      R"("encoding": "bs32-lz4<"})"),
              HasSubstr("'bs32-lz4<' of 16 bits"));
  EXPECT_THAT(why(ParseSimplonCbor("", "")), HasSubstr("cut"));
  EXPECT_THAT(why(ParseSimplonCbor(Cbor(4, 0), "")), HasSubstr("no map"));
  EXPECT_THAT(why(ParseSimplonCbor(Cbor(5, 0), "")), HasSubstr("series"));
  EXPECT_THAT(why(ParseSimplonCbor(SimplonCborWord("start", 5) + "x", "")), HasSubstr("after"));
  EXPECT_THAT(why(ParseSimplonCbor(SimplonCborWord("stop", 5), "")), HasSubstr("no start"));
  EXPECT_THAT(why(ParseSimplonCbor(SimplonCborImage(1, 1, 0, ""), "")), HasSubstr("channels"));
}

}  // namespace
}  // namespace ronchi::hw::wire
