#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "agents/rl/ppo.h"

namespace ronchi::agents {
namespace {

TEST(PpoOptionsCheck, NamesTheOptionAndWhatIsAllowed) {
  const auto why = [](const std::function<void(PpoOptions&)>& change) {
    PpoOptions options;
    change(options);
    return std::string(CheckPpoOptions(options).message());
  };
  EXPECT_EQ(why([](PpoOptions&) {}), "");
  const std::string allowed = " is not allowed; allowed: above 0";
  EXPECT_EQ(why([](auto& o) { o.total_steps = 0; }), "ppo total_steps 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.environments = 0; }), "ppo environments 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.rollout_steps = 0; }), "ppo rollout_steps 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.epochs = -2; }), "ppo epochs -2" + allowed);
  EXPECT_EQ(why([](auto& o) { o.minibatches = 0; }), "ppo minibatches 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.learning_rate = NAN; }), "ppo learning_rate nan" + allowed);
  EXPECT_EQ(why([](auto& o) { o.ratio_clip = 0; }), "ppo ratio_clip 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.value_clip = -1; }), "ppo value_clip -1" + allowed);
  EXPECT_EQ(why([](auto& o) { o.max_gradient_norm = 0; }), "ppo max_gradient_norm 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.hidden = 0; }), "ppo hidden 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.gamma = 1.5; }),
            "ppo gamma or lambda 1.5 is not allowed; allowed: 0 … 1");
  EXPECT_EQ(why([](auto& o) { o.lambda = -0.5; }),
            "ppo gamma or lambda -0.5 is not allowed; allowed: 0 … 1");
  EXPECT_EQ(why([](auto& o) { o.gamma = o.lambda = 1; }), "");
}

TEST(PpoOptionsCheck, TrainingTakesWholeRounds) {
  const PpoOptions round{.environments = 3, .rollout_steps = 10};
  const auto steps = [&](int64_t total) {
    PpoOptions options = round;
    options.total_steps = total;
    return TrainedSteps(options);
  };
  EXPECT_EQ(steps(1), 30);
  EXPECT_EQ(steps(59), 30);
  EXPECT_EQ(steps(60), 60);
}

}  // namespace
}  // namespace ronchi::agents
