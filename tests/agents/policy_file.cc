#include "agents/policy_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "agents/bayes/gp_learner.h"
#include "agents/classical/nelder_mead_policy.h"
#include "agents/classical/random_policy.h"
#include "agents/rl/ppo.h"
#include "agents/spaces.h"
#include "core/files.h"
#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

const ToyOptions kSavedToy = {.max_steps = 30, .image_pixels = 16};

template <class T>
std::unique_ptr<Policy> Must(absl::StatusOr<T> policy) {
  EXPECT_TRUE(policy.ok()) << policy.status();
  return std::move(*policy);
}
std::unique_ptr<Policy> MakePolicy(const std::string& kind) {
  const ToyEnvironment toy(kSavedToy, 0);
  const env::Spec& spec = toy.spec();
  if (kind == "random") return Must(RandomPolicy::Create(spec.action_space));
  if (kind == "nelder_mead") {
    return Must(NelderMeadPolicy::Create(spec.observation_space, spec.action_space));
  }
  if (kind == "gp") {
    GpLearnerOptions options{.episodes = 1};
    options.policy.budget = 20;
    return std::move(MakeGpLearner(options)->Train(ToyFactory(kSavedToy), 3)->policy);
  }
  PpoOptions options{.total_steps = 256, .rollout_steps = 64, .epochs = 1, .hidden = 16};
  return std::move(MakePpoLearner(options)->Train(ToyFactory(kSavedToy), 3)->policy);
}

std::vector<Action> Episode(Policy& policy, uint64_t seed) {
  ToyEnvironment environment(kSavedToy, 0);
  policy.Reset(seed);
  std::vector<Action> actions;
  env::Observation observation = environment.Reset(seed)->observation;
  for (bool done = false; !done;) {
    actions.push_back(*policy.Act(observation));
    auto step = environment.Step(actions.back());
    EXPECT_TRUE(step.ok()) << step.status();  // so the action lies in the space
    observation = step->observation;
    done = step->truncated;
  }
  return actions;
}

class PolicyFile : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    path_ =
        (std::filesystem::path(testing::TempDir()) / ("policy_" + GetParam() + ".json")).string();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
};

TEST_P(PolicyFile, LoadedPolicyActsAlikeBitForBit) {
  const std::unique_ptr<Policy> policy = MakePolicy(GetParam());
  EXPECT_EQ(policy->kind(), GetParam());
  ASSERT_TRUE(SavePolicy(*policy, {{"seed", 3.0}, {"environment", "Toy-v0"}}, path_).ok());
  auto loaded = LoadPolicy(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->kind(), GetParam());
  EXPECT_EQ((*loaded)->ToJson(), policy->ToJson());
  const std::vector<Action> before = Episode(*policy, 11);
  EXPECT_EQ(Episode(**loaded, 11), before);
  // Reset forgets the episode: the same again.
  EXPECT_EQ(Episode(**loaded, 11), before);
  const auto provenance = LoadProvenance(path_);
  ASSERT_TRUE(provenance.ok());
  EXPECT_EQ(std::get<double>(provenance->at("seed")), 3.0);
  EXPECT_EQ(std::get<std::string>(provenance->at("environment")), "Toy-v0");
}

TEST_P(PolicyFile, TruncatedOrAlteredIsOneClearLine) {
  ASSERT_TRUE(SavePolicy(*MakePolicy(GetParam()), {}, path_).ok());
  const std::string text = *ReadFile(path_);
  auto expect_refused = [&](const std::string& bytes, const std::string& words) {
    ASSERT_TRUE(WriteFileAtomically(path_, bytes).ok());
    const absl::Status status = LoadPolicy(path_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    const std::string message(status.message());
    EXPECT_NE(message.find(path_), std::string::npos) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  };
  expect_refused(text.substr(0, text.size() / 2), "truncated");
  expect_refused("", "truncated");
  expect_refused("{\"a\": 1}", "not a policy file");
  std::string altered = text;
  const size_t at = altered.find("\"nm\"");
  ASSERT_NE(at, std::string::npos);
  altered[at + 1] = 'p';
  expect_refused(altered, "checksum");
  nlohmann::json document = nlohmann::json::parse(text);
  document["version"] = 99;
  expect_refused(document.dump(), "99");
  document = nlohmann::json::parse(text);
  document["kind"] = "oracle";
  expect_refused(document.dump(), "oracle");
  document = nlohmann::json::parse(text);
  document.erase("policy");
  expect_refused(document.dump(), "policy");
}

// A file that is whole, and holds what no policy's numbers can be.
std::string Sealed(nlohmann::json document) {
  uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a, 64 bits
  for (unsigned char c : document["policy"].dump()) hash = (hash ^ c) * 0x100000001b3ull;
  document["checksum"] = absl::StrFormat("fnv1a64:%016x", hash);
  return document.dump();
}

TEST_P(PolicyFile, EntriesThatCannotBeAreNamed) {
  ASSERT_TRUE(SavePolicy(*MakePolicy(GetParam()), {}, path_).ok());
  const nlohmann::json whole = nlohmann::json::parse(*ReadFile(path_));
  ASSERT_TRUE(WriteFileAtomically(path_, Sealed(whole)).ok());
  ASSERT_TRUE(LoadPolicy(path_).ok());
  const auto expect_refused = [&](const std::string& pointer, const nlohmann::json& value,
                                  const std::string& words) {
    nlohmann::json document = whole;
    const nlohmann::json::json_pointer at("/policy" + pointer);
    if (!document.contains(at)) return;  // of another kind
    document[at] = value;
    ASSERT_TRUE(WriteFileAtomically(path_, Sealed(document)).ok());
    const absl::Status status = LoadPolicy(path_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << pointer << " " << status;
    EXPECT_NE(status.message().find(words), std::string::npos) << status;
  };
  expect_refused("/prior/sd/1", -0.5, "policy.prior.sd[1]: -0.5 is not allowed");
  expect_refused("/standardisation/scale", 0, "policy.standardisation.scale");
  expect_refused("/n_initial", -3, "policy.n_initial: -3");
  expect_refused("/initial_step", -1, "policy.initial_step: -1");
  expect_refused("/normalisation/variance/0", -1e-3, "policy.normalisation.variance[0]: -0.001");
  expect_refused("/normalisation/count", -1, "policy.normalisation.count");
  // A terabyte of weights, and more of a space, are refused before they are asked for.
  expect_refused("/hidden", 60000000, "policy.hidden: 60000000 x 60000000 units need");
  expect_refused("/hidden", -1, "policy.hidden: -1");
  expect_refused("/action_space/shape", {1000000, 1000000}, "shape");
  expect_refused("/action_space/shape/0", uint64_t{1} << 62, "policy.action_space.shape[0]");
  expect_refused("/action_space/low", 1e9, "low is above high");
  // A weight that is no number.
  const auto weights = nlohmann::json::json_pointer("/policy/weights/log_std");
  if (whole.contains(weights)) {
    const size_t characters = whole[weights].get<std::string>().size();  // base64: 4 for 3 bytes
    const std::vector<float> nan(characters * 3 / 4 / sizeof(float), std::nanf(""));
    expect_refused("/weights/log_std", FloatsToJson(nan), "policy.weights.log_std: entry 0 is nan");
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, PolicyFile, testing::Values("random", "nelder_mead", "gp", "ppo"),
                         [](const auto& param) { return param.param; });

TEST(LoadPolicy, AMissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(LoadPolicy("/nonexistent/policy.json").status()));
}

}  // namespace
}  // namespace ronchi::agents
