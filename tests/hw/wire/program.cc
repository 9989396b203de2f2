#include "hw/wire/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/command.h"

namespace ronchi::hw::wire {
namespace {

using testing::HasSubstr;

// `cat` gives back what it gets.
TEST(Program, SpeaksOverItsStandardStreams) {
  auto program = StartProgram({.command = {"cat"}});
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ((*program)->name(), "cat");
  const auto link = *(*program)->Connect(1);
  ASSERT_TRUE(link->Send({{"type", "hello"}}, 1).ok());
  const auto back = link->Receive(60, 0);
  ASSERT_TRUE(back.ok() && *back) << back.status();
  EXPECT_EQ((**back).head["type"], "hello");
  // Nothing more comes: that is no error, and a second connection is one.
  EXPECT_EQ(*link->Receive(0.01, 0), std::nullopt);
  EXPECT_TRUE(absl::IsInternal((*program)->Connect(1).status()));
}

TEST(Program, RunsWhereItIsTold) {
  const testing_support::TemporaryFolder folder;
  testing_support::WriteAll(folder / "speak", *EncodeHead(nlohmann::json::object(), 0));
  auto program = StartProgram({.command = {"cat", "speak"}, .folder = folder.path()});
  const auto link = *(*program)->Connect(1);
  EXPECT_TRUE((*link->Receive(60, 0)).has_value());
}

TEST(Program, ItsEndIsToldWithItsReason) {
  for (const auto& [script, reason] : std::vector<std::pair<std::string, std::string>>{
           {"exit 3", "it ended with status 3"}, {"kill -9 $$", "it was killed by signal 9"}}) {
    auto program = StartProgram({.command = {"sh", "-c", script}});
    const auto link = *(*program)->Connect(1);
    EXPECT_TRUE(absl::IsUnavailable(link->Receive(60, 0).status()));
    EXPECT_EQ((*program)->Fate(), reason);
    EXPECT_THAT((*program)->Connect(1).status().ToString(), HasSubstr(reason));
  }
}

TEST(Program, WhatCannotBeStartedIsNamed) {
  EXPECT_THAT(StartProgram({.command = {"no-such-program"}}).status().ToString(),
              HasSubstr("cannot start 'no-such-program': No such file"));
  EXPECT_THAT(StartProgram({.command = {"cat"}, .folder = "/no/such"}).status().ToString(),
              HasSubstr("/no/such: no such folder"));
}

// One that heeds neither the end of its input nor SIGTERM does not outlive its object.
TEST(Program, EndsWithItsObject) {
  const testing_support::TemporaryFolder folder;
  {
    auto program = StartProgram(
        {.command = {"sh", "-c",
                     "trap '' TERM; echo $$ > pid; mv pid there; while :; do sleep 1; done"},
         .folder = folder.path(),
         .end_s = 0.05});
    for (int i = 0; i < 6000 && testing_support::ReadAll(folder / "there").empty(); ++i) {
      usleep(10000);
    }
  }
  const int pid = std::stoi(testing_support::ReadAll(folder / "there"));
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace ronchi::hw::wire
