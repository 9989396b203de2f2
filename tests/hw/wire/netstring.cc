#include "hw/wire/netstring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/wire/framed_peer.h"

namespace ronchi::hw::wire {
namespace {

using testing::HasSubstr;

// FramedPeer takes it as it is.
static_assert(std::is_convertible_v<decltype(&NetstringEnd), FrameEnd>);

TEST(Netstring, IsAsBernsteinWroteIt) {
  EXPECT_EQ(Netstring("hello world!"), "12:hello world!,");
  EXPECT_EQ(Netstring(""), "0:,");
  EXPECT_EQ(Netstring(std::string("\0,:", 3)), std::string("3:\0,:,", 6));
}

TEST(Netstring, IsFoundByteByByteWhereItIsFoundAtOnce) {
  for (const std::string& payload :
       {std::string(), std::string("a"), std::string("12:hello world!,"), std::string(1000, ','),
        std::string("\0\xff:", 3)}) {
    const std::string frame = Netstring(payload), two = frame + frame;
    for (size_t n = 0; n < frame.size(); ++n) {
      const auto end = NetstringEnd(std::string_view(frame).substr(0, n));
      ASSERT_TRUE(end.ok()) << end.status();
      EXPECT_EQ(*end, 0u) << n;
    }
    EXPECT_EQ(*NetstringEnd(frame), frame.size());
    EXPECT_EQ(*NetstringEnd(two), frame.size());
    EXPECT_EQ(PayloadOf(frame), payload);
  }
}

TEST(Netstring, WhatBeginsNoneIsRefusedWithItsFirstWrongByte) {
  struct Wrong {
    std::string bytes;  // without the last one nothing is wrong yet
    std::string says;
  };
  for (const Wrong& w : std::vector<Wrong>{{"x", "decimal digits"},
                                           {"-", "decimal digits"},
                                           {"+", "decimal digits"},
                                           {" ", "decimal digits"},
                                           {"1 ", "decimal digits"},
                                           {"0x", "decimal digits"},
                                           {"1.", "decimal digits"},
                                           {"\xef", "\\xef"},
                                           {":", "no length"},
                                           {"00", "leading zero"},
                                           {"01", "leading zero"},
                                           {"16777217", "more than 16777216 bytes"},
                                           {"99999999", "more than 16777216 bytes"},
                                           {"3:abc;", "does not end with a comma"},
                                           {"0:x", "does not end with a comma"}}) {
    const auto before = NetstringEnd(std::string_view(w.bytes).substr(0, w.bytes.size() - 1));
    ASSERT_TRUE(before.ok()) << w.bytes << before.status();
    EXPECT_EQ(*before, 0u);
    const auto end = NetstringEnd(w.bytes);
    EXPECT_TRUE(absl::IsInvalidArgument(end.status())) << w.bytes;
    EXPECT_THAT(std::string(end.status().message()), HasSubstr(w.says)) << w.bytes;
  }
}

TEST(Netstring, TheMostIsInclusive) {
  EXPECT_EQ(*NetstringEnd("16777216:"), 0u);
  EXPECT_EQ(*NetstringEndUpTo("3:abc,", 3), 6u);
  EXPECT_FALSE(NetstringEndUpTo("4", 3).ok());
  // No run of digits is taken for a number that has gone round.
  EXPECT_FALSE(NetstringEnd("18446744073709551617:").ok());
}

}  // namespace
}  // namespace ronchi::hw::wire
