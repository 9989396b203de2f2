// One writer at a time, and the operator wins: who holds the lease commands, anybody may read,
// blank and make safe. A state that nobody here commanded (somebody turned a knob) takes the lease
// away and is reported.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

struct LeaseOptions {
  // Looked at before every exposure and set, and compared with what was last commanded or read
  // here. A difference above the tolerance (0: the property's resolution) is a foreign hand.
  std::map<std::string, double> compared;
  // Told what was found: "the operator moved stage.x from … to …". Called on the thread of the
  // command.
  std::function<void(const std::string&)> on_foreign_hand = nullptr;
};

// What is shared; every writer gets an Instrument of its own from it. Threads: any.
class LeaseDesk : public std::enable_shared_from_this<LeaseDesk> {
 public:
  // InvalidArgument: a compared property that there is not.
  static absl::StatusOr<std::shared_ptr<LeaseDesk>> Create(std::unique_ptr<Instrument> inner,
                                                           const LeaseOptions& options);
  // The instrument as `who` sees it. Without the lease, what changes anything is refused
  // (PermissionDenied, naming the holder). Its destruction blanks if it holds the lease, and gives
  // it back.
  std::unique_ptr<Instrument> MakeLeased(const std::string& who);
  // FailedPrecondition: somebody else holds it. After a foreign hand: only by TakeOver.
  absl::Status Acquire(const std::string& who);
  void Release(const std::string& who);
  // A person takes it from whoever has it; what they have begun is cancelled. Where the compared
  // properties stand now is accepted.
  absl::Status TakeOver(const std::string& who);
  std::string holder() const;        // "" : nobody
  std::string foreign_hand() const;  // "" : none since TakeOver

 private:
  friend class Leased;
  LeaseDesk(std::unique_ptr<Instrument> inner, LeaseOptions options);
  absl::StatusOr<Reply> Execute(const std::string& who, const Command& command,
                                const ExecuteOptions& options);
  absl::Status CheckHands();
  absl::Status Accept();
  void Note(const Reply& reply);

  const std::unique_ptr<Instrument> inner_;
  const LeaseOptions options_;
  std::vector<std::string> names_;
  std::mutex use_;            // of inner_ and expected_
  mutable std::mutex state_;  // of what follows
  std::string holder_, foreign_;
  CancelToken* running_ = nullptr;
  std::map<std::string, double> expected_;  // SI
};

}  // namespace ronchi::hw
