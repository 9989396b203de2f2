// Each case in a process of its own, whose exit status says what was so.
#include "core/interrupt.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

namespace ronchi {
namespace {

// 128 + n: killed by signal n.
int StatusOf(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(Interrupt, TheFirstSignalSetsAFlagAndTheSecondEnds) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) {
    const auto raise_times = [&](int times) {
      return StatusOf([&] {
        std::signal(signal, SIG_DFL);
        InstallInterruptHandlers();
        if (Interrupted()) return 1;
        for (int i = 0; i < times; ++i) raise(signal);
        return Interrupted() ? 2 : 3;
      });
    };
    EXPECT_EQ(raise_times(0), 3);
    EXPECT_EQ(raise_times(1), 2) << signal;
    EXPECT_EQ(raise_times(2), 128 + signal);
  }
}

// One flag, whoever sets it: a signal after it was set by hand is the second.
TEST(Interrupt, TheFlagIsSetByHandToo) {
  EXPECT_EQ(StatusOf([] {
              InstallInterruptHandlers();
              SetInterrupted(true);
              if (!Interrupted()) return 1;
              SetInterrupted(false);
              raise(SIGINT);
              return Interrupted() ? 2 : 3;
            }),
            2);
  EXPECT_EQ(StatusOf([] {
              InstallInterruptHandlers();
              SetInterrupted(true);
              raise(SIGTERM);
              return 1;
            }),
            128 + SIGTERM);
}

volatile std::sig_atomic_t g_rites = 0;

TEST(Interrupt, LastRitesAreInPlaceOfTheEnd) {
  EXPECT_EQ(StatusOf([] {
              SetLastRites([](int signal) { g_rites = signal; });
              InstallInterruptHandlers();
              raise(SIGINT);
              if (g_rites != 0) return 1;  // not at the first
              raise(SIGTERM);
              return g_rites == SIGTERM ? 2 : 3;
            }),
            2);
}

// nohup's: a closed terminal is to be ignored, and stays so.
TEST(Interrupt, WhatWasIgnoredFromTheStartStaysSo) {
  EXPECT_EQ(StatusOf([] {
              std::signal(SIGHUP, SIG_IGN);
              InstallInterruptHandlers();
              for (int i = 0; i < 3; ++i) raise(SIGHUP);
              return Interrupted() ? 1 : 2;
            }),
            2);
}

TEST(Interrupt, ABrokenPipeIsAnErrorNotTheEnd) {
  EXPECT_EQ(StatusOf([] {
              InstallInterruptHandlers();
              int ends[2];
              if (pipe(ends) != 0) return 1;
              close(ends[0]);
              if (write(ends[1], "x", 1) != -1 || errno != EPIPE) return 3;
              return Interrupted() ? 4 : 2;
            }),
            2);
}

}  // namespace
}  // namespace ronchi
