#include "experiments/report/player.h"

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "env/wrappers/record_pictures.h"
#include "experiments/catalog/environments.h"
#include "experiments/loop/recipe.h"
#include "experiments/record/named_agent.h"

namespace ronchi {
Player::Player(Config task, std::unique_ptr<env::Environment> environment,
               std::unique_ptr<agents::Policy> policy, uint64_t seed)
    : task_(std::move(task)),
      environment_(std::move(environment)),
      policy_(std::move(policy)),
      seed_(seed) {}

absl::StatusOr<Player> Player::Create(const PlayerOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("{}", o.environment, o.overrides));
  RONCHI_ASSIGN_OR_RETURN(NamedAgent agent, NamedAgent::Read(o.agent, o.environment));
  RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make,
                          PrepareEnvironments(o.environment, config));
  RONCHI_ASSIGN_OR_RETURN(std::unique_ptr<env::Environment> environment, make(0));
  RONCHI_ASSIGN_OR_RETURN(const Config no_keys, Config::Parse("{}", o.agent));
  RONCHI_ASSIGN_OR_RETURN(std::unique_ptr<agents::Policy> policy,
                          agent.Make(environment->spec(), no_keys));
  const bool pictures = !o.folder.empty();
  if (pictures) {
    RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(o.folder));  // before the work, not after
    environment = std::make_unique<env::RecordPictures>(
        std::move(environment),
        env::RecordPicturesOptions{.folder = o.folder, .name = o.environment});
  }
  Player player(ConfigReader(config).Child("task"), std::move(environment), std::move(policy),
                o.seed);
  player.pictures_ = pictures;
  return player;
}

absl::StatusOr<Player::Turn> Player::Play() {
  Turn turn;
  if (!running_) {
    turn.is_reset = true;
    const std::optional<uint64_t> seed = episode_ == 0 ? std::optional(seed_) : std::nullopt;
    RONCHI_ASSIGN_OR_RETURN(env::ResetResult reset, environment_->Reset(seed));
    policy_->Reset(DeriveSeed(seed_, absl::StrCat("watch.policy/", episode_++)));
    turn.result.observation = std::move(reset.observation);
    turn.result.info = std::move(reset.info);
    running_ = true;
  } else {
    RONCHI_ASSIGN_OR_RETURN(turn.action, policy_->Act(observation_));
    RONCHI_ASSIGN_OR_RETURN(turn.result, environment_->Step(turn.action));
    running_ = !turn.ended();
  }
  observation_ = turn.result.observation;
  return turn;
}

absl::StatusOr<std::vector<std::string>> Player::FinishPictures() {
  if (!pictures_) return std::vector<std::string>();
  auto& recorder = static_cast<env::RecordPictures&>(*environment_);
  RONCHI_RETURN_IF_ERROR(recorder.Finish());
  return recorder.written();
}

}  // namespace ronchi
