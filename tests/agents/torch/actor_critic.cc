#include "agents/nn/actor_critic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/random.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

ActorCriticShape Shape(bool image) {
  env::DictSpace space = {{"settings", {{3}, -1, 1, "", ""}}};
  if (image) space["image"] = {{12, 12}, 0, 1e6f, "counts", ""};
  return {.layout = *FeatureLayout::Create(space, {{2}, -1, 1, "", ""}), .hidden = 6};
}
std::vector<float> Rows(const ActorCriticShape& shape, size_t n) {
  RandomStream stream({.seed = 1, .name = "test.rows"});
  std::vector<float> rows(n * shape.layout.row_size());
  for (float& r : rows) r = float(stream.Normal());
  return rows;
}

// A loss whose gradient with respect to the outputs is constant: Σ wᵢ outputᵢ.
ActorCriticOutputs Weights(size_t n) {
  ActorCriticOutputs weights{.actor = std::vector<float>(2 * n), .critic = std::vector<float>(n)};
  std::iota(weights.actor.begin(), weights.actor.end(), 1.0f);
  std::iota(weights.critic.begin(), weights.critic.end(), -2.0f);
  return weights;
}
double Loss(ActorCritic& network, const std::vector<float>& rows, const ActorCriticOutputs& w) {
  const ActorCriticOutputs out = *network.Forward(rows);
  return std::inner_product(out.actor.begin(), out.actor.end(), w.actor.begin(), 0.0) +
         std::inner_product(out.critic.begin(), out.critic.end(), w.critic.begin(), 0.0);
}

TEST(TorchActorCritic, TheGradientIsTheSlopeOfTheLoss) {
  for (bool image : {false, true}) {
    const ActorCriticShape shape = Shape(image);
    auto network = *MakeActorCritic(shape, 3);
    const std::vector<float> rows = Rows(shape, 3), before = network->Parameters();
    const ActorCriticOutputs w = Weights(3);
    const auto gradient = *network->Gradient(rows, [&](const auto&) { return w; });
    ASSERT_EQ(gradient.size(), before.size());
    // Along a random direction; float32 outputs of order ten err by 1e-6, over a step of 1e-2.
    RandomStream stream({.seed = 2, .name = "test.direction"});
    std::vector<float> direction(before.size()), up = before, down = before;
    constexpr float kStep = 5e-3f;
    double expected = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      direction[i] = float(stream.Normal() / std::sqrt(double(before.size())));
      up[i] += kStep * direction[i], down[i] -= kStep * direction[i];
      expected += double(gradient[i]) * direction[i];
    }
    ASSERT_TRUE(network->SetParameters(up).ok());
    const double above = Loss(*network, rows, w);
    ASSERT_TRUE(network->SetParameters(down).ok());
    const double slope = (above - Loss(*network, rows, w)) / (2 * kStep);
    EXPECT_NEAR(slope, expected, 2e-3 * (1 + std::abs(expected))) << image;
    EXPECT_GT(std::abs(expected), 0.05);
  }
}

// Orthogonal weights: QᵀQ is the square of the gain, √2, times one; biases are 0.
TEST(TorchActorCritic, WeightsAreOrthogonalAndAFunctionOfTheSeed) {
  const ActorCriticShape shape = Shape(false);
  auto network = *MakeActorCritic(shape, 3);
  const std::vector<float> all = network->Parameters();
  size_t at = 0, seen = 0;
  for (const ActorCritic::Part& part : network->parts()) {
    const std::span<const float> values = std::span(all).subspan(at, part.size);
    at += part.size;
    if (part.name == "actor.above.weight") {  // 6 × 6
      for (size_t i = 0; i < 6; ++i) {
        for (size_t j = 0; j < 6; ++j) {
          double sum = 0;
          for (size_t k = 0; k < 6; ++k) sum += double(values[i * 6 + k]) * values[j * 6 + k];
          EXPECT_NEAR(sum, i == j ? 2 : 0, 1e-5);
        }
      }
      ++seen;
    }
    if (part.name == "critic.below.bias") {
      for (float v : values) EXPECT_EQ(v, 0);
      ++seen;
    }
  }
  EXPECT_EQ(at, all.size());
  EXPECT_EQ(seen, 2u);
  EXPECT_EQ((*MakeActorCritic(shape, 3))->Parameters(), all);
  EXPECT_NE((*MakeActorCritic(shape, 4))->Parameters(), all);
}

// Rows do not see each other.
TEST(TorchActorCritic, ManyRowsAreAsOneByOne) {
  const ActorCriticShape shape = Shape(true);
  auto network = *MakeActorCritic(shape, 3);
  const std::vector<float> rows = Rows(shape, 4);
  const ActorCriticOutputs together = *network->Forward(rows);
  for (size_t i = 0; i < 4; ++i) {
    const size_t width = shape.layout.row_size();
    const auto one = *network->Forward(std::span(rows).subspan(i * width, width));
    // Sums may be taken in another order.
    EXPECT_NEAR(one.critic[0], together.critic[i], 1e-5);
    EXPECT_NEAR(one.actor[1], together.actor[2 * i + 1], 1e-6);
  }
}

TEST(TorchActorCritic, AnotherNumberOfParametersIsRefusedAndChangesNothing) {
  auto network = *MakeActorCritic(Shape(false), 3);
  const std::vector<float> before = network->Parameters();
  std::vector<float> other(before.size() + 1, 7.0f);
  EXPECT_TRUE(absl::IsInvalidArgument(network->SetParameters(other)));
  // As many as the first parts hold, to the number.
  other.resize(network->parts()[0].size + network->parts()[1].size);
  EXPECT_TRUE(absl::IsInvalidArgument(network->SetParameters(other)));
  EXPECT_EQ(network->Parameters(), before);
}

}  // namespace
}  // namespace ronchi::agents
