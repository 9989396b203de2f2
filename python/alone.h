// An object of C++ that the interpreter's threads share.
#pragma once

#include <mutex>

#include "python/unlocked.h"

namespace ronchi::python {

// Calls with what is shared come one at a time, and the interpreter's lock is let go meanwhile: a
// second thread waits.
class Alone {
 public:
  template <class Call>
  auto operator()(const Call& call) {
    const Unlocked unlocked;
    const std::lock_guard<std::mutex> alone(mutex_);
    return call();
  }

 private:
  std::mutex mutex_;
};

}  // namespace ronchi::python
