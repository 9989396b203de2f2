#include "experiments/catalog/texts.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

using Texts = std::vector<std::string>;

Texts ReadWords(const std::string& text, std::string* error) {
  const Config config = *Config::Parse(text, "f.yaml");
  ConfigReader reader(config);
  const Texts out = ReadTexts(&reader, "words", {"standard"});
  *error = std::string(reader.Done().message());
  return out;
}

TEST(TextsOfAConfig, AreAListOrTheStandard) {
  std::string error;
  EXPECT_EQ(ReadWords("{words: [a, 'b c', 3]}", &error), (Texts{"a", "b c", "3"}));
  EXPECT_EQ(error, "");
  EXPECT_EQ(ReadWords("{words: []}", &error), Texts{});
  EXPECT_EQ(error, "");
  EXPECT_EQ(ReadWords("{}", &error), Texts{"standard"});
  EXPECT_EQ(error, "");
}

TEST(TextsOfAConfig, OtherThingsAreToldWithTheirLine) {
  std::string error;
  ReadWords("other: 1\nwords: a\n", &error);
  EXPECT_EQ(error.rfind("f.yaml:2: words: expected a ", 0), 0u) << error;
  ReadWords("words: [a, [b]]", &error);
  EXPECT_EQ(error, "f.yaml:1: words: expected a list of texts");
}

}  // namespace
}  // namespace ronchi
