#include "core/deadly_signals.h"

#include <semaphore.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <iterator>

#include "core/background.h"
#include "core/interrupt.h"

namespace ronchi {
namespace {

// How long a fault waits for what has to happen before, and how long any other deadly signal does.
constexpr int kFaultWait_ms = 3000;
constexpr unsigned kWait_s = 5;

// The thread that a fault strikes cannot go on; it waits while the other one acts.
constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
constexpr int kStops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
constexpr int kOthers[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGUSR1, SIGUSR2,
                           SIGPIPE, SIGALRM,   SIGTERM, SIGXCPU, SIGSTKFLT,
                           SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR};

struct State {
  SignalActions actions = {};
  pid_t process = 0;
  sem_t wanted;  // sem_post may be called by a handler
  std::atomic<int> signal = 0;
  std::atomic<bool> done = false;
};
State& TheState() {
  static State* const state = new State;  // never destroyed: signals come at any time
  return *state;
}
State* g_state =
    nullptr;  // for handlers: a static's guard may be held by the thread they interrupt

bool IsIn(int signal, const int* begin, const int* end) {
  return std::find(begin, end, signal) != end;
}
bool IsFault(int signal) { return IsIn(signal, std::begin(kFaults), std::end(kFaults)); }
bool IsStop(int signal) { return IsIn(signal, std::begin(kStops), std::end(kStops)); }

void DieOf(int signal) {
  std::signal(signal, SIG_DFL);
  kill(getpid(), signal);
}

// The thread beside.
void Serve() {
  State& s = *g_state;
  for (;;) {
    while (sem_wait(&s.wanted) != 0) continue;
    const int signal = s.signal;
    s.actions.act(!IsStop(signal));
    s.done = true;
    if (IsFault(signal)) continue;  // its thread ends the program
    if (!IsStop(signal)) {
      DieOf(signal);
      continue;
    }
    kill(getpid(), SIGSTOP);
    s.actions.go_on();
    s.signal = 0;
  }
}

void WaitUntilDone() {
  for (int i = 0; i < kFaultWait_ms && !g_state->done; ++i) {
    const timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, nullptr);
  }
}

void OnDeadly(int signal) {
  const int error = errno;
  State& s = *g_state;
  int none = 0;
  if (getpid() != s.process) {  // a child: the instrument is its parent's
    IsStop(signal) ? void(raise(SIGSTOP)) : DieOf(signal);
  } else if (s.signal.compare_exchange_strong(none, signal)) {
    s.done = false;
    sem_post(&s.wanted);
    if (IsFault(signal)) {
      WaitUntilDone();
      DieOf(signal);
    } else if (!IsStop(signal)) {
      // A driver that hangs must not keep the program alive.
      std::signal(SIGALRM, SIG_DFL);
      alarm(kWait_s);
    }
  } else if (IsFault(signal)) {
    WaitUntilDone();
    DieOf(signal);
  } else if (!IsStop(signal)) {
    DieOf(signal);
  }
  errno = error;
}

// A stack that has overflown has no room for a handler.
void GiveAlternateStack() {
  stack_t now = {};
  if (sigaltstack(nullptr, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
  constexpr size_t kBytes = 64 * 1024;
  static char* const stack = new char[kBytes];
  const stack_t own = {.ss_sp = stack, .ss_flags = 0, .ss_size = kBytes};
  (void)sigaltstack(&own, nullptr);
}

void HandleIfDefault(int signal, int flags) {
  struct sigaction now = {}, ours = {};
  if (sigaction(signal, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO)) return;
  if (now.sa_handler != SIG_DFL) return;
  ours.sa_handler = OnDeadly;
  ours.sa_flags = flags;
  (void)sigaction(signal, &ours, nullptr);
}

}  // namespace

void HandleDeadlySignals(const SignalActions& actions) {
  State& s = TheState();
  if (s.process == getpid()) return;
  s.actions = actions;
  s.process = getpid();
  sem_init(&s.wanted, 0, 0);
  g_state = &s;
  (void)new Background(Serve);  // it lives as long as the program; a forked child has no threads
  GiveAlternateStack();
  for (int signal : kFaults) HandleIfDefault(signal, SA_ONSTACK | SA_NODEFER);
  for (int signal : kStops) HandleIfDefault(signal, SA_RESTART);
  for (int signal : kOthers) HandleIfDefault(signal, SA_RESTART);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) HandleIfDefault(signal, SA_RESTART);
  SetLastRites(OnDeadly);
}

bool IsEndedByFault() { return g_state != nullptr && IsFault(g_state->signal); }

}  // namespace ronchi
