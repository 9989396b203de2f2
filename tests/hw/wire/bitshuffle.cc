#include "hw/wire/bitshuffle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/simplon_messages.h"

namespace ronchi::hw::wire {
namespace {

using testing::HasSubstr;
using testing_support::Lz4Blocks;
using testing_support::Shuffled;
using testing_support::ShuffledLz4;

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += char(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}
// Not one that repeats.
std::string Raw(size_t bytes) {
  std::string raw;
  uint32_t x = 12345;
  for (size_t i = 0; i < bytes; ++i) {
    x = x * 1664525u + 1013904223u;
    raw += char(x >> 24);
  }
  return raw;
}
template <class T>
std::string Elements(size_t n, uint64_t step) {
  std::string raw;
  for (size_t i = 0; i < n; ++i) {
    const T value = T(i * step);
    raw.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return raw;
}

// What the bitshuffle of PyPI (0.5.2) makes of i · 1777 mod 2¹⁶ in blocks of 16 elements, and of
// i · 99991 in its usual blocks.
const char kOfTwoBytes[] =
    "00000022f011aaaaccccf0f000ffaaaa66661e1efe01545532330e0f54aa9833e0c300fc000000000022f011aaaacc"
    "ccf0f000ff5555cccc3c3cfc03a9aa9b998787d52ae6cc070f07f0f8ff00000012f001aaccf000aa9978f852c9c795"
    "191e1f1fa815991c8a23";
const char kOfFourBytes[] =
    "00000034f00faaaa66661e1e54ab3299a42d38ce6aa54c36da92c671945a1863e08300fc1e009cb4b438c7c00700f8"
    "0001005000000000007069180007f019009e761b0035fd1c00cc831e00";

TEST(Bitshuffle, WhatAnotherLibraryPackedIsUnpacked) {
  const std::string two = Elements<uint16_t>(43, 1777), four = Elements<uint32_t>(21, 99991);
  std::string out(two.size(), ' ');
  Scratch scratch;
  const std::string head = testing_support::BigEndian(two.size(), 8);
  ASSERT_TRUE(DecodeBitshuffledLz4(head + testing_support::BigEndian(32, 4) + FromHex(kOfTwoBytes),
                                   2, out, &scratch)
                  .ok());
  EXPECT_EQ(out, two);
  out.assign(four.size(), ' ');
  // A header of zeros: the usual blocks.
  ASSERT_TRUE(
      DecodeBitshuffledLz4(std::string(12, '\0') + FromHex(kOfFourBytes), 4, out, &scratch).ok());
  EXPECT_EQ(out, four);
}

TEST(Bitshuffle, EverySizeOfBlockAndElement) {
  Scratch scratch;
  for (const size_t element : {1u, 2u, 4u}) {
    // Beside and beyond the sixteen groups that are taken at once.
    for (const size_t n : {0u, 1u, 7u, 8u, 120u, 127u, 128u, 129u, 136u, 4096u, 5003u}) {
      const std::string raw = Raw(n * element);
      std::string out(raw.size(), ' ');
      for (const size_t block : {8 * element, 136 * element, size_t{8192}}) {
        const absl::Status s =
            DecodeBitshuffledLz4(ShuffledLz4(raw, element, block), element, out, &scratch);
        ASSERT_TRUE(s.ok()) << s << element << " " << n << " " << block;
        ASSERT_EQ(out, raw) << element << " " << n << " " << block;
      }
    }
  }
}

TEST(Bitshuffle, BlocksWithoutShuffling) {
  for (const size_t n : {1u, 64u, 65u, 1000u}) {
    for (const std::string& raw : {Raw(n), std::string(n, 'x')}) {
      std::string out(n, ' ');
      ASSERT_TRUE(DecodeLz4Blocks(Lz4Blocks(raw), out).ok());
      EXPECT_EQ(out, raw);
    }
  }
}

TEST(Bitshuffle, WhatIsDamagedIsSaid) {
  const std::string raw = Elements<uint16_t>(100, 3);
  const std::string good = ShuffledLz4(raw, 2);
  Scratch scratch;
  std::string out(raw.size(), ' ');
  const auto why = [&](const std::string& bytes, size_t room) {
    out.assign(room, ' ');
    const absl::Status s = DecodeBitshuffledLz4(bytes, 2, out, &scratch);
    EXPECT_TRUE(absl::IsInvalidArgument(s)) << s;
    return std::string(s.message());
  };
  EXPECT_THAT(why("", 200), HasSubstr("without a header"));
  EXPECT_THAT(why(good, 202), HasSubstr("200 bytes where 202"));
  EXPECT_THAT(why(good.substr(0, 30), 200), HasSubstr("cut"));
  EXPECT_THAT(why(good + "x", 200), HasSubstr("are left"));
  std::string odd = good;
  odd[11] = 63;
  EXPECT_THAT(why(odd, 200), HasSubstr("not eights"));
  odd[11] = 0;
  EXPECT_THAT(why(odd, 200), HasSubstr("blocks of 0 bytes"));
  odd = good;
  odd[8] = 127;
  EXPECT_THAT(why(odd, 200), HasSubstr("allowed are 1"));
  odd = good;
  odd[12] = 127;  // the first block's size
  EXPECT_THAT(why(odd, 200), HasSubstr("cut"));
  odd = good;
  for (size_t i = 16; i < 30; ++i) odd[i] = '\xff';
  EXPECT_THAT(why(odd, 200), HasSubstr("LZ4"));
}

}  // namespace
}  // namespace ronchi::hw::wire
