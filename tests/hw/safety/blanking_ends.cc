// The beam is blanked however a program ends: exit, terminate, every signal that can be caught.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "core/interrupt.h"
#include "hw/safety/guarded.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::SmallScan;

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Each in a process of its own. The instrument says on stderr when it is blanked after having been
// on.
class Crier final : public Instrument {
 public:
  const Description& description() const override { return inner_.description(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    auto reply = inner_.Execute(command, options);
    if (reply.ok() && on_ && reply->blanked) std::fprintf(stderr, "the beam is off\n");
    if (reply.ok()) on_ = !reply->blanked;
    return reply;
  }
  NullInstrument inner_;
  bool on_ = false;
};

GuardedInstrument* On(double grace_s = 5) {
  GuardOptions o;
  o.dose_budget_e_per_m2 = 1e40;
  o.interrupt_grace_s = grace_s;
  auto g = MakeGuarded(std::make_unique<Crier>(), o);
  RONCHI_CHECK((*g)->Execute(Unblank{}).ok());
  return g->release();  // never destroyed: nothing unwinds here
}

class BlankingDeath : public testing::Test {
 protected:
  BlankingDeath() { testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

TEST_F(BlankingDeath, Exit) {
  EXPECT_EXIT(
      {
        On();
        std::exit(7);
      },
      testing::ExitedWithCode(7), "the beam is off");
}

TEST_F(BlankingDeath, Terminate) {
  EXPECT_EXIT(
      {
        On();
        std::terminate();
      },
      testing::KilledBySignal(SIGABRT), "the beam is off");
}

// Every signal that ends a program by default, but SIGKILL, which nothing can catch; whatever the
// thread that drives is at. (gtest itself ignores SIGPROF in the processes of death tests.)
TEST_F(BlankingDeath, EverySignal) {
  std::vector<int> signals = {SIGRTMIN, SIGRTMAX};
  for (int signal = 1; signal < 32; ++signal) {
    const bool harmless =
        signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
    const bool stops = signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    if (harmless || stops || signal == SIGKILL || signal == SIGSTOP) continue;
    if (signal != SIGPROF) signals.push_back(signal);
  }
  for (int signal : signals) {
    EXPECT_EXIT(
        {
          On();
          kill(getpid(), signal);
          Sleep(10);
        },
        testing::KilledBySignal(signal), "the beam is off")
        << signal;
  }
}

// The driver itself crashes, in the thread that has the instrument: half of a command is done.
TEST_F(BlankingDeath, AFaultInACommand) {
  EXPECT_EXIT(
      {
        GuardedInstrument* g = On();
        ExecuteOptions options;
        options.on_line = [](const ScanLine&) { std::abort(); };
        (void)g->Execute(SmallScan(), options);
      },
      testing::KilledBySignal(SIGABRT), "the beam is off");
}

// The first asks for an orderly end, which does not come; the second is final.
TEST_F(BlankingDeath, ASecondSigint) {
  EXPECT_EXIT(
      {
        InstallInterruptHandlers();
        On();
        std::raise(SIGINT);
        std::raise(SIGINT);
        Sleep(10);
      },
      testing::KilledBySignal(SIGINT), "the beam is off");
}

// A pipe that nobody reads and a file that may not grow are errors of the write that meets them.
TEST_F(BlankingDeath, SigpipeAndSigxfszEndNothing) {
  EXPECT_EXIT(
      {
        InstallInterruptHandlers();
        On();
        std::raise(SIGPIPE);
        std::raise(SIGXFSZ);
        std::_Exit(3);
      },
      testing::ExitedWithCode(3), "");
}

TEST_F(BlankingDeath, SighupAsksForAnOrderlyEndUnlessIgnored) {
  EXPECT_EXIT(
      {
        InstallInterruptHandlers();
        std::raise(SIGHUP);
        std::_Exit(Interrupted() ? 3 : 0);
      },
      testing::ExitedWithCode(3), "");
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        InstallInterruptHandlers();
        std::raise(SIGHUP);
        std::_Exit(Interrupted() ? 3 : 0);
      },
      testing::ExitedWithCode(0), "");
}

// Stopped by Ctrl-Z the program cannot watch over its beam: it blanks before. Then it goes on, with
// a beam that is off until somebody unblanks it.
TEST(BlankingStop, CtrlZ) {
  int says[2];
  ASSERT_EQ(pipe(says), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(says[1], STDERR_FILENO);
    static volatile std::sig_atomic_t goes_on = 0;
    std::signal(SIGCONT, [](int) { goes_on = 1; });
    GuardedInstrument* g = On();
    raise(SIGTSTP);
    while (g->Execute(SmallScan()).ok()) Sleep(0.001);
    while (!goes_on) Sleep(0.001);  // the beam is off a little before the program stops
    _exit(g->Execute(Unblank{}).ok() && g->Execute(SmallScan()).ok() ? 4 : 5);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status)) << status;
  char text[100] = {};
  ASSERT_GT(read(says[0], text, sizeof text - 1), 0);
  EXPECT_THAT(text, HasSubstr("the beam is off"));
  kill(child, SIGCONT);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 4) << status;
  close(says[0]);
  close(says[1]);
}

// After SIGTERM an orderly end has its grace; this program never ends by itself.
TEST_F(BlankingDeath, SigtermAndNoEnd) {
  EXPECT_EXIT(
      {
        InstallInterruptHandlers();
        GuardedInstrument* g = On(0.3);
        std::raise(SIGTERM);
        using Clock = std::chrono::steady_clock;
        const auto start = Clock::now();
        double took = 0;
        while (!g->Execute(Read{{"optics.C10"}})->blanked && took < 5) {
          Sleep(0.01);
          took = std::chrono::duration<double>(Clock::now() - start).count();
        }
        // 0.1 s between two looks of the watch, 0.25 s for a loaded machine.
        std::_Exit(took > 0.29 && took < 0.3 + 0.1 + 0.25 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "the beam is off");
}

}  // namespace
}  // namespace ronchi::hw
