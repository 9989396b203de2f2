#include "agents/rl/collector.h"

#include <gtest/gtest.h>

#include <cstring>

#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

// What a replay of this collector holds, in the order it was added.
std::vector<std::vector<float>> TransitionsOf(const ReplayBuffer& replay, size_t width) {
  const nlohmann::json saved = replay.Save();
  const auto& bytes = saved.at("transitions").get_binary();
  std::vector<float> all(bytes.size() / sizeof(float));
  std::memcpy(all.data(), bytes.data(), bytes.size());
  std::vector<std::vector<float>> transitions;
  for (size_t i = 0; i < all.size(); i += width) {
    transitions.emplace_back(all.begin() + std::ptrdiff_t(i),
                             all.begin() + std::ptrdiff_t(i + width));
  }
  return transitions;
}

struct Idle {
  Collector collector;
  ReplayBuffer replay;
  size_t row, action;
  Idle(const EnvironmentFactory& make, size_t environments)
      : collector(*Collector::Create(make, environments, 5)),
        replay(1000, collector.layout().row_size(), collector.layout().action_size()),
        row(collector.layout().row_size()),
        action(collector.layout().action_size()) {}
  void Step(float unit) {
    const std::vector<float> actions(collector.environments() * action, unit);
    ASSERT_TRUE(collector.Step(actions, 0.9, &replay).ok());
  }
  std::vector<std::vector<float>> transitions() const {
    return TransitionsOf(replay, 2 * row + action + 2);
  }
};

TEST(Collector, TransitionsFollowOneAnotherButForEnds) {
  Idle idle(ToyFactory({.max_steps = 7}), 2);
  for (int t = 0; t < 20; ++t) idle.Step(t % 2 ? 0.01f : -2);
  const auto all = idle.transitions();
  ASSERT_EQ(all.size(), 40u);
  for (size_t k = 0; k < 40; ++k) {
    const auto row = std::span(all[k]).first(idle.row);
    const auto next = std::span(all[k]).last(idle.row);
    const size_t t = k / 2;
    EXPECT_EQ(all[k][idle.row], t % 2 ? 0.01f : -1) << "clipped, as the next row has it";
    EXPECT_EQ(next[2 * idle.collector.layout().present_size()], all[k][idle.row]);
    EXPECT_EQ(all[k][idle.row + idle.action + 1], 0.9f) << "truncation does not end what follows";
    if (k + 2 >= 40) continue;
    const auto after = std::span(all[k + 2]).first(idle.row);
    EXPECT_EQ(std::ranges::equal(next, after), t % 7 != 6) << t;
    if (t % 7 == 6) {
      EXPECT_EQ(after[2 * idle.collector.layout().present_size()], 0);
    }
    EXPECT_NE(row[0], next[0]);
  }
  EXPECT_EQ(idle.collector.tally().steps(), 40);
  EXPECT_EQ(idle.collector.tally().episodes(), 4);
  const auto point = idle.collector.TakePoint();
  ASSERT_TRUE(point);
  EXPECT_EQ(point->mean_length, 7);
  EXPECT_FALSE(idle.collector.TakePoint());
}

TEST(Collector, TerminationIsWorthNothingMore) {
  // So wide a peak that every step is at the goal.
  Idle idle(ToyFactory({.half_width_nm = 1000, .end_at_optimum = true}), 1);
  idle.Step(0);
  EXPECT_EQ(idle.transitions()[0][idle.row + idle.action + 1], 0);
  EXPECT_EQ(idle.collector.tally().episodes(), 1);
}

}  // namespace
}  // namespace ronchi::agents
