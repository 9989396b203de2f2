// What a served Merlin is set to, and what it does: one acquisition at a time, on a thread of its
// own, whose frames go to all who listen.
// Threads: any.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/background.h"
#include "hw/server/hub.h"
#include "hw/server/merlin_server.h"
#include "hw/wire/mpx.h"

namespace ronchi::hw {

class MerlinCamera {
 public:
  MerlinCamera(Hub* hub, const DetectorInfo& camera, const MerlinServerOptions& options);
  ~MerlinCamera();  // ends what runs

  wire::MpxAnswer Answer(const wire::MpxRequest& request);
  void Listen(std::shared_ptr<Outbox> out);
  void Leave(const std::shared_ptr<Outbox>& out);

 private:
  struct Plan {  // of an acquisition
    size_t frames = 1, per_trigger = 1;
    double time_s = 0;
    int depth = 12;
    bool soft = false;
  };

  wire::MpxCode Set(const std::string& name, const std::string& value);
  wire::MpxCode Do(const std::string& command);
  wire::MpxCode Start();
  wire::MpxCode Stop();
  bool IsBlanked();

  void Acquire(const Plan& plan);
  size_t AwaitFrames(const Plan& plan, size_t sent);
  absl::Status Send(const Plan& plan, const Frame& frame, size_t sequence);
  absl::Status PushToAll(const std::string& bytes);
  bool PushTo(const std::shared_ptr<Outbox>& out, const std::string& bytes);

  Hub* const hub_;
  const DetectorInfo camera_;
  const MerlinServerOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;  // who listens, what runs, what was triggered
  std::map<std::string, double> settings_;
  std::vector<std::shared_ptr<Outbox>> listeners_;
  bool running_ = false;
  size_t triggers_ = 0;
  std::unique_ptr<CancelToken> cancel_;      // of the acquisition
  std::unique_ptr<Background> acquisition_;  // last: it uses all of these
};

}  // namespace ronchi::hw
