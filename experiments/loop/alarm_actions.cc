#include "experiments/loop/alarm_actions.h"

#include "absl/strings/str_cat.h"
#include "core/nearest.h"

namespace ronchi {

const std::vector<AlarmAction>& AlarmActions() {
  static const std::vector<AlarmAction> kActions = {
      {"re_estimate", "theory takes images of its own and estimates the instrument anew", true,
       [](AlarmSite* site) { return site->EstimateAnew(); }},
      {"recentre", "the settings' origin follows what has moved since before the change", true,
       [](AlarmSite* site) { return site->Recentre(); }},
      {"restart_agent", "the agent forgets its episode and the task begins a new one", false,
       [](AlarmSite* site) { return site->RestartAgent(); }},
      {"ask_person", "a person says whether the run goes on; no answer means no", false,
       [](AlarmSite* site) { return site->AskPerson(); }},
      {"safe", "the beam is blanked and everything stopped", false,
       [](AlarmSite* site) { return site->MakeSafe(); }},
      {"stop", "the run ends, in order", false,
       [](AlarmSite* site) {
         site->Stop();
         return absl::OkStatus();
       }},
  };
  return kActions;
}

absl::StatusOr<const AlarmAction*> FindAlarmAction(const std::string& name) {
  std::vector<std::string> names;
  for (const AlarmAction& action : AlarmActions()) {
    if (action.name == name) return &action;
    names.push_back(action.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is not allowed; ", AllowedNames(name, names)));
}

}  // namespace ronchi
