#include "core/interrupt.h"

#include <atomic>
#include <csignal>

namespace ronchi {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;
std::atomic<void (*)(int)> g_last_rites = nullptr;
static_assert(std::atomic<void (*)(int)>::is_always_lock_free, "it is read by signal handlers");

void OnSignal(int signal) {
  if (g_interrupted) {
    if (const auto rites = g_last_rites.load()) return rites(signal);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  g_interrupted = 1;
}

bool IsIgnored(int signal) {
  struct sigaction now = {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

void InstallInterruptHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) {
    if (signal == SIGHUP && IsIgnored(signal)) continue;
    sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool Interrupted() { return g_interrupted != 0; }
void SetInterrupted(bool interrupted) { g_interrupted = interrupted; }
void SetLastRites(void (*rites)(int signal)) { g_last_rites = rites; }

}  // namespace ronchi
