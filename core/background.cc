#include "core/background.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace ronchi {

Background::Background(std::function<void()> body) {
  // Signals are for the main thread: its system calls are the ones to be interrupted.
  // Faults strike the thread that makes them; blocked, they would end the program past every
  // handler.
  sigset_t all, before;
  sigfillset(&all);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
    sigdelset(&all, fault);
  }
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Background::~Background() { thread_.join(); }

}  // namespace ronchi
