#include "core/background.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace ronchi {

Background::Background(std::function<void()> body) {
  // Signals are for the main thread: its system calls are the ones to be interrupted.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Background::~Background() { thread_.join(); }

}  // namespace ronchi
