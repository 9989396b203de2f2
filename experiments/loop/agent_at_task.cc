#include "experiments/loop/agent_at_task.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "experiments/loop/recipe.h"

namespace ronchi {

absl::Status AgentAtTask::BeginEpisode() {
  policy_->Reset(DeriveSeed(seed_, episodes_ == 0 ? part_ : absl::StrCat(part_, "/", episodes_)));
  RONCHI_ASSIGN_OR_RETURN(env::ResetResult reset, task_->Reset(std::nullopt));
  observation_ = std::move(reset.observation);
  info_ = std::move(reset.info);
  action_.clear();
  reward_ = std::numeric_limits<double>::quiet_NaN();
  ended_ = false;
  ++episodes_;
  return absl::OkStatus();
}

absl::Status AgentAtTask::Step() {
  RONCHI_ASSIGN_OR_RETURN(action_, policy_->Act(observation_));
  RONCHI_ASSIGN_OR_RETURN(env::StepResult next, task_->Step(action_));
  observation_ = std::move(next.observation);
  info_ = std::move(next.info);
  reward_ = next.reward;
  ended_ = next.terminated || next.truncated;
  return absl::OkStatus();
}

bool AgentAtTask::Holds(double rest) const {
  return std::ranges::all_of(action_, [&](float a) { return std::fabs(a) < float(rest); });
}

}  // namespace ronchi
