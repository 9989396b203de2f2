// `ronchi run quickstart` and what can be done with its folder.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "core/hash.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

const std::vector<std::string> kFiles = {"config.yaml", "data.hdf5",   "events.jsonl", "frames.f32",
                                         "policy.json", "report.html", "summary.json"};

// One run for all tests: seed 7, two threads.
class Quickstart : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    first_ = Ronchi({"run", "quickstart", "--seed", "7", "--threads", "2", "-o", "first", "--json"},
                    folder_->path());
  }
  static void TearDownTestSuite() { delete folder_; }
  void SetUp() override { ASSERT_EQ(first_.status, 0) << first_.err; }

  static std::filesystem::path Path(const std::string& name) { return folder_->path() / name; }
  static Finished Do(const std::vector<std::string>& words) {
    return Ronchi(words, folder_->path());
  }
  static void ExpectSameFiles(const std::string& other) {
    EXPECT_EQ(Contents(Path(other)), kFiles);
    for (const std::string& file : kFiles) {
      EXPECT_TRUE(ReadAll(Path("first") / file) == ReadAll(Path(other) / file)) << file;
    }
  }
  // A copy of the first run's folder, to spoil.
  static std::filesystem::path Copy(const std::string& name) {
    std::filesystem::remove_all(Path(name));
    std::filesystem::copy(Path("first"), Path(name), std::filesystem::copy_options::recursive);
    return Path(name);
  }

  static TemporaryFolder* folder_;
  static Finished first_;
};

TemporaryFolder* Quickstart::folder_ = nullptr;
Finished Quickstart::first_;

TEST_F(Quickstart, WritesEveryFileAndASaneSummary) {
  EXPECT_EQ(Contents(Path("first")), kFiles);
  json printed = json::parse(first_.out);
  const json summary = json::parse(ReadAll(Path("first/summary.json")));
  EXPECT_EQ(printed["files"], json(kFiles));
  for (const char* key : {"files", "folder"}) printed.erase(key);
  EXPECT_EQ(printed, summary);
  EXPECT_EQ(summary["seed"], 7);
  EXPECT_EQ(summary["interrupted"], false);
  EXPECT_EQ(summary["ended_by"], "steps");
  // The recipe's steps, and the image of Reset.
  EXPECT_EQ(summary["tune"]["images"], 46);
  EXPECT_EQ(summary["deploy"]["images"], 151);
  for (const char* stage : {"tune", "deploy"}) {
    EXPECT_LT(summary[stage]["of_best_start"], summary[stage]["of_best_end"]);
    EXPECT_LE(summary[stage]["of_best_end"], 1.0 + 1e-9);  // nothing beats the best; round-off
    EXPECT_GT(summary[stage]["dose_e_per_A2"], 0);
  }
}

TEST_F(Quickstart, TheReportHoldsAllThatItShows) {
  const std::string report = ReadAll(Path("first/report.html"));
  EXPECT_THAT(report, HasSubstr("<svg"));
  EXPECT_THAT(report, HasSubstr("data:image/png;base64,"));
  const std::regex outside("(src|href|url|@import)\\s*[=( ]\\s*[\"']?(?!data:|#)[a-z./]");
  EXPECT_FALSE(std::regex_search(report, outside)) << "the report loads something";
  EXPECT_EQ(report.find("<script src"), std::string::npos);
  // As a word in text or coordinates; base64 may spell it by chance.
  EXPECT_FALSE(std::regex_search(report, std::regex("[\\s>\",(+-]nan[\\s<\",)%]")))
      << "a number is missing somewhere";
}

TEST_F(Quickstart, OneThreadGivesTheBytesOfTwo) {
  ASSERT_EQ(Do({"run", "quickstart", "--seed", "7", "--threads", "1", "-o", "one", "-q"}).status,
            0);
  ExpectSameFiles("one");
}

TEST_F(Quickstart, TheResolvedConfigAloneRepeatsTheRun) {
  std::filesystem::create_directory(Path("again"));
  ASSERT_EQ(Do({"run", "first/config.yaml", "-o", "again", "-q"}).status, 0);
  // The run's name is the config file's; nothing else may differ.
  for (const char* file : {"events.jsonl", "frames.f32"}) {
    EXPECT_TRUE(ReadAll(Path("first") / file) == ReadAll(Path("again") / file)) << file;
  }
}

TEST_F(Quickstart, AnotherSeedIsAnotherRun) {
  ASSERT_EQ(Do({"run", "quickstart", "--seed", "8", "-o", "other", "-q"}).status, 0);
  EXPECT_FALSE(ReadAll(Path("first/frames.f32")) == ReadAll(Path("other/frames.f32")));
}

TEST_F(Quickstart, ReplayGivesEveryReplyAgain) {
  const Finished done = Do({"replay", "first", "--json"});
  EXPECT_EQ(done.status, 0) << done.err;
  const json result = json::parse(done.out);
  EXPECT_EQ(result["different"], 0);
  EXPECT_GT(result["frames"], 300);  // two an image
}

TEST_F(Quickstart, ReplayFindsOneFlippedPixel) {
  const auto copy = Copy("pixel");
  std::string frames = ReadAll(copy / "frames.f32");
  frames[frames.size() / 2] ^= 1;  // the last bit of one pixel's mantissa
  WriteAll(copy / "frames.f32", frames);
  const Finished done = Do({"replay", "pixel"});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("pixel/events.jsonl:"));
  EXPECT_THAT(done.err, HasSubstr("frames.f32 is damaged"));
}

TEST_F(Quickstart, ReplayFindsOneChangedNumber) {
  const auto copy = Copy("number");
  std::string events = ReadAll(copy / "events.jsonl");
  const size_t at = events.find("\"electrons\":", events.size() / 2) + 12;
  events[at] = events[at] == '1' ? '2' : '1';
  // Alone it would be damage; with its checksum made right it is another reply.
  const size_t start = events.rfind('\n', at) + 1, sum = events.find(",\"sum\":\"", at);
  events.replace(sum + 8, 16, HashOf(events.substr(start, sum - start) + "}").LowHex());
  WriteAll(copy / "events.jsonl", events);
  const Finished done = Do({"replay", "number"});
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.out, HasSubstr("1 differ"));
  EXPECT_THAT(done.out, HasSubstr("\"electrons\""));
}

TEST_F(Quickstart, DamagedFoldersAreRefused) {
  auto copy = Copy("damaged");
  const std::string events = ReadAll(copy / "events.jsonl");
  WriteAll(copy / "events.jsonl", events.substr(0, events.size() / 2));
  Finished done = Do({"replay", "damaged"});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("damaged/events.jsonl:"));
  for (const std::string file : {"summary.json", "data.hdf5", "config.yaml"}) {
    copy = Copy("damaged");
    const std::string bytes = ReadAll(copy / file);
    WriteAll(copy / file, file == "config.yaml" ? "a: [" : bytes.substr(0, bytes.size() / 2));
    done = Do({"report", "damaged"});
    // The report shows config.yaml and needs nothing of it but the length of a pixel.
    EXPECT_EQ(done.status, file == "config.yaml" ? 0 : 2) << file << done.err;
    if (file != "config.yaml") {
      EXPECT_EQ(done.ErrorLines(), 1u);
      EXPECT_THAT(done.err, HasSubstr(file));
    }
  }
}

TEST_F(Quickstart, ReportWritesTheSameAgain) {
  Copy("reported");
  std::filesystem::remove(Path("reported/report.html"));
  ASSERT_EQ(Do({"report", "reported"}).status, 0);
  ExpectSameFiles("reported");
}

TEST_F(Quickstart, TrainThenDeployThenEvaluate) {
  ASSERT_EQ(Do({"train", "quickstart", "--seed", "7", "-o", "p.json", "-q"}).status, 0);
  EXPECT_TRUE(ReadAll(Path("p.json")) == ReadAll(Path("first/policy.json")));
  Finished done = Do({"deploy", "p.json", "quickstart", "--seed", "7", "-o", "d", "--json"});
  ASSERT_EQ(done.status, 0) << done.err;
  const json deployed = json::parse(done.out);
  EXPECT_FALSE(deployed.contains("tune"));
  EXPECT_EQ(deployed["deploy"], json::parse(ReadAll(Path("first/summary.json")))["deploy"]);
  done = Do({"evaluate", "p.json", "quickstart", "--seeds", "3,5-8", "--against", "nelder_mead",
             "--json"});
  ASSERT_EQ(done.status, 0) << done.err;
  const json result = json::parse(done.out);
  ASSERT_EQ(result["episodes"].size(), 5u);
  EXPECT_EQ(result["episodes"][1]["seed"], 5);
  EXPECT_EQ(result["episodes"][1]["steps"], 45);
  // Random settings give about a third of the best contrast over an episode; any learner doubles
  // it.
  const json& random = result["against"]["random"];
  EXPECT_GT(result["mean_return"].get<double>(), 1.5 * random["mean_return"].get<double>());
  // All spend an image a step: at equal dose nothing changes.
  const json& better = random["policy_is_better_by"];
  EXPECT_EQ(better["at_equal_dose"], better["interquartile"]);
  EXPECT_GT(better["at_equal_time_interval"][0].get<double>(), 0);
  EXPECT_GT(result["of_best_over_dose"].get<double>(), random["of_best_over_dose"].get<double>());
  EXPECT_EQ(result["against"]["nelder_mead"]["episodes"].size(), 5u);
}

}  // namespace
}  // namespace ronchi
