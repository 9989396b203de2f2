#include "hw/wire/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace ronchi::hw::wire {
namespace {

using testing::HasSubstr;

std::string Bytes(const nlohmann::json& head, const std::vector<float>& pixels = {}) {
  std::string out = *EncodeHead(head, pixels.size());
  return out.append(reinterpret_cast<const char*>(pixels.data()), 4 * pixels.size());
}
std::string Why(const std::string& bytes, uint32_t most_pixels = kMostPixels) {
  const auto all = DecodeAll(bytes, most_pixels);
  return all.ok() ? "" : std::string(all.status().message());
}

// As docs/add_driver.md says, byte by byte: whoever writes another program has nothing else.
TEST(Message, LiesOnTheWireAsDocumented) {
  const std::string bytes = Bytes({{"a", 1}}, {1.0f});
  EXPECT_EQ(bytes, std::string("RNCH\x07\0\0\0\x01\0\0\0{\"a\":1}\0\0\x80\x3f", 23));
}

TEST(Message, ComesBackToTheBit) {
  const std::vector<float> pixels = {0, -0.0f, 1e-42f, 3e38f, std::nanf(""), INFINITY};
  const auto all = DecodeAll(Bytes({{"type", "µ"}}, pixels) + Bytes({{"n", 1e300}}));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].head["type"], "µ");
  EXPECT_EQ(std::memcmp((*all)[0].pixels.data(), pixels.data(), 4 * pixels.size()), 0);
  EXPECT_EQ((*all)[1].head["n"], 1e300);
}

TEST(Message, WhatIsNoneIsToldInALine) {
  const std::string good = Bytes({{"type", "reply"}}, {1, 2});
  EXPECT_THAT(Why("HTTP/1.1 400 Bad Request\r\n"), HasSubstr("begins with 'HTTP'"));
  EXPECT_THAT(Why(std::string("RNCH\xff\xff\xff\xff\0\0\0\0", 12)),
              HasSubstr("4294967295 bytes of JSON is not allowed; allowed: 2 … 16777216"));
  EXPECT_THAT(Why(std::string("RNCH\0\0\0\0\0\0\0\0", 12)), HasSubstr("0 bytes of JSON"));
  EXPECT_THAT(Why(good, 1), HasSubstr("2 pixels is not allowed; at most 1 were asked for"));
  EXPECT_THAT(Why(good.substr(0, good.size() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(Why(good.substr(0, 5)), HasSubstr("cut off"));
  const auto of = [](const std::string& text) {
    std::string bytes = Bytes({});
    bytes[4] = char(text.size());
    return bytes.substr(0, kHeaderBytes) + text;
  };
  EXPECT_THAT(Why(of("{\"time_s\":NaN}")), HasSubstr("NaN"));
  EXPECT_THAT(Why(of("[1, 2]")), HasSubstr("no object"));
  EXPECT_THAT(Why(of("{\"a\":\"\xff\"}")), HasSubstr("no JSON"));
  EXPECT_THAT(Why(of(std::string(120, '['))), HasSubstr("nested too deeply"));
  for (const std::string& line : {Why(of("{\n\n")), Why(of("{\"a\":\"\n\"}"))}) {
    EXPECT_FALSE(line.empty());
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

TEST(Message, TooLargeIsNotSent) {
  EXPECT_TRUE(
      absl::IsOutOfRange(EncodeHead({{"text", std::string(kMostJsonBytes, 'x')}}, 0).status()));
  EXPECT_TRUE(absl::IsOutOfRange(EncodeHead({}, size_t{kMostPixels} + 1).status()));
}

}  // namespace
}  // namespace ronchi::hw::wire
