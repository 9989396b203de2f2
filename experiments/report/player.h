// An environment by its id and an agent that acts in it, turn by turn: `ronchi watch` and the
// playthroughs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/policy.h"
#include "core/config.h"
#include "env/environment.h"

namespace ronchi {

struct PlayerOptions {
  std::string environment;             // id
  std::vector<std::string> overrides;  // "task.pixels=32"
  std::string agent = "random";        // one that needs no training, or a policy file
  uint64_t seed = 0;
  std::string folder;  // not empty: pictures of every step and a GIF are written there
};

class Player {
 public:
  // NotFound, InvalidArgument: id, overrides, policy file.
  static absl::StatusOr<Player> Create(const PlayerOptions& options);

  struct Turn {
    bool is_reset = false;
    agents::Action action;  // empty for a reset
    env::StepResult result;
    bool ended() const { return result.terminated || result.truncated; }
  };
  // The beginning of an episode first, and after the end of one; else a step.
  absl::StatusOr<Turn> Play();

  const env::Environment& environment() const { return *environment_; }
  const Config& task() const { return task_; }  // the environment's keys, defaults among them
  std::string agent() const { return policy_->kind(); }
  // Writes what is not yet written; gives the files and folders.
  absl::StatusOr<std::vector<std::string>> FinishPictures();

 private:
  Player(Config task, std::unique_ptr<env::Environment> environment,
         std::unique_ptr<agents::Policy> policy, uint64_t seed);

  Config task_;
  std::unique_ptr<env::Environment> environment_;
  std::unique_ptr<agents::Policy> policy_;
  uint64_t seed_;
  env::Observation observation_;
  uint64_t episode_ = 0;
  bool running_ = false;
  bool pictures_ = false;  // environment_ is a RecordPictures
};

}  // namespace ronchi
