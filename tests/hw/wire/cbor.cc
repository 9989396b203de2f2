#include "hw/wire/cbor.h"

#include <gtest/gtest.h>

#include "tests/support/simplon_messages.h"

namespace ronchi::hw::wire {
namespace {

using testing_support::Cbor;
using testing_support::CborText;

TEST(Cbor, ItemsComeAsTheyAre) {
  const std::string bytes =
      Cbor(0, 1000000) + CborText("Å") + Cbor(2, 3) + "abc" + Cbor(6, 56500) + Cbor(4, 0);
  CborReader r(bytes);
  EXPECT_EQ(r.Next()->value, 1000000u);
  EXPECT_EQ(r.Expect(CborItem::kText, "name")->bytes, "Å");
  EXPECT_EQ(r.Expect(CborItem::kBytes, "data")->bytes, "abc");
  EXPECT_EQ(r.Expect(CborItem::kTag, "tag")->value, 56500u);
  EXPECT_FALSE(r.done());
  EXPECT_EQ(r.Expect(CborItem::kUnsigned, "count").status().message(),
            "its count is of another type");
  EXPECT_TRUE(r.done());
}

// RFC 8949, appendix A: everything that is not needed is passed over as a whole.
TEST(Cbor, WhatIsNotNeededIsSkipped) {
  const std::string open = {"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", 10};
  const std::string open_map =
      "\xbf\x61"
      "a\x01\x61"
      "b\x9f\x02\x03\xff\xff";
  const std::string pieces = "\x5f\x42\x01\x02\x43\x03\x04\x05\xff";
  const std::string floats = {"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9};
  const std::string tagged = std::string("\xc0\x74") + "2013-03-21T20:04:00Z";
  const std::string simple = "\xf5";
  const std::string map =
      "\xa2\x61"
      "a\x01\x61"
      "b\x82\x02\x03";
  for (const std::string& bytes : {open, open_map, pieces, floats, tagged, simple, map}) {
    const std::string more = bytes + Cbor(0, 7);
    CborReader r(more);
    ASSERT_TRUE(r.SkipRestOf(*r.Next()).ok());
    EXPECT_EQ(r.Next()->value, 7u);
    EXPECT_TRUE(r.done());
  }
}

TEST(Cbor, WhatIsNoneIsRefused) {
  const auto skip = [](const std::string& bytes) {
    CborReader r(bytes);
    const auto item = r.Next();
    return item.ok() ? r.SkipRestOf(*item) : item.status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(skip("")));
  EXPECT_TRUE(
      absl::IsInvalidArgument(skip("\x5a\x7f\xff\xff\xff"
                                   "abc")))
      << "cut";
  EXPECT_TRUE(absl::IsInvalidArgument(skip("\x1c"))) << "reserved";
  EXPECT_TRUE(absl::IsInvalidArgument(skip("\xff"))) << "ends nothing";
  EXPECT_TRUE(absl::IsInvalidArgument(skip(Cbor(4, ~uint64_t{0})))) << "cut";
  EXPECT_TRUE(absl::IsInvalidArgument(skip(std::string(100000, '\x81')))) << "too deep";
  EXPECT_TRUE(absl::IsInvalidArgument(skip(std::string(100000, '\xc1')))) << "too deep";
}

}  // namespace
}  // namespace ronchi::hw::wire
