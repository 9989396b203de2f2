#include "core/interrupt.h"

#include <csignal>

namespace ronchi {
namespace {
volatile std::sig_atomic_t g_interrupted = 0;
void OnSignal(int signal) {
  if (g_interrupted) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  g_interrupted = 1;
}
}  // namespace

void InstallInterruptHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return g_interrupted != 0; }
void SetInterrupted(bool interrupted) { g_interrupted = interrupted; }

}  // namespace ronchi
