#include "core/background.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace ronchi {
namespace {

TEST(Background, RunsOnceAndIsWaitedFor) {
  std::atomic<int> runs = 0;
  std::atomic<bool> end = false;
  {
    const Background background([&] {
      while (!end) std::this_thread::yield();
      ++runs;
    });
    EXPECT_EQ(runs, 0);
    end = true;
  }
  EXPECT_EQ(runs, 1);
}

// Signals are for the main thread; faults strike the thread that makes them.
TEST(Background, TakesNoSignalsButFaults) {
  sigset_t before, inside, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    const Background background([&] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM, SIGPIPE}) {
    EXPECT_EQ(sigismember(&inside, signal), 1) << signal;
    EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal)) << signal;
  }
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    EXPECT_EQ(sigismember(&inside, fault), 0) << fault;
  }
}

}  // namespace
}  // namespace ronchi
