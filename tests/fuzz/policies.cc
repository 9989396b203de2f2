// Policy files of every kind, and states that environments have saved.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "agents/bayes/gp_learner.h"
#include "agents/classical/nelder_mead_policy.h"
#include "agents/classical/random_policy.h"
#include "agents/policy_file.h"
#include "agents/rl/ppo.h"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/scratch.h"

namespace ronchi::agents {
namespace {

using testing_support::Fuzz;
using testing_support::Scratch;

const ToyOptions kToy = {.max_steps = 5, .image_pixels = 4};

std::string Sealed(const std::string& bytes) {
  nlohmann::json document = nlohmann::json::parse(bytes, nullptr, false);
  if (!document.is_object() || !document.contains("policy")) return bytes;
  uint64_t hash = 0xcbf29ce484222325ull;
  const std::string text =
      document["policy"].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ull;
  document["checksum"] = absl::StrFormat("fnv1a64:%016x", hash);
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Read and, if it is taken, asked for an action: it gives one that is in the space, or an error.
absl::Status ReadAndAct(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const auto policy, LoadPolicy(path));
  (void)LoadProvenance(path);
  ToyEnvironment toy(kToy, 0);
  policy->Reset(1);
  RONCHI_ASSIGN_OR_RETURN(const env::ResetResult start, toy.Reset(1));
  RONCHI_ASSIGN_OR_RETURN(const Action action, policy->Act(start.observation));
  return toy.Step(action).status();
}

void FuzzPolicy(const std::string& kind, const Policy& policy, int quick) {
  const Scratch scratch;
  const std::string path = scratch / "p.json";
  ASSERT_TRUE(SavePolicy(policy, {{"recipe", "r"}, {"steps", 3.0}}, path).ok());
  Fuzz({.kind = "policy_" + kind,
        .corpus = {scratch.Read("p.json")},
        .read =
            [&](const std::string& bytes) {
              scratch.Write("p.json", bytes);
              return ReadAndAct(path);
            },
        .reseal = Sealed,
        .quick = quick});
}

TEST(FuzzPolicies, Random) {
  const ToyEnvironment toy(kToy, 0);
  FuzzPolicy("random", **RandomPolicy::Create(toy.spec().action_space), 500);
}

TEST(FuzzPolicies, NelderMead) {
  const ToyEnvironment toy(kToy, 0);
  const env::Spec& spec = toy.spec();
  FuzzPolicy("nelder_mead", **NelderMeadPolicy::Create(spec.observation_space, spec.action_space),
             500);
}

TEST(FuzzPolicies, GaussianProcess) {
  GpLearnerOptions options{.episodes = 1};
  options.policy.budget = 20;
  FuzzPolicy("gp", *MakeGpLearner(options)->Train(ToyFactory(kToy), 3)->policy, 500);
}

TEST(FuzzPolicies, Ppo) {
  PpoOptions options{.total_steps = 16, .rollout_steps = 8, .epochs = 1, .hidden = 4};
  const auto trained = MakePpoLearner(options)->Train(ToyFactory(kToy), 3);
  ASSERT_TRUE(trained.ok()) << trained.status();
  FuzzPolicy("ppo", *trained->policy, 500);
}

}  // namespace
}  // namespace ronchi::agents
