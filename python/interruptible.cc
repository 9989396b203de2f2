#include "python/interruptible.h"

#include <nanobind/nanobind.h>

#include <chrono>
#include <future>

#include "core/background.h"
#include "python/unlocked.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
constexpr std::chrono::milliseconds kBetweenLooks(50);  // at signals: soon, for a person

bool EndsSoon(const std::future<void>& done) {
  const Unlocked unlocked;
  return done.wait_for(kBetweenLooks) == std::future_status::ready;
}

}  // namespace

void RunInterruptibly(const std::function<void()>& body, const std::function<void()>& stop) {
  std::promise<void> promise;
  const std::future<void> done = promise.get_future();
  Background thread([&] {
    body();
    promise.set_value();
  });
  while (!EndsSoon(done)) {
    if (PyErr_CheckSignals() == 0) continue;
    nb::python_error signal;  // takes the exception, so that waiting can let others run
    stop();
    {
      const Unlocked unlocked;
      done.wait();
    }
    throw signal;
  }
}

}  // namespace ronchi::python
