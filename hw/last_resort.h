// What is still to be done when the program ends without unwinding: std::exit and std::terminate.
#pragma once

#include <functional>
#include <list>

namespace ronchi::hw {

// While it lives, `action` is called once if the program exits or terminates.
class LastResort {
 public:
  explicit LastResort(std::function<void()> action);
  ~LastResort();
  LastResort(const LastResort&) = delete;
  LastResort& operator=(const LastResort&) = delete;

 private:
  std::list<std::function<void()>>::iterator place_;
};

}  // namespace ronchi::hw
