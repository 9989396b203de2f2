#include "core/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ronchi {
namespace {

using ::testing::Test;

std::string ErrorOf(const std::string& text, const std::vector<std::string>& overrides = {}) {
  absl::StatusOr<Config> config = Config::Parse(text, "f.yaml", overrides);
  if (!config.ok()) return std::string(config.status().message());
  double energy_keV = 200;
  int64_t pixels = 4;
  bool on = false;
  std::vector<double> pair = {0, 0};
  ConfigReader top(*config);
  ConfigReader beam(top.Child("beam"));
  beam.Number("energy_keV", &energy_keV, {.min = 1, .max = 3000});
  beam.Integer("pixels", &pixels, {.min = 1});
  beam.Bool("on", &on);
  beam.Numbers("pair", &pair, 2);
  const absl::Status inner = beam.Done();
  if (!inner.ok()) return std::string(inner.message());
  return std::string(top.Done().message());
}

TEST(Config, NamesFileLineKeyValueAndWhatIsAllowed) {
  EXPECT_EQ(ErrorOf("a: 1\nbeam:\n  energy_keV: -5\n"),
            "f.yaml:3: beam.energy_keV: -5 is not allowed; allowed: 1 … 3000");
  EXPECT_EQ(ErrorOf("beam:\n  energy_keV: 200 kV\n"),
            "f.yaml:2: beam.energy_keV: '200 kV' is not a number; the key's name carries the unit, "
            "give the number alone");
  EXPECT_EQ(ErrorOf("beam:\n  energy_eV: 200\n"),
            "f.yaml:2: beam.energy_eV: unknown key; did you mean 'energy_keV'? allowed: "
            "energy_keV, pixels, on, pair");
  EXPECT_EQ(ErrorOf("beam: {pixels: 1.5}"), "f.yaml:1: beam.pixels: '1.5' is not a whole number");
  EXPECT_EQ(ErrorOf("beam: {pair: [1, x]}"), "f.yaml:1: beam.pair: 'x' is not a number");
  EXPECT_EQ(ErrorOf("beam: {energy_keV: .nan}"),
            "f.yaml:1: beam.energy_keV: '.nan' is not a number");
  EXPECT_EQ(ErrorOf("beam: 3"), "f.yaml:1: beam: expected a mapping of keys");
}

TEST(Config, NotYaml) {
  EXPECT_NE(ErrorOf("a: [1,\nb: 2").find("f.yaml:"), std::string::npos);
  EXPECT_NE(ErrorOf("- 1\n").find("expected a mapping"), std::string::npos);
}

TEST(Config, WhatYamlAllowsButNoConfigMeans) {
  EXPECT_EQ(ErrorOf("beam:\n  pixels: 1\n  pixels: 2\n"),
            "f.yaml:3: pixels: given twice, first in line 2");
  EXPECT_EQ(ErrorOf("? [a, b]\n: 3\n"), "f.yaml:1: a key must be a single word");
  // A document that contains itself, one that aliases multiply, and two that are deep.
  EXPECT_NE(ErrorOf("a: &a {b: *a}").find("nested too deeply"), std::string::npos);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string name = absl::StrCat("a", i), below = absl::StrCat("*a", i - 1);
    laughs += name + ": &" + name + " [" + below;
    for (int j = 0; j < 9; ++j) laughs += ", " + below;
    laughs += "]\n";
  }
  EXPECT_NE(ErrorOf(laughs).find("too large"), std::string::npos);
  EXPECT_NE(ErrorOf("a: " + std::string(100, '[') + std::string(100, ']')).find("too deeply"),
            std::string::npos);
  EXPECT_NE(ErrorOf("a: " + std::string(100000, '[')).find("too deeply"), std::string::npos);
}

TEST(Config, TheMisspeltKeyIsNamedBeforeTheMissingOne) {
  const auto error = [](const std::string& text) {
    double energy_keV = 0;
    ConfigReader r(*Config::Parse(text, "f.yaml"));
    r.Number("energy_keV", &energy_keV, {}, true);
    return std::string(r.Done().message());
  };
  EXPECT_EQ(error("energy_eV: 3"),
            "f.yaml:1: energy_eV: unknown key; did you mean 'energy_keV'? allowed: energy_keV");
  EXPECT_EQ(error("{}"), "f.yaml:1: energy_keV: missing; this key is required");
}

TEST(Config, ListsOfTexts) {
  const auto read = [](const std::string& text, std::string* resolved) {
    const Config config = *Config::Parse(text, "f.yaml");
    std::vector<std::string> streams = {"reward", "dose"};
    ConfigReader r(config);
    r.Texts("streams", &streams);
    const absl::Status status = r.Done();
    *resolved = config.Dump();
    return status.ok() ? absl::StrJoin(streams, " ") : std::string(status.message());
  };
  std::string resolved, again;
  EXPECT_EQ(read("{}", &resolved), "reward dose");
  EXPECT_EQ(read(resolved, &again), "reward dose");
  EXPECT_NE(resolved.find("streams: [reward, dose]"), std::string::npos) << resolved;
  EXPECT_EQ(read("streams: [a b, 3]", &resolved), "a b 3");
  EXPECT_EQ(read("streams: []", &resolved), "");
  EXPECT_EQ(read("streams: reward", &resolved), "f.yaml:1: streams: expected a list of texts");
  EXPECT_EQ(read("streams: [[a]]", &resolved), "f.yaml:1: streams: expected a list of texts");
}

TEST(Config, AllMistakesOfAMappingAreToldAtOnce) {
  const auto config = *Config::Parse("energy_keV: x\npixls: 3\npair: [1]\non: maybe\n", "f.yaml");
  double energy_keV = 0, needed = 0;
  int64_t pixels = 4;
  bool on = false;
  std::vector<double> pair = {0, 0};
  ConfigReader r(config);
  r.Number("energy_keV", &energy_keV);
  r.Number("energy_keV", &energy_keV);  // asked for twice, told once
  r.Integer("pixels", &pixels, {}, true);
  r.Numbers("pair", &pair, 2);
  r.Bool("on", &on);
  r.Number("needed", &needed, {}, true);
  const absl::Status status = r.Done();
  EXPECT_EQ(status.message(), "f.yaml:1: energy_keV: 'x' is not a number");
  EXPECT_EQ(AllErrors(status),
            (std::vector<std::string>{
                "f.yaml:1: energy_keV: 'x' is not a number",
                "f.yaml:3: pair: expected a list of 2 numbers",
                "f.yaml:4: on: 'maybe' is not allowed; allowed: true, false",
                // The missing `pixels` is the misspelt key; each name stands once.
                "f.yaml:2: pixls: unknown key; did you mean 'pixels'? allowed: energy_keV, pixels, "
                "pair, on, needed",
                "f.yaml:1: needed: missing; this key is required"}));
}

TEST(Config, EmptyFilesAndFoldersAreNamed) {
  const std::string empty = testing::TempDir() + "empty.yaml";
  std::ofstream(empty).close();
  EXPECT_EQ(Config::Load(empty).status().message(), empty + ": the file is empty");
  EXPECT_EQ(Config::Load("/dev/zero").status().message(), "/dev/zero: is not a regular file");
  EXPECT_EQ(Config::Load("/").status().message(), "/: is a folder, not a file");
  EXPECT_EQ(Config::Load("/no.yaml").status().message(), "/no.yaml: No such file or directory");
}

// Records, reports and data files are UTF-8: a title that is not would fail when the run is over.
TEST(Config, TextsAreUtf8WithoutZeros) {
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

TEST(Config, OverridesWinAndAreChecked) {
  EXPECT_EQ(ErrorOf("beam: {energy_keV: -5}", {"beam.energy_keV=100"}), "");
  EXPECT_EQ(
      ErrorOf("", {"beam.energy_keV=9999"}),
      "--set 'beam.energy_keV=9999': beam.energy_keV: 9999 is not allowed; allowed: 1 … 3000");
  EXPECT_EQ(ErrorOf("beam: {pair: [1, 2]}", {"beam.pair.1=x"}).rfind("f.yaml:1: beam.pair", 0), 0u)
      << "the list as a whole is read, and it is the file's";
  EXPECT_NE(ErrorOf("", {"beam..pixels=3"}).find("an empty key"), std::string::npos);
  EXPECT_NE(ErrorOf("", {"nonsense"}), "");
  EXPECT_NE(ErrorOf("beam: {pixels: 3}", {"beam.pixels.deep=1"}), "");
}

TEST(Config, DumpHoldsEveryDefaultAndReadsBackTheSame) {
  auto read = [](const std::string& text) {
    Config config = *Config::Parse(text, "f.yaml");
    ConfigReader top(config);
    ConfigReader beam(top.Child("beam"));
    double energy_keV = 200.1;
    beam.Number("energy_keV", &energy_keV);
    std::vector<double> pair = {0.1, 2};
    beam.Numbers("pair", &pair, 2);
    EXPECT_TRUE(beam.Done().ok());
    EXPECT_TRUE(top.Done().ok());
    EXPECT_EQ(energy_keV, 200.1);
    return config.Dump();
  };
  const std::string dump = read("");
  EXPECT_NE(dump.find("energy_keV"), std::string::npos);
  EXPECT_EQ(read(dump), dump);
}

// A file is one document: what stands in a second one would not be read.
// What one reader knows is not seen by another of the same mapping; misspelt keys are told with the
// right names, and defaults stand in the one document.
TEST(Config, TheRestOfAMappingIsForAnotherReader) {
  const Config all = *Config::Parse("guard: {limits: 1}\nspeed: 2\n", "a.yaml");
  ConfigReader mine(all);
  mine.Known("guard");
  mine.Known("record");
  const Config rest = mine.Child("");
  EXPECT_FALSE(rest.Has("guard"));
  EXPECT_EQ(rest.Keys(), std::vector<std::string>{"speed"});
  EXPECT_FALSE(ConfigReader(rest).Child("guard").IsMap());
  double speed = 0, other = 7;
  ConfigReader r(rest);
  r.Number("speed", &speed);
  r.Number("other", &other);
  EXPECT_TRUE(r.Done().ok());
  EXPECT_EQ(speed, 2);
  EXPECT_TRUE(all.Has("guard"));
  EXPECT_TRUE(all.Has("other"));
  const std::string unknown(ConfigReader(rest).Done().message());
  EXPECT_THAT(unknown, testing::HasSubstr("a.yaml:2: speed: unknown key"));
  EXPECT_THAT(unknown, testing::Not(testing::HasSubstr("guard")));
}

TEST(Config, ASecondDocumentIsRefused) {
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
