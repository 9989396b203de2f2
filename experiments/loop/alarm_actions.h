// What can be done when the monitor says that something has changed: the table that a recipe's
// `on_alarm` chooses from, in the order that is given there. The agent is paused meanwhile; the
// monitor is armed anew afterwards.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi {

// What a deployment lets an action do.
class AlarmSite {
 public:
  virtual ~AlarmSite() = default;
  // Theory takes images of its own and estimates its unknowns anew.
  virtual absl::Status EstimateAnew() = 0;
  // The settings' origin, and the instrument with it, moves by minus what theory says has moved.
  virtual absl::Status Recentre() = 0;
  // The agent forgets its episode, and the task begins a new one.
  virtual absl::Status RestartAgent() = 0;
  // FailedPrecondition: the person said no, or nobody answered in time.
  virtual absl::Status AskPerson() = 0;
  // Blanks; the run goes on with a beam that is off until the agent's next command.
  virtual absl::Status MakeSafe() = 0;
  // The run ends, in order.
  virtual void Stop() = 0;
};

struct AlarmAction {
  std::string name, summary;
  bool needs_theory = false;
  absl::Status (*act)(AlarmSite* site);
};
const std::vector<AlarmAction>& AlarmActions();
// InvalidArgument: there is none of that name, with those there are.
absl::StatusOr<const AlarmAction*> FindAlarmAction(const std::string& name);

}  // namespace ronchi
