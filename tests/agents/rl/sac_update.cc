// One state, whose best policy is known. A program of its own: it counts allocations.
#include "agents/rl/sac_update.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

#include "nlohmann/json.hpp"

namespace {
std::atomic<int64_t> allocations{0};

void* Counted(size_t size) {
  ++allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(size_t size) { return Counted(size); }
void* operator new[](size_t size) { return Counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }

namespace ronchi::agents {
namespace {

// Rewards −(a − 1/2)² of actions all over the space, in the one state there is.
void FillBandit(ReplayBatch* batch, float discount, RandomStream& stream) {
  for (size_t i = 0; i < batch->size; ++i) {
    const double a = stream.Uniform(-1, 1);
    batch->actions[i] = float(a);
    batch->rewards[i] = float(-(a - 0.5) * (a - 0.5));
    batch->discounts[i] = discount;
  }
}

struct Bandit {
  SacUpdate update;
  ReplayBatch batch{64, 1, 1};
  RandomStream stream{{.seed = 3, .name = "test.sac"}};
  float discount;
  Bandit(float discount, uint64_t seed)
      : update({.row_size = 1, .action_size = 1, .hidden = {32, 32}, .batch = 64},
               {.learning_rate = 1e-3, .target_rate = 0.02}, seed),
        discount(discount) {
    std::ranges::fill(batch.rows, 1.0f);
  }
  void Learn(int updates) {
    for (int i = 0; i < updates; ++i) {
      FillBandit(&batch, discount, stream);
      update.Step(batch, stream);
    }
  }
  float Value(float action) {
    const std::vector<float> pair = {1, action};
    return update.critic(0).Value(pair)[0];
  }
};

// The soft optimum is ∝ exp(−(a − 1/2)²/α): about normal, of variance α/2. An entropy of −1 nat is
// a deviation of e⁻¹/√(2πe) = 0.089, and α = 0.0158. Within what it learns from: samples of 64.
TEST(SacUpdate, FindsTheBestActionAndTheTemperatureOfItsEntropy) {
  Bandit bandit(0, 1);
  bandit.Learn(6000);
  MlpPass pass(bandit.update.actor(), 1);
  const float one = 1;
  const auto outputs = pass.Forward(bandit.update.actor_parameters(), {&one, 1});
  const double mean = std::tanh(outputs[0]);
  EXPECT_NEAR(mean, 0.5, 0.03);
  EXPECT_NEAR(std::exp(outputs[1]) * (1 - mean * mean), 0.089, 0.02);
  EXPECT_NEAR(bandit.update.temperature(), 0.0158, 0.006);
  for (float a : {-0.8f, 0.0f, 0.5f, 0.9f}) {
    EXPECT_NEAR(bandit.Value(a), -(a - 0.5) * (a - 0.5), 0.04) << a;
  }
}

// Where it goes on for ever, what comes is worth γ (r' + α H)/(1 − γ) more, with r' = −σ² of the
// actions that are drawn: at γ = 1/2 that is −σ² + α H = −0.0079 − 0.0158.
TEST(SacUpdate, AddsTheDiscountedSoftValueOfWhatComes) {
  Bandit bandit(0.5f, 2);
  bandit.Learn(6000);
  EXPECT_NEAR(bandit.Value(0.5f), -0.0237, 0.02);
  EXPECT_NEAR(bandit.Value(-0.5f), -1.0237, 0.05);
}

TEST(SacUpdate, GoesOnToTheBitAfterRestore) {
  Bandit one(0.5f, 1), other(0.5f, 7);
  one.Learn(20);
  const auto saved = nlohmann::json::from_cbor(nlohmann::json::to_cbor(one.update.Save()));
  ASSERT_TRUE(other.update.Restore(saved));
  other.stream = one.stream;
  one.Learn(3);
  other.Learn(3);
  EXPECT_EQ(other.update.Save(), one.update.Save());
  SacUpdate wider({.hidden = {33, 32}}, {}, 1);
  EXPECT_FALSE(wider.Restore(saved));
}

TEST(SacUpdate, AllocatesNothing) {
  for (size_t hidden : {size_t{31}, size_t{256}}) {
    const SacShape shape = {
        .row_size = 9, .action_size = 3, .hidden = {hidden, hidden}, .batch = 100};
    SacUpdate update(shape, {}, 1);
    ReplayBuffer replay(500, 9, 3);
    RandomStream stream({.seed = 1, .name = "test.sac"});
    std::vector<float> row(9), action(3);
    for (int i = 0; i < 200; ++i) {
      for (float& x : row) x = float(stream.Normal());
      for (float& x : action) x = float(stream.Uniform(-1, 1));
      replay.Add(row, action, float(stream.Normal()), 0.99f, row);
    }
    ReplayBatch batch(100, 9, 3);
    const int64_t before = allocations;
    for (int i = 0; i < 3; ++i) {
      replay.Draw(stream, &batch);
      update.Step(batch, stream);
    }
    EXPECT_EQ(allocations - before, 0) << hidden;
  }
}

}  // namespace
}  // namespace ronchi::agents
