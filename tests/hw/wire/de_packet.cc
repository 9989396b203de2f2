#include "hw/wire/de_packet.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace ronchi::hw::wire {
namespace {

std::string DeBytes(const std::string& hex) { return absl::HexStringToBytes(hex); }

// Seen on the wire between the maker's client and its server: "Frames Per Second" asked for.
TEST(DePacket, TheBytesOfAQuestionAndItsAnswer) {
  const uint32_t id = DeCommandId(DeOperation::kGetProperty, 12);
  EXPECT_EQ(id, 1203u);
  EXPECT_EQ(absl::BytesToHexString(DeCommandBytes(id, "", {std::string("Frames Per Second")})),
            "2500000008011a2108b3091a1c080312056c6162656c2a114672616d657320506572205365636f6e64");
  const std::string answer = DeBytes("100000000802220c10b3092a07080435f668aa43");
  for (size_t n = 0; n < answer.size(); ++n) {
    EXPECT_EQ(*DeAnswerEnd(std::string_view(answer).substr(0, n)), 0u) << n;
  }
  EXPECT_EQ(*DeAnswerEnd(answer), answer.size());
  EXPECT_EQ(*DeAnswerEnd(answer + "next"), answer.size());
  const auto parsed = ParseDeAnswer(answer, id);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_FALSE(parsed->refused);
  ASSERT_EQ(parsed->values.size(), 1u);
  EXPECT_NEAR(*DeNumber(parsed->values[0]), 340.82, 1e-4);  // seven digits
  EXPECT_FALSE(ParseDeAnswer(answer, id + 1).ok());
  EXPECT_FALSE(ParseDeAnswer(answer.substr(0, 10), id).ok());
}

TEST(DePacket, ACameraIsNamedAndValuesHaveTheirTypes) {
  const std::string bytes =
      DeCommandBytes(1715, "Celeritas", {int32_t(-1), true, 0.5f, std::string("x")});
  EXPECT_NE(bytes.find("Celeritas"), std::string::npos);
  EXPECT_EQ(bytes.find("label"), std::string::npos) << "only a first text is one";
  EXPECT_NE(bytes.find(DeBytes("0801120376616c1801")), std::string::npos) << "-1 in zigzag";
}

TEST(DePacket, NumbersOfAnyTypeThatAreFinite) {
  EXPECT_EQ(DeNumber(int32_t(3)), 3.0);
  EXPECT_EQ(DeNumber(std::string(" 0.5")), 0.5);
  for (const DeValue& none : {DeValue(true), DeValue(std::string("x")), DeValue(float(NAN)),
                              DeValue(float(INFINITY)), DeValue(std::string("nan"))}) {
    EXPECT_FALSE(DeNumber(none)) << DeText(none);
  }
}

TEST(DePacket, RangesInBothShapes) {
  const auto range = [](const std::vector<DeValue>& values) {
    return DeRangeOf({.values = values});
  };
  const auto s = [](const char* text) { return std::string(text); };
  const auto apart = range({s("Float"), s("Range"), 0.5f, 1000.f, s("Basic"), s("1"), s("2")});
  ASSERT_TRUE(apart);
  EXPECT_EQ(apart->min, 0.5);
  EXPECT_EQ(apart->max, 1000);
  const auto together =
      range({s("Float"), s("Range"), s("Basic"), s("0.06, 1e6, '0.06 - 1e6'"), s("1"), s("2")});
  ASSERT_TRUE(together);
  EXPECT_EQ(together->max, 1e6);
  EXPECT_FALSE(range({s("String"), s("Set"), s("Off"), s("On")}));
  EXPECT_FALSE(range({s("Float"), s("Range"), s("Basic")}));
  EXPECT_FALSE(range({s("Float"), s("Range"), 5.f, 4.f}));
  EXPECT_FALSE(range({}));
}

TEST(DePacket, ImagesOfAllFormats) {
  const auto image = [](int32_t format, const std::string& pixels) {
    return DeImageOf({.values = {format, int32_t(2), int32_t(1), std::string("name"), int32_t(7),
                                 true, int32_t(0), int32_t(3)},
                      .pixels = pixels});
  };
  for (const auto& [format, hex] :
       {std::pair(1, "01ff"), {5, "0100ff00"}, {13, "0000803f00007f43"}}) {
    const auto got = image(format, DeBytes(hex));
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->acquisition, 7);
    EXPECT_EQ(got->frames, 3);
    EXPECT_EQ(got->counts.values()[0], 1);
    EXPECT_EQ(got->counts.values()[1], 255);
  }
  EXPECT_FALSE(image(5, DeBytes("0100ff")).ok());
  EXPECT_FALSE(image(2, DeBytes("0100ff00")).ok());
}

}  // namespace
}  // namespace ronchi::hw::wire
