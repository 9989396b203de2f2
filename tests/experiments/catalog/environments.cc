// The tasks that tune a column, at every level and with every reward, through one body; and each on
// an instrument that tells no truth.
#include "experiments/catalog/environments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env/aberration_tuning.h"
#include "env/drift_lock.h"
#include "env/ronchigram_tuning.h"
#include "env/zone_axis_tilt.h"
#include "experiments/catalog/instruments.h"
#include "hw/safety/guarded.h"
#include "tests/support/env_contract.h"

namespace ronchi {
namespace {

using testing::HasSubstr;
using testing_support::TakeReset;
using testing_support::TakeStep;

struct Case {
  std::string id;
  int level;
  std::string reward;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.id << c.level << c.reward; }

const char* const kIds[] = {"AberrationTuning-v1", "DriftLock-v1", "RonchigramTuning-v1",
                            "ZoneAxisTilt-v1"};

std::vector<Case> All() {
  std::vector<Case> cases;
  for (const char* id : kIds) {
    for (int level : {1, 2, 3}) {
      for (const char* reward : {"image", "truth"}) cases.push_back({id, level, reward});
    }
  }
  return cases;
}

std::string Text(const Case& c, const std::string& more = "max_episode_steps: 6") {
  return "{task: {level: " + std::to_string(c.level) + ", reward: " + c.reward + ", " + more + "}}";
}

class Environments : public testing::TestWithParam<Case> {};

TEST_P(Environments, KeepTheContract) {
  const Config config = *Config::Parse(Text(GetParam()), "test");
  const auto make = PrepareEnvironments(GetParam().id, config);
  ASSERT_TRUE(make.ok()) << make.status();
  testing_support::ExpectKeepsTheContract(*make);
  EXPECT_EQ((*make)(0).value()->spec().needs_ground_truth, GetParam().reward == "truth");
}
INSTANTIATE_TEST_SUITE_P(All, Environments, testing::ValuesIn(All()), [](const auto& info) {
  const Case& c = info.param;
  return c.id.substr(0, c.id.find('-')) + std::to_string(c.level) + c.reward;
});

// Behind a guard the simulation tells nothing: with the image's reward all goes as without one.
template <class Task, class Options>
void ExpectDeploys(const Case& c, Options options) {
  hw::GuardOptions guard;
  guard.dose_budget_e_per_m2 = 1e40;
  auto guarded = *hw::MakeGuarded(*OpenInstrument(*LevelInstrument(c.id, c.level), 0), guard);
  ASSERT_EQ(guarded->ground_truth(), nullptr);
  options.level = c.level;
  options.reward_truth = false;
  auto task = Task::Create(guarded.get(), options);
  ASSERT_TRUE(task.ok()) << task.status();
  testing_support::ExpectInSpace((*task)->spec(), TakeReset(task->get(), 1).observation);
  for (int step = 0; step < 4; ++step) {
    testing_support::ExpectInSpace((*task)->spec(), TakeStep(task->get(), step).observation);
  }
  EXPECT_TRUE(absl::IsUnimplemented((*task)->Save().status()));
  options.reward_truth = true;
  const absl::Status refused = Task::Create(guarded.get(), options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("ground truth"));
}

TEST(EnvironmentsDeployed, WorkWithoutGroundTruthOrSayThatTheyDoNot) {
  for (int level : {1, 2, 3}) {
    ExpectDeploys<env::AberrationTuning>({"AberrationTuning-v1", level},
                                         env::AberrationTuningOptions());
    ExpectDeploys<env::DriftLock>({"DriftLock-v1", level}, env::DriftLockOptions());
    ExpectDeploys<env::RonchigramTuning>({"RonchigramTuning-v1", level},
                                         env::RonchigramTuningOptions());
    ExpectDeploys<env::ZoneAxisTilt>({"ZoneAxisTilt-v1", level}, env::ZoneAxisTiltOptions());
  }
}

TEST(EnvironmentsConfig, AThresholdHoldsForTheTaskThatItWasMeasuredOn) {
  const auto threshold = [](const char* yaml) {
    return (*MakeEnvironment("AberrationTuning-v1", yaml))->spec().reward_threshold;
  };
  EXPECT_EQ(threshold(""), 73);
  EXPECT_EQ(threshold("{task: {reward: image}}"), 73);
  EXPECT_EQ(threshold("{task: {reward: truth}}"), 0);  // none is known
  EXPECT_EQ(threshold("{task: {pixels: 32}}"), 0);
  EXPECT_EQ(threshold("{instrument: {preset: corrected_200kV, current_pA: 9}}"), 0);
}

TEST(EnvironmentsConfig, MistakesAreOneClearLine) {
  const auto refused = [](const char* id, const char* yaml) {
    const absl::Status status = MakeEnvironment(id, yaml).status();
    EXPECT_FALSE(status.ok()) << id << yaml;
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("\n")));
    return std::string(status.message());
  };
  for (const char* id : kIds) {
    EXPECT_THAT(refused(id, "{task: {levle: 2}}"), HasSubstr("level"));
    EXPECT_THAT(refused(id, "{task: {level: 4}}"), HasSubstr("allowed: 1 … 3"));
    EXPECT_THAT(refused(id, "{task: {reward: fame}}"), HasSubstr("truth"));
    EXPECT_THAT(refused(id, "{tsak: {}}"), HasSubstr("task"));
    EXPECT_THAT(refused(id, "{instrument: {preset: corrected_200kV, curent_pA: 3}}"),
                HasSubstr("current_pA"));
    EXPECT_THAT(refused(id, "{task: {max_episode_steps: 0}}"), HasSubstr("max_episode_steps"));
  }
  EXPECT_THAT(refused("AberrationTuning-v9", "{}"), HasSubstr("AberrationTuning-v1"));
  EXPECT_THAT(refused("AberrationTuning-v0", "{}"), HasSubstr("is now 'AberrationTuning-v1'"));
  // A knob that the instrument does not have; a range that it does not go.
  EXPECT_THAT(refused("AberrationTuning-v1",
                      "{instrument: {preset: corrected_200kV, engine: linear}, task: {level: 2}}"),
              HasSubstr("optics.C21.a"));
  EXPECT_THAT(refused("AberrationTuning-v1",
                      "{instrument: {preset: corrected_200kV, engine: linear}, "
                      "task: {range_nm: 51}}"),
              HasSubstr("up to 50"));
  EXPECT_THAT(refused("DriftLock-v1", "{task: {max_shift_A: 9}}"), HasSubstr("fov_A/2"));
  EXPECT_THAT(refused("RonchigramTuning-v1", "{task: {disc_mrad: 33}}"), HasSubstr("4 … 32"));
  EXPECT_THAT(refused("RonchigramTuning-v1", "{instrument: corrected_200kV}"),
              HasSubstr("'camera'"));
  EXPECT_THAT(refused("ZoneAxisTilt-v1", "{task: {pixels: 60}}"), HasSubstr("divide the 64"));
}

}  // namespace
}  // namespace ronchi
