// The command line as scripts and people see it: help for every verb, JSON that parses, and logs
// that never stand between results.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;

constexpr const char* kVerbs[] = {"run",    "check",  "flow",   "simulate", "train",    "evaluate",
                                  "deploy", "replay", "report", "list",     "describe", "init",
                                  "watch",  "cache",  "doctor", "conform"};

json JsonOf(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  const Finished done = Ronchi(words, folder);
  EXPECT_EQ(done.status, 0) << ::testing::PrintToString(words) << done.err;
  const json parsed = json::parse(done.out, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << ::testing::PrintToString(words) << done.out;
  return parsed;
}

TEST(Cli, HelpOfEveryVerb) {
  const TemporaryFolder folder;
  const Finished all = Ronchi({"--help"}, folder.path());
  EXPECT_EQ(all.status, 0);
  for (const char* verb : kVerbs) {
    EXPECT_THAT(all.out, HasSubstr(std::string("  ") + verb));
    const Finished help = Ronchi({verb, "--help"}, folder.path());
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.err, "");
    for (const char* option : {"--set", "--seed", "--threads", "--json", "--verbose"}) {
      EXPECT_THAT(help.out, HasSubstr(option)) << verb;
    }
    EXPECT_THAT(help.out, ::testing::Not(::testing::ContainsRegex("REQUIRED +\n"))) << verb;
    EXPECT_THAT(help.out, HasSubstr(std::string("Example:\n  ronchi ") + verb));
  }
  EXPECT_THAT(Ronchi({"simulate", "--help"}, folder.path()).out,
              HasSubstr("dose.seed and phonons.seed"));
  EXPECT_THAT(Ronchi({"--version"}, folder.path()).out, ::testing::StartsWith("ronchi "));
}

TEST(Cli, ListAndDescribe) {
  const TemporaryFolder folder;
  const json list = JsonOf({"list", "--json"}, folder.path());
  for (const char* group :
       {"agents", "engines", "environments", "instruments", "recipes", "structures"}) {
    ASSERT_TRUE(list.contains(group)) << group;
    EXPECT_FALSE(list[group].empty()) << group;
  }
  // Every file of the folder, whatever its format.
  for (const auto& entry :
       std::filesystem::directory_iterator(RONCHI_SOURCE_DIR "/data/structures")) {
    EXPECT_TRUE(list["structures"].contains(entry.path().filename().string())) << entry.path();
  }
  EXPECT_THAT(list["structures"]["SrTiO3.cif"].get<std::string>(), HasSubstr("Sr Ti O3, 3.905"));
  for (const char* group : {"agents", "engines", "environments", "recipes", "structures"}) {
    for (const auto& [name, text] : list[group].items()) {
      const json thing = JsonOf({"describe", name, "--json"}, folder.path());
      EXPECT_EQ(thing["name"], name);
      EXPECT_EQ(thing["summary"], text);
    }
  }
  const json task = JsonOf({"describe", "AberrationTuning-v1", "--json"}, folder.path());
  EXPECT_EQ(task["action_space"]["shape"], json({3}));
  EXPECT_EQ(task["action_space"]["unit"], "nm");
  EXPECT_EQ(task["task"]["pixels"], 64);
  EXPECT_EQ(task["info"][0], "time_s");
  const json gp = JsonOf({"describe", "gp", "--json"}, folder.path());
  EXPECT_EQ(gp["options"]["agent.budget"]["default"], 40);
}

TEST(Cli, DescribeTakesTheKindBeforeTheName) {
  const TemporaryFolder folder;
  EXPECT_EQ(JsonOf({"describe", "engine", "contracted", "--json"}, folder.path()),
            JsonOf({"describe", "contracted", "--json"}, folder.path()));
  const Finished done = Ronchi({"describe", "agent", "contracted"}, folder.path());
  EXPECT_EQ(done.status, 2);
  EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
}

TEST(Cli, ConformAsksAnInstrument) {
  const TemporaryFolder folder;
  const json report =
      JsonOf({"conform", "--instrument", "corrected_200kV", "--json"}, folder.path());
  EXPECT_EQ(report["conforms"], true) << report;
  EXPECT_GT(report["checks"].size(), 20u);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"conform"}, {"conform", "--instrument", "titan"}}) {
    const Finished done = Ronchi(words, folder.path());
    EXPECT_EQ(done.status, 2);
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
  }
}

TEST(Cli, DescribeMeasuresTheTwinsEngine) {
  const TemporaryFolder folder;
  const json twin = JsonOf({"describe", "twin", "--json"}, folder.path());
  const json& errors = twin["image_engine_error_against_multislice"];
  ASSERT_EQ(errors.size(), 6u);  // two optics and atoms at rest, two engines
  for (const json& e : errors) {
    ASSERT_TRUE(e["rms_error_after_common_factor"].is_number()) << e;  // NaN would be null
    EXPECT_GT(e["rms_error_after_common_factor"], 0);
    if (e["optics"] == "in focus, atoms at rest") {  // chance has no part in it
      if (e["engine"] != "contracted") continue;
      EXPECT_LT(std::fabs(double(e["mean_fraction_off_percent"])), 0.5) << e;
      EXPECT_LT(std::fabs(double(e["contrast_off_percent"])), 0.5) << e;
    } else if (e["engine"] == "contracted") {
      // Levels: 1 % of the engine, and three standard errors of multislice.
      const auto agree = [&e](const std::string& what) {
        const double truth = e[what + "_multislice"];
        const double error = e[what + "_multislice_standard_error"];
        EXPECT_NEAR(double(e[what]), truth, 0.01 * truth + 3 * error) << e;
        EXPECT_LT(error, 0.1 * truth) << e;  // so that this says something
        // The engine's own chance: 0.4 % of 48 configurations, which four draws know to 40 %.
        EXPECT_GT(e[what + "_standard_error"], 0) << e;
        EXPECT_LT(e[what + "_standard_error"], 0.01 * truth) << e;
      };
      agree("mean_fraction");
      agree("contrast");
      // Every place of the truth is a mean of few visits: a tenth of its own value.
      EXPECT_LT(e["rms_error"], 0.3) << e;
    } else {
      EXPECT_LT(e["rms_error_after_common_factor"], 1) << e;
      // The sum of the atoms, which the linear engine takes, is right to a quarter or so: 0.74
      // was seen at C10 = 5 nm.
      EXPECT_NEAR(e["common_factor"], 1, 0.35) << e;
    }
  }
}

TEST(Cli, DescribeOfAnUnknownNameListsAllThereAre) {
  const TemporaryFolder folder;
  const Finished done = Ronchi({"describe", "nosuch"}, folder.path());
  EXPECT_EQ(done.status, 2);
  for (const char* name :
       {"AberrationTuning-v1", "gp", "multislice", "corrected_200kV", "quickstart"}) {
    EXPECT_NE(done.err.find(name), std::string::npos) << name << " in: " << done.err;
  }
}

TEST(Cli, Doctor) {
  const TemporaryFolder folder;
  const Finished done = Ronchi({"doctor", "--json"}, folder.path());
  const json findings = json::parse(done.out);
  bool good = true;
  for (const json& f : findings) good &= f["good"].get<bool>();
  EXPECT_EQ(done.status, good ? 0 : 1);
  EXPECT_GE(findings.size(), 5u);
}

constexpr char kSimulate[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 1]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [64, 64], slice_thickness_A: 1.9525}
phonons: {configurations: 2, rms_A: {O: 0.1}}
scan: {end_A: [3.905, 3.905], pixels: [3, 3]}
detectors: {bf: {type: annular, outer_mrad: 20}}
dose: {electrons_per_A2: 1000}
)";

TEST(Cli, SimulateIsSeededAndOverridden) {
  const TemporaryFolder folder;
  testing_support::WriteAll(folder / "s.yaml", kSimulate);
  const auto bytes = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"simulate", "s.yaml", "-o", "o.hdf5", "--json", "--force"};
    words.insert(words.end(), more.begin(), more.end());
    const json j = JsonOf(words, folder.path());
    EXPECT_GT(j["means"]["bf"], 0.1);
    EXPECT_LT(j["means"]["bf"], 1.5);
    return testing_support::ReadAll(folder / "o.hdf5");
  };
  const std::string plain = bytes({});
  EXPECT_TRUE(plain == bytes({"--threads", "1"}));
  EXPECT_TRUE(plain == bytes({"--seed", "0"})) << "both seeds are 0 in the file's defaults";
  EXPECT_FALSE(plain == bytes({"--seed", "1"}));
  EXPECT_TRUE(bytes({"--seed", "5"}) == bytes({"--set", "dose.seed=5", "--set", "phonons.seed=5"}));
  EXPECT_FALSE(plain == bytes({"--set", "beam.energy_keV=100"}));
}

TEST(Cli, TrainSaysWhenItRoundsAndKeepsAPolicyThatIsThere) {
  const TemporaryFolder folder;
  std::vector<std::string> words = {"train",  "quickstart", "-o",
                                    "p.json", "--set",      "agent={kind: ppo, train_steps: 600}"};
  const Finished done = Ronchi(words, folder.path());
  EXPECT_EQ(done.status, 0) << done.err;
  // Four environments of 128 images.
  EXPECT_THAT(done.err, HasSubstr("rounds of 512 images; 600 were asked for, 512 are taken"));
  EXPECT_THAT(done.out, HasSubstr("512 images"));
  const std::string policy = testing_support::ReadAll(folder / "p.json");
  const Finished again = Ronchi(words, folder.path());
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("p.json: is there already; --force"));
  EXPECT_EQ(testing_support::ReadAll(folder / "p.json"), policy);
}

TEST(Cli, TheFirstExampleRuns) {
  const TemporaryFolder folder;
  const json j = JsonOf({"simulate", RONCHI_SOURCE_DIR "/examples/simulate/sto_haadf.yaml", "-o",
                         "sto.hdf5", "--json", "-q"},
                        folder.path());
  EXPECT_EQ(testing_support::Contents(folder.path()),
            (std::vector<std::string>{"sto.haadf.png", "sto.hdf5"}));
  EXPECT_EQ(j["slices"], 20);
  // More than nothing, and far less than all the current, is scattered beyond 70 mrad in 4 nm.
  EXPECT_GT(j["means"]["haadf"], 0.001);
  EXPECT_LT(j["means"]["haadf"], 0.05);
}

TEST(Cli, LogsStandOnStderrAlone) {
  const TemporaryFolder folder;
  testing_support::WriteAll(folder / "s.yaml", kSimulate);
  const std::vector<std::string> words = {"simulate", "s.yaml", "-o",
                                          "o.hdf5",   "--json", "--force"};
  const auto with = [&](const char* flag) {
    std::vector<std::string> all = words;
    all.push_back(flag);
    return Ronchi(all, folder.path());
  };
  const Finished quiet = with("-q"), verbose = with("-v");
  EXPECT_EQ(quiet.err, "");
  EXPECT_TRUE(json::accept(quiet.out));
  EXPECT_TRUE(json::accept(verbose.out));
  for (const char* what : {"atoms", "probes", "seeds: phonons 0, dose 0", "GB of memory", "FFT"}) {
    EXPECT_THAT(verbose.err, HasSubstr(what));
  }
  const Finished run =
      Ronchi({"run", "quickstart", "--set", "deploy.steps=3", "--set", "train.tune_steps=3",
              "--set", "agent.kind=random", "-o", "r", "-v", "--json"},
             folder.path());
  EXPECT_TRUE(json::accept(run.out)) << run.out;
  for (const char* what : {"recipe quickstart", "seed 1", "seed of 'train'", "tuned: 4 images",
                           "deployed: 4 images", "wrote r/data.hdf5"}) {
    EXPECT_THAT(run.err, HasSubstr(what));
  }
}

}  // namespace
}  // namespace ronchi
