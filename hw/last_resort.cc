#include "hw/last_resort.h"

#include <cstdlib>
#include <exception>
#include <mutex>
#include <utility>

namespace ronchi::hw {
namespace {

struct Registry {
  std::recursive_mutex mutex;  // an action may destroy what registered it
  std::list<std::function<void()>> actions;
  std::terminate_handler before = nullptr;
};

// Never destroyed: it is used while statics are.
Registry& TheRegistry();

void ActOnce() {
  Registry& r = TheRegistry();
  const std::lock_guard<std::recursive_mutex> lock(r.mutex);
  for (std::function<void()>& action : r.actions) {
    const std::function<void()> once = std::exchange(action, nullptr);
    if (once) once();
  }
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

LastResort::LastResort(std::function<void()> action) {
  Registry& r = TheRegistry();
  const std::lock_guard<std::recursive_mutex> lock(r.mutex);
  place_ = r.actions.insert(r.actions.end(), std::move(action));
}

LastResort::~LastResort() {
  Registry& r = TheRegistry();
  const std::lock_guard<std::recursive_mutex> lock(r.mutex);
  r.actions.erase(place_);
}

}  // namespace ronchi::hw
