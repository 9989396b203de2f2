#include "hw/safety/last_resort.h"

#include <cstdlib>
#include <exception>
#include <mutex>
#include <utility>

#include "core/deadly_signals.h"

namespace ronchi::hw {
namespace {

using Event = LastResort::Event;

struct Registry {
  std::recursive_mutex mutex;  // an action may destroy what registered it
  std::list<LastResort::Action> actions;
  std::terminate_handler before = nullptr;
  std::unique_lock<std::recursive_mutex> stopped;  // nothing comes or goes between stop and go-on
};

// Never destroyed: it is used while statics are.
Registry& TheRegistry();

void ActOnce() {
  Registry& r = TheRegistry();
  const std::lock_guard<std::recursive_mutex> lock(r.mutex);
  for (LastResort::Action& action : r.actions) {
    const LastResort::Action once = std::exchange(action, nullptr);
    if (once) once(Event::kExit);
  }
}

void Tell(Event event) {
  for (LastResort::Action& action : TheRegistry().actions) {
    if (action) action(event);
  }
}

// If the thread that a fault has struck was registering here, the lock is never had, and the signal
// ends the program after its wait.
void BeforeSignal(bool ends) {
  Registry& r = TheRegistry();
  r.stopped = std::unique_lock<std::recursive_mutex>(r.mutex);
  Tell(ends ? Event::kDeath : Event::kStop);
}

void AfterStop() {
  Tell(Event::kGoOn);
  TheRegistry().stopped = {};
}

void OnTerminate() {
  ActOnce();
  if (TheRegistry().before) TheRegistry().before();
  std::abort();
}

Registry& TheRegistry() {
  static Registry* const registry = [] {
    auto* made = new Registry;
    made->before = std::set_terminate(OnTerminate);
    std::atexit(ActOnce);
    return made;
  }();
  return *registry;
}

}  // namespace

LastResort::LastResort(Action action) {
  Registry& r = TheRegistry();
  const std::lock_guard<std::recursive_mutex> lock(r.mutex);
  place_ = r.actions.insert(r.actions.end(), std::move(action));
  HandleDeadlySignals({BeforeSignal, AfterStop});
}

LastResort::~LastResort() {
  Registry& r = TheRegistry();
  const std::lock_guard<std::recursive_mutex> lock(r.mutex);
  r.actions.erase(place_);
}

}  // namespace ronchi::hw
