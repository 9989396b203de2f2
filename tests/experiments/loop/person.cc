#include "experiments/loop/person.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace ronchi {
namespace {

TEST(Person, YesAndNoWithTheirReasons) {
  for (const char* text : {"yes", "Y", " yes ", "YES because the valve was shut"}) {
    EXPECT_TRUE(ParseYesNo(text).given && ParseYesNo(text).yes) << text;
  }
  for (const char* text : {"no", "N", "no because of ice"}) {
    EXPECT_TRUE(ParseYesNo(text).given && !ParseYesNo(text).yes) << text;
  }
  for (const char* text : {"", "perhaps", "yes please"}) {
    EXPECT_FALSE(ParseYesNo(text).given) << text;
  }
  EXPECT_EQ(ParseYesNo("no because of ice").why, "of ice");
}

// What is typed, a line at a time; and then nobody is there.
TEST(Person, LinesAreTypedInPieces) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(master, 0);
  ASSERT_EQ(grantpt(master), 0);
  ASSERT_EQ(unlockpt(master), 0);
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  const int before = dup(STDIN_FILENO);
  dup2(terminal, STDIN_FILENO);
  close(terminal);
  TypedLines typed;
  EXPECT_FALSE(typed.gone());
  std::string line;
  EXPECT_FALSE(typed.Take(0.001, &line));
  ASSERT_EQ(write(master, "yes because\nno\n", 15), 15);
  const auto take = [&] {
    for (int i = 0; i < 100; ++i) {
      if (typed.Take(0.1, &line)) return true;
    }
    return false;
  };
  ASSERT_TRUE(take());
  EXPECT_EQ(line, "yes because");
  ASSERT_TRUE(take());
  EXPECT_EQ(line, "no");
  close(master);
  for (int i = 0; i < 100 && !typed.gone(); ++i) EXPECT_FALSE(typed.Take(0.1, &line));
  EXPECT_TRUE(typed.gone());
  dup2(before, STDIN_FILENO);
  close(before);
}

// A script's answer; without one and without a terminal the answer is no.
TEST(Person, ScriptsAnswerAndSilenceMeansNo) {
  const int before = dup(STDIN_FILENO), nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  const Confirm confirm = ConfirmAtTerminal({{kBeamQuestion, "yes because --yes-to"}});
  EXPECT_TRUE(AskAboutBeam(confirm)(50e-12, 1e-12));
  EXPECT_FALSE(confirm(kAlarmQuestion, "go on?"));
  dup2(before, STDIN_FILENO);
  close(before);
  close(nothing);
}

TEST(Person, AnAnswerToTheGuardIsYesOrNo) {
  EXPECT_TRUE(CheckBeamAnswer({}).ok());
  EXPECT_TRUE(CheckBeamAnswer({{kBeamQuestion, "no because I say so"}}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckBeamAnswer({{kBeamQuestion, "5 pA"}})));
}

}  // namespace
}  // namespace ronchi
