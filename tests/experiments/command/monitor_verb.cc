// `ronchi monitor` as a user meets it.
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

const char* const kExample = RONCHI_SOURCE_DIR "/examples/monitor/residuals.csv";

TEST(MonitorVerb, TheExampleInWordsAndAsJson) {
  const TemporaryFolder folder;
  const Finished words = Ronchi({"monitor", kExample, "--reference", "50"}, folder.path());
  EXPECT_EQ(words.status, 0) << words.err;
  EXPECT_THAT(words.out, HasSubstr("most evidence in C12a"));
  const Finished done = Ronchi(
      {"monitor", kExample, "--reference", "50", "--method", "conformal", "--json"}, folder.path());
  EXPECT_EQ(done.status, 0) << done.err;
  const json out = json::parse(done.out, nullptr, false);
  ASSERT_FALSE(out.is_discarded()) << done.out;
  EXPECT_EQ(out["frames"], 200);
  EXPECT_EQ(out["streams"], json({"C10", "C12a", "unexplained"}));
  ASSERT_FALSE(out["alarms"].empty());
  const json& first = out["alarms"][0];
  EXPECT_EQ(first["attribution"], "C12a");
  EXPECT_GE(first["frame"], 150);
  EXPECT_LT(first["frame"], 165);
  EXPECT_GE(first["statistic"], 1000);
}

TEST(MonitorVerb, PromisedAgainstMeasured) {
  const TemporaryFolder folder;
  const Finished done = Ronchi({"monitor", "--simulate", "gaussian", "--promise", "30",
                                "--reference", "30", "--runs", "100", "--json"},
                               folder.path());
  EXPECT_EQ(done.status, 0) << done.err;
  const json out = json::parse(done.out, nullptr, false);
  ASSERT_FALSE(out.is_discarded()) << done.out;
  EXPECT_GT(out["run_length"]["mean"], 30);
  EXPECT_EQ(out["delays"].size(), 3u);
  for (const json& delay : out["delays"]) EXPECT_GT(delay["cusum"], 0);
}

TEST(MonitorVerb, BadInputIsOneLineAndStatus2) {
  const TemporaryFolder folder;
  const std::vector<std::vector<std::string>> bad = {{"monitor"},
                                                     {"monitor", "none.csv"},
                                                     {"monitor", kExample, "--method", "srr"},
                                                     {"monitor", kExample, "--method", "conformal"},
                                                     {"monitor", kExample, "--promise", "1"},
                                                     {"monitor", kExample, "--reference", "1000"},
                                                     {"monitor", kExample, "--whiten", "1"},
                                                     {"monitor", "--simulate", "gausian"}};
  for (const auto& words : bad) {
    const Finished done = Ronchi(words, folder.path());
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
  }
}

}  // namespace
}  // namespace ronchi
