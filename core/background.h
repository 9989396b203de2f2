// A thread beside the one that works: for an instrument's commands, a watchdog. Loops go through
// core/parallel.h instead.
#pragma once

#include <functional>
#include <thread>

namespace ronchi {

class Background {
 public:
  // Runs `body` once. It must end soon after its owner has told it to, by a flag of theirs.
  explicit Background(std::function<void()> body);
  ~Background();  // waits for the end of `body`
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  std::thread thread_;
};

}  // namespace ronchi
