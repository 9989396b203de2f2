// What reaches a terminal is text.
#include "core/printable.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(Printable, ControlCharactersAreShown) {
  EXPECT_EQ(Printable("\x1b]0;owned\a\x1b[31m title"), "\\x1b]0;owned\\x07\\x1b[31m title");
  EXPECT_EQ(Printable("gone \r\nforged\t."), "gone \\r\\nforged\\t.");
  EXPECT_EQ(Printable(std::string_view("a\0b\x7f", 4)), "a\\x00b\\u007f");
  // A C1 control as UTF-8 and as a byte of its own: both are CSI to some terminals.
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "\\x9b31m");
  // What turns the direction of writing.
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "abc"),
            "\\u202eabc");
}

TEST(Printable, TextIsLeftAlone) {
  const std::string text = "5 µm … e⁻/Å² – Größe, 試料 🔬 \\x1b";
  EXPECT_EQ(Printable(text), text);
  EXPECT_EQ(PrintableLines("a\n\tb\r\n"), "a\n\tb\\r\n");
}

// Overlong forms, surrogates, torn ends: bytes, each of them.
TEST(Printable, WhatIsNoUtf8IsShownByteByByte) {
  EXPECT_EQ(Printable("\xc0\x9b"), "\\xc0\\x9b");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Printable("\xe2\x80"), "\\xe2\\x80");
  EXPECT_EQ(Printable("M\xfcller"), "M\\xfcller");
}

}  // namespace
}  // namespace ronchi
