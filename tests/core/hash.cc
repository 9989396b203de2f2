#include "core/hash.h"

#include <gtest/gtest.h>

#include <set>

namespace ronchi {
namespace {

// The digests of xxHash's own command line, `xxhsum -H2`.
TEST(Hash, IsXxh3) {
  EXPECT_EQ(HashOf(std::string_view()).Hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(HashOf(std::string_view()).LowHex(), "6001c324468d497f");
  EXPECT_EQ(HashOf("abc").Hex(), "06b05ab6733a618578af5f94892f3950");
}

TEST(Hash, DigitsAreSixteenAndThirtyTwo) {
  const Hash128 small{.low = 0xab, .high = 1};
  EXPECT_EQ(small.Hex(), "000000000000000100000000000000ab");
  EXPECT_EQ(small.LowHex(), "00000000000000ab");
}

TEST(Hasher, OfPiecesIsTheHashOfAll) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += char('a' + i * i % 26);
  for (size_t piece : {size_t(1), size_t(7), size_t(256), size_t(4999)}) {
    Hasher hasher;
    for (size_t at = 0; at < text.size(); at += piece) {
      const std::string_view part = std::string_view(text).substr(at, piece);
      hasher.Update(std::as_bytes(std::span(part)));
    }
    EXPECT_EQ(hasher.Digest(), HashOf(text)) << piece;
    EXPECT_EQ(hasher.Digest(), HashOf(text));  // asking changes nothing
  }
  EXPECT_EQ(Hasher().Digest(), HashOf(""));
}

TEST(Hash, AnyBitCounts) {
  std::set<std::string> seen;
  const std::string text(40, 'x');
  seen.insert(HashOf(text).LowHex());
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = char(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(seen.insert(HashOf(changed).LowHex()).second) << bit;
  }
}

}  // namespace
}  // namespace ronchi
