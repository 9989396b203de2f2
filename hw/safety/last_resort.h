// What is still to be done when the program ends without unwinding: std::exit, std::terminate, a
// signal (core/deadly_signals.h); and before it is stopped by one.
#pragma once

#include <functional>
#include <list>

namespace ronchi::hw {

class LastResort {
 public:
  enum class Event {
    kExit,   // exit or terminate: once
    kDeath,  // a signal ends the program right after
    kStop,   // a signal stops it; what it drives must hold still until …
    kGoOn,   // … it goes on
  };
  using Action = std::function<void(Event)>;
  // While it lives, `action` is called when one of these happens; all but kExit on a thread of
  // their own. kGoOn follows kStop, on the same thread.
  explicit LastResort(Action action);
  ~LastResort();
  LastResort(const LastResort&) = delete;
  LastResort& operator=(const LastResort&) = delete;

 private:
  std::list<Action>::iterator place_;
};

}  // namespace ronchi::hw
