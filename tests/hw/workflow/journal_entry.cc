#include "hw/workflow/journal_entry.h"

#include <gtest/gtest.h>

namespace ronchi::hw::workflow {
namespace {

using nlohmann::json;

std::string WhyNoEntry(const std::string& text) {
  const absl::Status status = CheckJournalEntry(json::parse(text));
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
  return std::string(status.message());
}

TEST(JournalEntries, HaveATypeAndFieldsOfTheirKind) {
  EXPECT_EQ(WhyNoEntry(R"({"type": "step", "label": "x", "elapsed_s": 0, "blanked": true})"), "");
  EXPECT_EQ(WhyNoEntry(R"({"type": "later", "unknown": [1, {"a": null}]})"), "");  // may grow
  EXPECT_EQ(WhyNoEntry("[]"), "an entry is not an object");
  EXPECT_EQ(WhyNoEntry("{}"), "'type' is not a text");
  EXPECT_EQ(WhyNoEntry(R"({"type": 3})"), "'type' is not a text");
  EXPECT_EQ(WhyNoEntry(R"({"type": "step", "label": 3})"), "'label' is not a text");
  EXPECT_EQ(WhyNoEntry(R"({"type": "step", "blanked": 0})"), "'blanked' is not true or false");
  for (const char* bad : {"-1", "\"3\"", "null", "1e999", "true"}) {
    if (std::string(bad) == "1e999") continue;  // no JSON number
    EXPECT_EQ(WhyNoEntry(std::string(R"({"type": "step", "electrons": )") + bad + "}"),
              "'electrons' is not a number from 0")
        << bad;
  }
}

TEST(JournalEntries, OfCommandsHoldOne) {
  for (const char* type : {"begin", "command", "aside", "lost"}) {
    EXPECT_EQ(WhyNoEntry(std::string(R"({"type": ")") + type + "\"}"), "'command' is not there");
  }
  EXPECT_EQ(WhyNoEntry(R"({"type": "handler"})"), "");
  EXPECT_EQ(WhyNoEntry(R"({"type": "handler", "electrons": 1})"), "'command' is not there");
  EXPECT_NE(WhyNoEntry(R"({"type": "command", "command": {"verb": "dance"}})"), "");
  EXPECT_EQ(WhyNoEntry(R"({"type": "command", "command": {"x": ["nan"]}})"),
            "'command' is not one with numbers");
}

// A journal must not make a run read files that are not its own.
TEST(JournalEntries, ImagesLieInTheRunsFolder) {
  json image = json::parse(R"({"type": "image", "file": "frames/1.raw", "offset": 0, "sum": "x",
                               "detector": "haadf", "shapes": [[4, 4]]})");
  EXPECT_TRUE(CheckJournalValue(image).ok()) << CheckJournalValue(image);
  for (const std::string& file :
       {std::string("/etc/passwd"), std::string("../other"), std::string("a/../../b"),
        std::string(), std::string("a\0b", 3)}) {
    json bad = image;
    bad["file"] = file;
    EXPECT_EQ(CheckJournalValue(bad).message(), "'file' is not a file of the run") << file;
  }
  const std::pair<const char*, json> changes[] = {
      {"offset", -1},        {"offset", "0"},       {"sum", 3},
      {"detector", nullptr}, {"shapes", {{4, -4}}}, {"shapes", {4}}};
  for (const auto& [key, value] : changes) {
    json bad = image;
    bad[key] = value;
    EXPECT_TRUE(absl::IsInvalidArgument(CheckJournalValue(bad))) << key << " " << value;
    bad.erase(key);
    EXPECT_TRUE(absl::IsInvalidArgument(CheckJournalValue(bad))) << key;
  }
}

}  // namespace
}  // namespace ronchi::hw::workflow
