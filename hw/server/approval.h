// A person's word on single calls of a client. A call is held until a person has approved exactly
// that call, by a code that was made for it and is shown with it; without a word in time it is
// denied. Nothing that a client says counts.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace ronchi::hw {

class ApprovalDesk {
 public:
  // `show` tells a person of a call and its code, on the thread of the call.
  using Show = std::function<void(const std::string& call, const std::string& code)>;
  explicit ApprovalDesk(Show show, double wait_s = 120) : show_(std::move(show)), wait_s_(wait_s) {}

  // Waits for a person's word. False: denied, no word in time, or too many wait already, which
  // would keep all threads of a server from blanking.
  bool Ask(const std::string& call);
  // A person's line: "yes <code>" or "no <code>". False: it is none, or no call has that code.
  bool Hear(const std::string& line);
  void Close();  // whatever waits is denied, and what comes
  size_t waiting() const;

 private:
  static constexpr size_t kMostWaiting = 4;
  const Show show_;
  const double wait_s_;
  mutable std::mutex mutex_;
  std::condition_variable heard_;
  uint64_t asked_ = 0;
  bool closed_ = false;
  std::map<std::string, int> words_;  // by the code of a call that waits: 0 none yet, 1 yes, -1 no
};

}  // namespace ronchi::hw
