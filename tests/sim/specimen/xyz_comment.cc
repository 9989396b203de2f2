#include "sim/specimen/xyz_comment.h"

#include <gtest/gtest.h>

namespace ronchi::sim {
namespace {

using Values = std::map<std::string, std::string>;

Values ParsedComment(const std::string& line) {
  const auto comment = XyzComment::Parse(line);
  EXPECT_TRUE(comment) << line;
  return comment ? comment->all() : Values{};
}

TEST(XyzCommentText, PairsInAllTheirQuotes) {
  EXPECT_EQ(ParsedComment(""), Values{});
  EXPECT_EQ(ParsedComment(" \t "), Values{});
  EXPECT_EQ(ParsedComment("a=1 B=\"2 3\" c='4 5' d={6 {7} 8} e=[[9, 10], [11]]\tf= 12"),
            (Values{{"a", "1"},
                    {"b", "2 3"},
                    {"c", "4 5"},
                    {"d", "6 {7} 8"},
                    {"e", "[9, 10], [11]"},
                    {"f", "12"}}));
  EXPECT_EQ(ParsedComment("flag x=1 end"), (Values{{"flag", "T"}, {"x", "1"}, {"end", "T"}}));
  EXPECT_EQ(ParsedComment("a=1 A=2"), (Values{{"a", "1"}})) << "of two equal keys the first";
  EXPECT_EQ(ParsedComment("a="), (Values{{"a", ""}}));
  EXPECT_EQ(ParsedComment("t=\"say \\\"so\\\"\\\\\""), (Values{{"t", "say \"so\"\\"}}));
  EXPECT_EQ(ParsedComment("t=\"one\\ntwo\""), (Values{{"t", "one two"}}));
}

TEST(XyzCommentText, WhatIsNotClosedIsNone) {
  for (const char* line : {"a=\"", "a=\"x", "a='x\"", "a={1 2", "a=[[1] ", "b=1 a=\"x\\\""}) {
    EXPECT_FALSE(XyzComment::Parse(line)) << line;
  }
}

TEST(XyzCommentText, KeysAreFoundInAnyCase) {
  const auto comment = *XyzComment::Parse("Lattice=\"1 0 0\"");
  ASSERT_TRUE(comment.Find("lattice"));
  EXPECT_EQ(comment.Find("LATTICE"), comment.Find("lattice"));
  EXPECT_EQ(comment.Find("lattic"), nullptr);
  using Words = std::vector<std::string>;
  EXPECT_EQ(XyzComment::Words("[[1, 2],{3};\t(4)]"), (Words{"1", "2", "3", "4"}));
  EXPECT_EQ(XyzComment::Words(" "), Words{});
}

}  // namespace
}  // namespace ronchi::sim
