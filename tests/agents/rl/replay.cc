#include "agents/rl/replay.h"

#include <gtest/gtest.h>

#include <set>

#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

// Transition k, of which everything can be told from its reward.
void AddNumber(ReplayBuffer* replay, float k) {
  replay->Add(std::vector<float>{k, k + 0.25f}, std::vector<float>{-k}, k, k / 100,
              std::vector<float>{k + 1, k + 1.25f});
}

TEST(ReplayBuffer, DrawsWholeTransitionsOfTheLastSoMany) {
  ReplayBuffer replay(5, 2, 1);
  for (int k = 0; k < 3; ++k) AddNumber(&replay, float(k));
  EXPECT_EQ(replay.size(), 3u);
  for (int k = 3; k < 8; ++k) AddNumber(&replay, float(k));
  EXPECT_EQ(replay.size(), 5u);
  ReplayBatch batch(200, 2, 1);
  RandomStream stream({.seed = 1, .name = "test.replay"});
  replay.Draw(stream, &batch);
  std::set<float> seen;
  for (size_t i = 0; i < 200; ++i) {
    const float k = batch.rewards[i];
    seen.insert(k);
    EXPECT_EQ(batch.rows[2 * i], k);
    EXPECT_EQ(batch.rows[2 * i + 1], k + 0.25f);
    EXPECT_EQ(batch.rows[400 + 2 * i], k + 1);
    EXPECT_EQ(batch.rows[400 + 2 * i + 1], k + 1.25f);
    EXPECT_EQ(batch.actions[i], -k);
    EXPECT_EQ(batch.discounts[i], k / 100);
  }
  EXPECT_EQ(seen, (std::set<float>{3, 4, 5, 6, 7}));  // one is missed with 5 · 0.8²⁰⁰ = 2e-19
}

TEST(ReplayBuffer, GoesOnAfterRestore) {
  for (int before : {2, 5, 7}) {  // not full, just full, and going round
    ReplayBuffer replay(5, 2, 1), other(5, 2, 1);
    for (int k = 0; k < before; ++k) AddNumber(&replay, float(k));
    const auto saved = nlohmann::json::from_cbor(nlohmann::json::to_cbor(replay.Save()));
    ASSERT_TRUE(other.Restore(saved));
    EXPECT_EQ(other.size(), replay.size());
    AddNumber(&replay, 50);
    AddNumber(&other, 50);
    EXPECT_EQ(other.Save(), replay.Save());
    EXPECT_FALSE(ReplayBuffer(5, 3, 1).Restore(saved)) << "transitions of another width";
    EXPECT_FALSE(ReplayBuffer(1, 2, 1).Restore(saved)) << "more than fit";
    nlohmann::json elsewhere = saved;
    elsewhere["next"] = 6;
    EXPECT_FALSE(other.Restore(elsewhere));
  }
}

}  // namespace
}  // namespace ronchi::agents
