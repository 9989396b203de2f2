#include "core/sealed_text.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(SealedText, ALineHoldsItsTextAndNoOther) {
  for (const std::string text : {"", "book 1 1 0 0 1 1", "ends in # 0123456789abcdef"}) {
    const std::string line = SealLine(text);
    EXPECT_EQ(line.size(), text.size() + 18);
    EXPECT_EQ(UnsealLine(line), text);
    for (size_t i = 0; i < line.size(); ++i) {
      std::string damaged = line;
      damaged[i] ^= 1;
      EXPECT_EQ(UnsealLine(damaged), std::nullopt) << damaged;
      EXPECT_EQ(UnsealLine(line.substr(0, i)), std::nullopt) << i;
    }
  }
  // XXH3 of nothing: its authors' value, low half.
  EXPECT_EQ(SealLine(""), " #6001c324468d497f");
}

TEST(SealedText, DamageOfAnyByteIsFound) {
  const std::string text = "(fftw-3.3.10 wisdom\n  (1 2 3)\n)\n", sealed = Seal("a kind 1", text);
  EXPECT_EQ(*Unseal("a kind 1", sealed), text);
  EXPECT_FALSE(Unseal("a kind 2", sealed).ok());
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string bad = sealed;
    bad[i] = char(bad[i] ^ 4);
    EXPECT_FALSE(Unseal("a kind 1", bad).ok()) << i;
    EXPECT_FALSE(Unseal("a kind 1", sealed.substr(0, i)).ok()) << i;
  }
}

}  // namespace
}  // namespace ronchi
