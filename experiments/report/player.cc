#include "experiments/report/player.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "env/wrappers/record_pictures.h"
#include "experiments/catalog/agents.h"
#include "experiments/catalog/environments.h"
#include "experiments/loop/recipe.h"
#include "experiments/record/trained_policy.h"

namespace ronchi {
namespace {

// Which of the catalogue `name` is; null: a policy file. What there is not, or has to be trained
// first, is told before an engine is prepared, which may take minutes.
absl::StatusOr<const agents::AgentKind*> KindNamed(const std::string& name) {
  const agents::AgentKind* const kind = agents::FindAgentKind(name);
  std::error_code ec;
  if (!kind && !std::filesystem::exists(name, ec)) {
    return absl::NotFoundError(absl::StrCat("no agent or policy file '", name, "'; agents: ",
                                            absl::StrJoin(agents::AgentKindNames(), ", ")));
  }
  if (kind && kind->learns) {
    return absl::InvalidArgumentError(absl::StrCat(
        "agent '", name, "' is trained first (ronchi train); then give its policy file"));
  }
  return kind;
}

absl::StatusOr<std::unique_ptr<agents::Policy>> MakeUntrained(const agents::AgentKind& kind,
                                                              const env::Spec& spec) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("kind: " + kind.kind, "--agent"));
  RONCHI_ASSIGN_OR_RETURN(agents::Trained made, MakeAgent(config, spec, {}, 0));
  return std::move(made.policy);
}

}  // namespace

Player::Player(Config task, std::unique_ptr<env::Environment> environment,
               std::unique_ptr<agents::Policy> policy, uint64_t seed)
    : task_(std::move(task)),
      environment_(std::move(environment)),
      policy_(std::move(policy)),
      seed_(seed) {}

absl::StatusOr<Player> Player::Create(const PlayerOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("{}", o.environment, o.overrides));
  std::unique_ptr<agents::Policy> policy;
  RONCHI_ASSIGN_OR_RETURN(const agents::AgentKind* const kind, KindNamed(o.agent));
  if (!kind) {
    RONCHI_ASSIGN_OR_RETURN(policy, LoadPolicyFor(o.environment, o.agent));
  }
  RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make,
                          PrepareEnvironments(o.environment, config));
  RONCHI_ASSIGN_OR_RETURN(std::unique_ptr<env::Environment> environment, make(0));
  if (kind) {
    RONCHI_ASSIGN_OR_RETURN(policy, MakeUntrained(*kind, environment->spec()));
  }
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
