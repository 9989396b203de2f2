// What a reader says of the keys of a mapping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "tests/core/beam_config.h"

namespace ronchi {
namespace {

TEST(ConfigReader, NamesFileLineKeyValueAndWhatIsAllowed) {
  EXPECT_EQ(BeamErrorOf("a: 1\nbeam:\n  energy_keV: -5\n"),
            "f.yaml:3: beam.energy_keV: -5 is not allowed; allowed: 1 … 3000");
  EXPECT_EQ(BeamErrorOf("beam:\n  energy_keV: 200 kV\n"),
            "f.yaml:2: beam.energy_keV: '200 kV' is not a number; the key's name carries the unit, "
            "give the number alone");
  EXPECT_EQ(BeamErrorOf("beam:\n  energy_eV: 200\n"),
            "f.yaml:2: beam.energy_eV: unknown key; did you mean 'energy_keV'? allowed: "
            "energy_keV, pixels, on, pair");
  EXPECT_EQ(BeamErrorOf("beam: {pixels: 1.5}"),
            "f.yaml:1: beam.pixels: '1.5' is not a whole number");
  EXPECT_EQ(BeamErrorOf("beam: {pair: [1, x]}"), "f.yaml:1: beam.pair: 'x' is not a number");
  EXPECT_EQ(BeamErrorOf("beam: {energy_keV: .nan}"),
            "f.yaml:1: beam.energy_keV: '.nan' is not a number");
  EXPECT_EQ(BeamErrorOf("beam: 3"), "f.yaml:1: beam: expected a mapping of keys");
}

TEST(ConfigReader, TheMisspeltKeyIsNamedBeforeTheMissingOne) {
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

TEST(ConfigReader, AllMistakesOfAMappingAreToldAtOnce) {
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

// What one reader knows is not seen by another of the same mapping; misspelt keys are told with the
// right names, and defaults stand in the one document.
TEST(ConfigReader, TheRestOfAMappingIsForAnotherReader) {
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

TEST(ConfigReader, ListsOfTexts) {
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

}  // namespace
}  // namespace ronchi
