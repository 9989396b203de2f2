// What is a config's document and what is none.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/core/beam_config.h"

namespace ronchi {
namespace {

TEST(ConfigTree, NotYaml) {
  EXPECT_NE(BeamErrorOf("a: [1,\nb: 2").find("f.yaml:"), std::string::npos);
  EXPECT_NE(BeamErrorOf("- 1\n").find("expected a mapping"), std::string::npos);
}

// yaml-cpp reads empty documents without end where a comma stands outside of brackets.
TEST(ConfigTree, ACommaOutOfPlaceIsNoEndlessFile) {
  for (const std::string text : {", a: 1", ",", "{a: 1},", "a: 1\n---\n, b", "[1, 2], 3"}) {
    EXPECT_NE(BeamErrorOf(text).find("not valid YAML"), std::string::npos) << text;
  }
  EXPECT_EQ(BeamErrorOf("\n{a: 1},\n"),
            "f.yaml:2: not valid YAML: what stands here belongs to nothing");
  EXPECT_NE(BeamErrorOf("", {"beam.pair=[1, 2],"}), "");
  // Empty documents that do end.
  EXPECT_EQ(Config::Parse("---\na: 1\n---\n---\n...\n", "f.yaml").status(), absl::OkStatus());
}

TEST(ConfigTree, WhatYamlAllowsButNoConfigMeans) {
  EXPECT_EQ(BeamErrorOf("beam:\n  pixels: 1\n  pixels: 2\n"),
            "f.yaml:3: pixels: given twice, first in line 2");
  EXPECT_EQ(BeamErrorOf("? [a, b]\n: 3\n"), "f.yaml:1: a key must be a single word");
  // A document that contains itself, one that aliases multiply, and two that are deep.
  EXPECT_NE(BeamErrorOf("a: &a {b: *a}").find("nested too deeply"), std::string::npos);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string name = absl::StrCat("a", i), below = absl::StrCat("*a", i - 1);
    laughs += name + ": &" + name + " [" + below;
    for (int j = 0; j < 9; ++j) laughs += ", " + below;
    laughs += "]\n";
  }
  EXPECT_NE(BeamErrorOf(laughs).find("too large"), std::string::npos);
  EXPECT_NE(BeamErrorOf("a: " + std::string(100, '[') + std::string(100, ']')).find("too deeply"),
            std::string::npos);
  EXPECT_NE(BeamErrorOf("a: " + std::string(100000, '[')).find("too deeply"), std::string::npos);
}

// Records, reports and data files are UTF-8: a title that is not would fail when the run is over.
TEST(ConfigTree, TextsAreUtf8WithoutZeros) {
  const auto error = [](const std::string& text, const std::vector<std::string>& overrides = {}) {
    return std::string(Config::Parse(text, "f.yaml", overrides).status().message());
  };
  EXPECT_EQ(error("version: 1\ntitle: caf\xE9 au lait"),
            "f.yaml:2: not UTF-8: byte 0xe9; save the file as UTF-8");
  EXPECT_EQ(error("# \xC5\nversion: 1"), "f.yaml:1: not UTF-8: byte 0xc5; save the file as UTF-8");
  EXPECT_EQ(error("a: 1\nb: {c: [\"x\\0y\"]}"), "f.yaml:2: a text with a zero byte");
  EXPECT_EQ(error("a: 1\n\"x\\0y\": 2"), "f.yaml:2: a text with a zero byte");
  EXPECT_NE(error("a: 1", {"title=caf\xE9"}), "");
  EXPECT_EQ(error("title: caf\u00e9 \u00c5"), "");
  EXPECT_EQ(error("\xEF\xBB\xBFtitle: a"), "") << "a byte-order mark is no text";
  EXPECT_EQ(error(std::string("\xFF\xFE"
                              "a\0:\0 \0"
                              "1\0",
                              10)),
            "")
      << "UTF-16";
}

TEST(ConfigTree, OverridesWinAndAreChecked) {
  EXPECT_EQ(BeamErrorOf("beam: {energy_keV: -5}", {"beam.energy_keV=100"}), "");
  EXPECT_EQ(
      BeamErrorOf("", {"beam.energy_keV=9999"}),
      "--set 'beam.energy_keV=9999': beam.energy_keV: 9999 is not allowed; allowed: 1 … 3000");
  EXPECT_EQ(BeamErrorOf("beam: {pair: [1, 2]}", {"beam.pair.1=x"}).rfind("f.yaml:1: beam.pair", 0),
            0u)
      << "the list as a whole is read, and it is the file's";
  EXPECT_NE(BeamErrorOf("", {"beam..pixels=3"}).find("an empty key"), std::string::npos);
  EXPECT_NE(BeamErrorOf("", {"nonsense"}), "");
  EXPECT_NE(BeamErrorOf("beam: {pixels: 3}", {"beam.pixels.deep=1"}), "");
}

// A file is one document: what stands in a second one would not be read.
TEST(ConfigTree, ASecondDocumentIsRefused) {
  const auto two = Config::Parse("a: 1\n---\nguard: {limits: {x: 2}}\n", "c.yaml");
  EXPECT_TRUE(absl::IsInvalidArgument(two.status()));
  EXPECT_NE(two.status().message().find("c.yaml:3: a second document begins here"),
            std::string::npos)
      << two.status();
  EXPECT_FALSE(Config::Parse("a: 1", "c.yaml", {"b=1\n---\nc: 2"}).ok());
  // One alone may be marked as one.
  for (const char* one : {"---\na: 1\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n...\n"}) {
    const auto config = Config::Parse(one, "c.yaml");
    ASSERT_TRUE(config.ok()) << one << config.status();
    EXPECT_TRUE(config->Has("a"));
  }
}

}  // namespace
}  // namespace ronchi
