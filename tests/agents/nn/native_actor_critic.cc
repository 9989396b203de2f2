// Against libtorch's networks, and against finite differences in double of the formula itself.
#include "agents/nn/native_actor_critic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agents/nn/adam.h"
#include "core/random.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

ActorCriticShape NativeShape(size_t hidden, bool image = false) {
  env::DictSpace space = {{"settings", {{3}, -1, 1, "", ""}}};
  if (image) space["image"] = {{12, 12}, 0, 1e6f, "counts", ""};
  return {.layout = *FeatureLayout::Create(space, {{2}, -1, 1, "", ""}), .hidden = hidden};
}
std::unique_ptr<ActorCritic> Native(const ActorCriticShape& shape, uint64_t seed) {
  return *NativeNetworks().make_actor_critic(shape, seed);
}
std::unique_ptr<ActorCritic> Torch(const ActorCriticShape& shape, uint64_t seed) {
  return *TorchNetworks().make_actor_critic(shape, seed);
}
std::vector<float> NormalNumbers(size_t n, const std::string& name) {
  RandomStream stream({.seed = 1, .name = name});
  std::vector<float> numbers(n);
  for (float& x : numbers) x = float(stream.Normal());
  return numbers;
}
// Largest difference over the largest of `b`.
double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size() || a.empty()) return INFINITY;
  double worst = 0, largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(double(a[i]) - b[i]));
    largest = std::max(largest, std::abs(double(b[i])));
  }
  return worst / largest;
}

TEST(NativeActorCritic, HasLibtorchsPartsAndFirstWeights) {
  for (size_t hidden : {5, 64}) {  // wider and narrower than a row of eight
    const auto native = Native(NativeShape(hidden), 3), torch = Torch(NativeShape(hidden), 3);
    ASSERT_EQ(native->parts().size(), torch->parts().size());
    for (size_t i = 0; i < native->parts().size(); ++i) {
      EXPECT_EQ(native->parts()[i].name, torch->parts()[i].name);
      EXPECT_EQ(native->parts()[i].size, torch->parts()[i].size);
    }
    // A QR factorisation in float32 against one in double.
    EXPECT_LT(Difference(native->Parameters(), torch->Parameters()), 1e-5);
    EXPECT_NE(native->Parameters(), Native(NativeShape(hidden), 4)->Parameters());
  }
}

TEST(NativeActorCritic, OutputsAndGradientAreLibtorchs) {
  const ActorCriticShape shape = NativeShape(64);
  const auto native = Native(shape, 3), torch = Torch(shape, 5);
  ASSERT_TRUE(torch->SetParameters(native->Parameters()).ok());
  const std::vector<float> rows = NormalNumbers(37 * shape.layout.row_size(), "test.rows");
  const auto a = *native->Forward(rows), b = *torch->Forward(rows);
  EXPECT_LT(Difference(a.actor, b.actor), 1e-5);
  EXPECT_LT(Difference(a.critic, b.critic), 1e-5);
  const ActorCriticOutputs weights = {.actor = NormalNumbers(37 * 2, "test.actor"),
                                      .critic = NormalNumbers(37, "test.critic")};
  const auto of = [&](const ActorCriticOutputs&) { return weights; };
  EXPECT_LT(Difference(*native->Gradient(rows, of), *torch->Gradient(rows, of)), 1e-5);
}

// One network in double, from its parameters: Σ wₒ outputₒ of one row.
double LossInDouble(const std::vector<double>& p, size_t& at, const std::vector<float>& row,
                    size_t hidden, const std::vector<float>& w) {
  std::vector<double> x(row.begin(), row.end());
  for (size_t out : {hidden, hidden, w.size()}) {
    std::vector<double> y(out);
    for (size_t i = 0; i < out; ++i) {
      y[i] = p[at + out * x.size() + i];
      for (size_t j = 0; j < x.size(); ++j) y[i] += p[at + i * x.size() + j] * x[j];
    }
    at += out * (x.size() + 1);
    x = y;
    if (out == hidden) {
      for (double& v : x) v = std::tanh(v);
    }
  }
  double loss = 0;
  for (size_t i = 0; i < w.size(); ++i) loss += w[i] * x[i];
  return loss;
}

TEST(NativeActorCritic, TheGradientIsThatOfFiniteDifferencesInDouble) {
  const ActorCriticShape shape = NativeShape(6);
  const auto native = Native(shape, 3);
  const std::vector<float> row = NormalNumbers(shape.layout.row_size(), "test.rows");
  const ActorCriticOutputs w = {.actor = {0.7f, -1.3f}, .critic = {0.9f}};
  const auto gradient = *native->Gradient(row, [&](const ActorCriticOutputs&) { return w; });
  const std::vector<float> floats = native->Parameters();
  std::vector<double> p(floats.begin(), floats.end());
  const auto loss = [&] {
    size_t at = 0;
    const double actor = LossInDouble(p, at, row, 6, w.actor);
    return actor + LossInDouble(p, at, row, 6, w.critic);
  };
  std::vector<float> slopes;
  for (double& x : p) {  // central differences: h² = 1e-10 of the third derivative
    const double before = x;
    x = before + 1e-5;
    const double above = loss();
    x = before - 1e-5;
    slopes.push_back(float((above - loss()) / 2e-5));
    x = before;
  }
  EXPECT_LT(Difference(gradient, slopes), 2e-6);  // float32
}

// 100 updates of Adam towards given outputs: the loss of each, from the same seed.
std::vector<float> Curve(ActorCritic& network, size_t row_size) {
  constexpr size_t kRows = 64;
  const std::vector<float> actor = NormalNumbers(kRows * 2, "test.actor");
  const std::vector<float> critic = NormalNumbers(kRows, "test.critic");
  std::vector<float> losses, parameters = network.Parameters();
  Adam adam(parameters.size());
  for (int update = 0; update < 100; ++update) {
    const auto rows = NormalNumbers(kRows * row_size, "test.rows" + std::to_string(update % 4));
    double loss = 0;
    const auto gradient = *network.Gradient(rows, [&](ActorCriticOutputs out) {
      for (size_t i = 0; i < actor.size(); ++i) out.actor[i] -= actor[i];
      for (size_t i = 0; i < critic.size(); ++i) out.critic[i] -= critic[i];
      for (float e : out.actor) loss += e * e / 2;
      for (float e : out.critic) loss += e * e / 2;
      return out;
    });
    losses.push_back(float(loss));
    adam.Step(gradient, 3e-4, 0.5, parameters);
    EXPECT_TRUE(network.SetParameters(parameters).ok());
  }
  return losses;
}

TEST(NativeActorCritic, LearnsAlongLibtorchsCurve) {
  const ActorCriticShape shape = NativeShape(64);
  const auto native = Native(shape, 3), torch = Torch(shape, 3);
  const std::vector<float> ours = Curve(*native, shape.layout.row_size());
  EXPECT_LT(Difference(ours, Curve(*torch, shape.layout.row_size())), 1e-5);
  EXPECT_LT(ours.back(), 0.9f * ours.front());
}

TEST(NativeActorCritic, RepeatsToTheBitAndRowsDoNotSeeEachOther) {
  const ActorCriticShape shape = NativeShape(64);
  const auto native = Native(shape, 3);
  const size_t width = shape.layout.row_size();
  // One number beside where memory is aligned.
  const std::vector<float> rows = NormalNumbers(9 * width + 1, "test.rows");
  const std::vector<float> shifted(rows.begin() + 1, rows.end());
  const auto all = *native->Forward(std::span(rows).subspan(1));
  EXPECT_EQ(native->Forward(shifted)->actor, all.actor);
  for (size_t i = 0; i < 9; ++i) {
    const auto one = *native->Forward(std::span(shifted).subspan(i * width, width));
    EXPECT_NEAR(one.critic[0], all.critic[i], 1e-5);  // sums in another order
    EXPECT_NEAR(one.actor[1], all.actor[2 * i + 1], 1e-6);
  }
}

// A network of one unit a layer whose weights are 1 up to the output's, which is the identity: its
// outputs are tanh(tanh(x)), to two errors of the approximation.
TEST(NativeActorCritic, TheTangentIsThatOfTheLibrary) {
  const ActorCriticShape shape = NativeShape(1);
  const auto native = Native(shape, 3);
  std::vector<float> parameters(native->Parameters().size());
  size_t at = 0;
  for (const ActorCritic::Part& part : native->parts()) {
    if (part.name.find(".weight") != std::string::npos) parameters[at] = 1;
    at += part.size;
  }
  ASSERT_TRUE(native->SetParameters(parameters).ok());
  const size_t width = shape.layout.row_size(), n = 24001;
  std::vector<float> rows(n * width);
  for (size_t i = 0; i < n; ++i) rows[i * width] = float(i) / 1000 - 12;
  const auto out = *native->Forward(rows);
  double worst = 0;
  for (size_t i = 0; i < n; ++i) {
    const double wanted = std::tanh(std::tanh(double(rows[i * width])));
    worst = std::max(worst, std::abs(out.critic[i] - wanted));
  }
  EXPECT_LT(worst, 5e-7);
}

TEST(NativeActorCritic, RefusesWhatItCannotDo) {
  EXPECT_FALSE(NativeNetworksCan(NativeShape(4, true)));
  EXPECT_TRUE(absl::IsInvalidArgument(
      NativeNetworks().make_actor_critic(NativeShape(4, true), 1).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(NativeNetworks().make_actor_critic(NativeShape(0), 1).status()));
  const auto native = Native(NativeShape(4), 1);
  const std::vector<float> before = native->Parameters();
  EXPECT_TRUE(absl::IsInvalidArgument(native->Forward(std::vector<float>(9)).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(native->SetParameters(std::vector<float>(before.size() + 1))));
  EXPECT_EQ(native->Parameters(), before);
}

// The module is not asked for numbers alone, whatever is installed; an unknown name is refused.
TEST(NativeActorCritic, IsWhatIsUsedUnlessTorchIsAskedFor) {
  UseNetworkBackend(nullptr);
  const auto made = MakeActorCritic(NativeShape(4), 7);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->Parameters(), Native(NativeShape(4), 7)->Parameters());
  setenv("RONCHI_NETWORKS", "abacus", 1);
  EXPECT_TRUE(absl::IsInvalidArgument(MakeActorCritic(NativeShape(4), 7).status()));
  unsetenv("RONCHI_NETWORKS");
  UseNetworkBackend(&TorchNetworks());
}

}  // namespace
}  // namespace ronchi::agents
