// Work without the interpreter's lock.
#pragma once

#include <Python.h>
#include <cxxabi.h>
#include <unistd.h>

namespace ronchi::python {

// While it lives the interpreter's lock is let go. As nanobind::gil_scoped_release, but for threads
// that come back when the interpreter has begun to end, as daemon threads do: before Python 3.14
// it ends them by unwinding their stacks, which no C++ program survives (a destructor on the way
// ends it). They are held where they are instead, until the process is gone.
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  ~Unlocked() {
    try {
      PyEval_RestoreThread(state_);
    } catch (abi::__forced_unwind&) {
      for (;;) pause();
    }
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* const state_;
};

}  // namespace ronchi::python
