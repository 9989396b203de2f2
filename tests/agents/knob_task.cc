#include "agents/knob_task.h"

#include <gtest/gtest.h>

#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

TEST(KnobTask, RefusesWhatIsNotATaskOfItsKind) {
  const ToyEnvironment toy({}, 0);
  const env::DictSpace space = toy.spec().observation_space;
  const env::Box action = toy.spec().action_space;
  auto refused = [&](const env::DictSpace& s, const env::Box& a) {
    return absl::IsInvalidArgument(KnobTask::Create(s, a, {}).status());
  };
  EXPECT_FALSE(refused(space, action));
  env::DictSpace other = space;
  other.erase("contrast");
  EXPECT_TRUE(refused(other, action));
  other = space;
  other["settings"].unit = "m";
  EXPECT_TRUE(refused(other, action));
  other = space;
  other["settings"].high = INFINITY;
  EXPECT_TRUE(refused(other, action));
  EXPECT_TRUE(refused(space, {{2}, -1, 1, "nm", ""}));
  const auto task = *KnobTask::Create(space, action, {});
  env::Observation observation = {{"contrast", Array<float>({1}, 0.5f)},
                                  {"settings", Array<float>({3}, {-12, 0, 12})}};
  EXPECT_EQ(task.Read(observation)->settings, (std::vector<double>{0, 0.5, 1}));
  observation["settings"] = Array<float>({2}, 0.0f);
  EXPECT_TRUE(absl::IsInvalidArgument(task.Read(observation).status()));
  EXPECT_EQ(task.Toward({0, 0.5, 1}, {1, 0.5, 0.75}), (Action{24, 0, -6}));
}

}  // namespace
}  // namespace ronchi::agents
