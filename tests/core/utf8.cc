#include "core/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace ronchi {
namespace {

TEST(Utf8, WhatIsNone) {
  const char* good[] = {"",
                        "abc",
                        "\u00c5",
                        "\u20ac",
                        "\U0001F52C",
                        "\xEF\xBB\xBF"
                        "bom",
                        "\x7F"};
  for (const char* text : good) EXPECT_EQ(FindInvalidUtf8(text), std::string::npos) << text;
  const std::pair<std::string, size_t> bad[] = {
      {"caf\xE9", 3},          {"\xC0\x80", 0},         {"ab\x80", 2},
      {"\xE0\x9F\xBF", 0},     {"\xED\xA0\x80", 0},     {"\xF0\x8F\xBF\xBF", 0},
      {"\xF4\x90\x80\x80", 0}, {"\xF5\x80\x80\x80", 0}, {"x\xE2\x82", 1}};
  for (const auto& [text, at] : bad) EXPECT_EQ(FindInvalidUtf8(text), at);
}

}  // namespace
}  // namespace ronchi
