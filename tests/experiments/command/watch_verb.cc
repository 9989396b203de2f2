// `ronchi watch` as a user meets it: lines, JSON, pictures, and a terminal that Ctrl-C leaves with
// its cursor.
#include <gmock/gmock.h>
#include <pty.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;

constexpr const char* kId = "AberrationTuning-v1";

TEST(Watch, OneEpisodeInLines) {
  const TemporaryFolder folder;
  const Finished done = Ronchi(
      {"watch", kId, "--set", "task.pixels=16", "--set", "task.max_episode_steps=4", "--seed", "3"},
      folder.path());
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(std::count(done.out.begin(), done.out.end(), '\n'), 5);  // a reset, four steps
  EXPECT_THAT(done.out, HasSubstr("truncated"));
  EXPECT_EQ(done.out.find('\x1b'), std::string::npos);  // no colours but on a terminal
  EXPECT_TRUE(Contents(folder.path()).empty());
}

TEST(Watch, JsonAndPictures) {
  const TemporaryFolder folder;
  const Finished done =
      Ronchi({"watch", kId, "--set", "task.pixels=16", "--set", "task.max_episode_steps=2",
              "--steps", "3", "-o", "shown", "--json"},
             folder.path());
  EXPECT_EQ(done.status, 0) << done.err;
  const json out = json::parse(done.out, nullptr, false);
  ASSERT_FALSE(out.is_discarded()) << done.out;
  EXPECT_EQ(out["turns"].size(), 5u);  // reset, 2 steps, reset, 1 step
  EXPECT_EQ(out["turns"][2]["truncated"], true);
  EXPECT_EQ(out["turns"][4]["action"].size(), 3u);
  EXPECT_EQ(Contents(folder.path() / "shown"),
            (std::vector<std::string>{
                "AberrationTuning-v1-episode-0", "AberrationTuning-v1-episode-0.gif",
                "AberrationTuning-v1-episode-0/step-0000.png",
                "AberrationTuning-v1-episode-0/step-0001.png",
                "AberrationTuning-v1-episode-0/step-0002.png", "AberrationTuning-v1-episode-1",
                "AberrationTuning-v1-episode-1.gif", "AberrationTuning-v1-episode-1/step-0000.png",
                "AberrationTuning-v1-episode-1/step-0001.png"}));
}

TEST(Watch, BadInputIsOneLineAndStatus2) {
  const TemporaryFolder folder;
  testing_support::WriteAll(folder / "not_a_policy.json", "{}");
  const std::vector<std::vector<std::string>> bad = {
      {"watch"},
      {"watch", "Nope-v0"},
      {"watch", kId, "--set", "task.pixls=16"},
      {"watch", kId, "--set", "tusk.pixels=16"},
      {"watch", kId, "--set", "task.pixels=2"},
      {"watch", kId, "--steps", "0"},
      {"watch", kId, "--agent", "nobody.json"},
      {"watch", kId, "--agent", "not_a_policy.json"},
      {"watch", kId, "-o", "not_a_policy.json/below"},
      {"watch", kId, "--playthrough", "--steps", "3"},
      {"watch", "all", "--playthrough"},
  };
  for (const auto& words : bad) {
    const Finished done = Ronchi(words, folder.path());
    EXPECT_EQ(done.status, 2) << ::testing::PrintToString(words) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << ::testing::PrintToString(words) << done.err;
    EXPECT_EQ(done.out, "") << ::testing::PrintToString(words);
  }
}

// On a terminal of 60 × 20 characters; interrupted when the second picture is there.
TEST(Watch, ATerminalGetsItsCursorBack) {
  const TemporaryFolder folder;
  winsize size = {.ws_row = 20, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) {
    setenv("RONCHI_CACHE", RONCHI_BINARY_DIR "/test-cache", 0);
    const std::string program = testing_support::RonchiProgram();
    execl(program.c_str(), program.c_str(), "watch", kId, "--delay-ms", "200", nullptr);
    _exit(127);
  }
  ASSERT_GT(pid, 0);
  std::string seen;
  bool interrupted = false;
  char buffer[4096];
  for (ssize_t n; (n = read(terminal, buffer, sizeof buffer)) > 0;) {
    seen.append(buffer, size_t(n));
    if (!interrupted && seen.find("step    1") != std::string::npos) {
      interrupted = write(terminal, "\x03", 1) == 1;  // Ctrl-C, as typed
    }
  }
  int status = 0;
  waitpid(pid, &status, 0);
  close(terminal);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_THAT(seen, HasSubstr("\x1b[?25l"));
  EXPECT_THAT(seen, HasSubstr("▀"));
  EXPECT_GT(seen.rfind("\x1b[?25h"), seen.rfind("▀"));
  EXPECT_NE(seen.rfind("\x1b[?25h"), std::string::npos);
}

}  // namespace
}  // namespace ronchi
