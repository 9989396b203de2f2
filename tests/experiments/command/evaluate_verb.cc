// `ronchi evaluate` as a user meets it; what it tells of a good policy:
// experiments/loop/quickstart.
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

class EvaluateVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(Do({"train", "quickstart", "--set", "agent.kind=hold", "-o", "p.json", "-q"}).status,
              0);
  }
  Finished Do(const std::vector<std::string>& words) const { return Ronchi(words, folder_.path()); }
  Finished Evaluate(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"evaluate",           "p.json", "quickstart", "--set",
                                      "train.tune_steps=3", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return Do(words);
  }
  const TemporaryFolder folder_;
};

TEST_F(EvaluateVerb, EpisodesAreThoseOfTheSeeds) {
  const Finished first = Evaluate({"--seeds", "4-6", "--json"}),
                 other = Evaluate({"--seeds", "6,4", "--json"});
  ASSERT_EQ(first.status, 0) << first.err;
  const json a = json::parse(first.out)["episodes"], b = json::parse(other.out)["episodes"];
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(a[0], b[1]);
  EXPECT_EQ(a[2], b[0]);
  EXPECT_NE(a[0]["return"], a[2]["return"]);
  EXPECT_EQ(a[0]["steps"], 3);
}

TEST_F(EvaluateVerb, ATableForPeople) {
  const Finished done =
      Evaluate({"--episodes", "2", "--against", "nelder_mead", "--against", "p.json"});
  EXPECT_EQ(done.status, 0) << done.err;
  for (const char* part : {"2 episodes; ", "p.json\n  return ", "\nrandom\n", "\nnelder_mead\n",
                           "at equal dose", "the policy is better by"}) {
    EXPECT_THAT(done.out, HasSubstr(part));
  }
  // The policy is not held against itself.
  EXPECT_EQ(done.out.find("p.json\n"), done.out.rfind("p.json\n"));
}

TEST_F(EvaluateVerb, BadInputIsOneLineAndStatus2) {
  testing_support::WriteAll(folder_ / "bad.json", "{}");
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> bad = {
      {{"--episodes", "0"}, {"--episodes"}},
      {{"--seeds", "9-3"}, {"--seeds '9-3'", "goes down", "1000-1099"}},
      {{"--seeds", "1-3", "--episodes", "2"}, {"--seeds", "--episodes"}},
      {{"--against", "nobody"}, {"'nobody'", "nelder_mead"}},
      {{"--against", "gp"}, {"'gp'", "ronchi train"}},
      {{"--against", "bad.json"}, {"bad.json"}}};
  for (const auto& [words, parts] : bad) {
    const Finished done = Evaluate(words);
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    for (const std::string& part : parts) EXPECT_THAT(done.err, HasSubstr(part));
  }
}

}  // namespace
}  // namespace ronchi
