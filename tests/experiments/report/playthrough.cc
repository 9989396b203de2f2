// Every environment's course, as it was reviewed in tests/golden/playthrough.
//
// The courses are the same to the bit on one machine. On another processor images differ by float32
// round-off, about 1e-6, and now and then a pixel's number of electrons by one: among some
// thousand pixels of ten electrons that is 1e-5 of a mean and up to 1e-4 of a contrast or a spread.
// 1e-3 leaves room for that and still sees any change of physics, units, order or random streams.
// A build for x86-64-v2 (no FMA, no AVX) passes with files made by one for AVX-512. What could fail
// one day: where round-off makes a Poisson sampler reject once more, the rest of that image is
// another draw of its noise.
#include "experiments/report/playthrough.h"

#include <gtest/gtest.h>

#include "core/files.h"
#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

constexpr double kTolerance = 1e-3;

std::vector<std::string> Ids() {
  std::vector<std::string> ids;
  for (const EnvironmentKind& kind : EnvironmentKinds()) ids.push_back(kind.id);
  return ids;
}

class EveryEnvironment : public testing::TestWithParam<std::string> {};

TEST_P(EveryEnvironment, GoesItsReviewedCourse) {
  const std::string path =
      std::string(RONCHI_SOURCE_DIR "/tests/golden/playthrough/") + GetParam() + ".txt";
  const auto actual = Playthrough(GetParam());
  ASSERT_TRUE(actual.ok()) << actual.status();
  const auto expected = ReadFile(path);
  // What has been published keeps its course; a first version may be without one.
  if (absl::IsNotFound(expected.status()) && GetParam().ends_with("-v0")) {
    EXPECT_EQ(*actual, *Playthrough(GetParam()));
    GTEST_SKIP() << "no reviewed course yet: scripts/make_playthroughs.sh makes one";
  }
  ASSERT_TRUE(expected.ok()) << path << " is missing: run scripts/make_playthroughs.sh, review it "
                             << "and commit it";
  EXPECT_EQ(PlaythroughDifference(*expected, *actual, kTolerance), "")
      << "if this change is meant: scripts/make_playthroughs.sh, and review the diff";
}

INSTANTIATE_TEST_SUITE_P(All, EveryEnvironment, testing::ValuesIn(Ids()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

TEST(PlaythroughDifference, SeesWhatIsOther) {
  const std::string text = "a 1 [2, 3]\n  mean 10 sd 0.001\n";
  EXPECT_EQ(PlaythroughDifference(text, text, 1e-3), "");
  EXPECT_EQ(PlaythroughDifference(text, "a 1 [2, 3]\n  mean 10.009 sd 0.0011\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference(text, "a 1 [2, 3]\n  mean 10.011 sd 0.001\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference(text, "a 1 [2, 3]\n  mean 10 sd 0.003\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference(text, "a 1 [2, 4]\n  mean 10 sd 0.001\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference(text, "b 1 [2, 3]\n  mean 10 sd 0.001\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference(text, "a 1 [2, 3]\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference(text, text + "more\n", 1e-3), "");
  EXPECT_NE(PlaythroughDifference("x nan", "x 1", 1e-3), "");
  EXPECT_NE(PlaythroughDifference("x 1 2", "x 1", 1e-3), "");
}

}  // namespace
}  // namespace ronchi
