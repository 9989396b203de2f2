// Long work that Ctrl-C can end: it goes on beside, without the interpreter's lock, while the
// calling thread looks at Python's signals.
#pragma once

#include <functional>

namespace ronchi::python {

// Returns when `body` has. A signal whose Python handler raises (KeyboardInterrupt) calls `stop`
// once, waits for `body`, and throws nanobind::python_error. Call it with the lock held.
void RunInterruptibly(const std::function<void()>& body, const std::function<void()>& stop);

}  // namespace ronchi::python
