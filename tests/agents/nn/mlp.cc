// Against finite differences in double of the formula itself, and against libtorch's networks.
#include "agents/nn/mlp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

std::vector<float> MlpNumbers(size_t n, uint64_t which, double size = 1) {
  RandomStream stream({.seed = 2, .name = "test.mlp", .episode = which});
  std::vector<float> numbers(n);
  for (float& x : numbers) x = float(stream.Normal(0, size));
  return numbers;
}

// Σ w(n, o) output(n, o), by plain loops in double.
double LossOfMlp(const Mlp& mlp, const std::vector<double>& p, const std::vector<double>& inputs,
                 const std::vector<float>& w) {
  double loss = 0;
  const size_t in = mlp.shape().inputs, out = mlp.shape().outputs;
  for (size_t n = 0; n < inputs.size() / in; ++n) {
    std::vector<double> x(inputs.begin() + std::ptrdiff_t(n * in),
                          inputs.begin() + std::ptrdiff_t((n + 1) * in));
    for (const Mlp::Layer& l : mlp.layers()) {
      std::vector<double> y(p.begin() + std::ptrdiff_t(l.bias),
                            p.begin() + std::ptrdiff_t(l.bias + l.out));
      for (size_t i = 0; i < l.in; ++i) {
        for (size_t o = 0; o < l.out; ++o) y[o] += p[l.weight + i * l.out + o] * x[i];
      }
      if (&l != &mlp.layers().back()) {
        for (double& v : y) v = mlp.shape().rectify ? std::max(v, 0.0) : std::tanh(v);
      }
      x = y;
    }
    for (size_t o = 0; o < out; ++o) loss += w[n * out + o] * x[o];
  }
  return loss;
}

// Largest difference over the largest number.
double Apart(std::span<const float> a, const std::vector<double>& b) {
  double worst = 0, largest = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  return a.size() == b.size() ? worst / largest : INFINITY;
}

template <class Loss>
std::vector<double> Slopes(std::vector<double>& at, const Loss& loss) {
  std::vector<double> slopes;
  for (double& x : at) {  // central differences: h² = 1e-12 of the third derivative
    const double before = x;
    x = before + 1e-6;
    const double above = loss();
    x = before - 1e-6;
    slopes.push_back((above - loss()) / 2e-6);
    x = before;
  }
  return slopes;
}

TEST(Mlp, GradientsAreThoseOfFiniteDifferencesInDouble) {
  for (const MlpShape& shape :
       {MlpShape{.inputs = 5, .hidden = {19, 8}, .outputs = 2, .rectify = false},
        MlpShape{.inputs = 5, .hidden = {19, 8}, .outputs = 2},
        MlpShape{.inputs = 3, .hidden = {33}, .outputs = 1},
        MlpShape{.inputs = 4, .hidden = {}, .outputs = 3}}) {
    const size_t rows = 7;
    const Mlp mlp(shape);
    std::vector<float> parameters(mlp.size());
    RandomStream stream({.seed = 4, .name = "test.mlp"});
    mlp.Initialise(stream, parameters);
    const auto inputs = MlpNumbers(rows * shape.inputs, 1), w = MlpNumbers(rows * shape.outputs, 2);
    MlpPass pass(mlp, rows + 2);
    pass.Forward(parameters, inputs);
    std::vector<float> gradient(mlp.size(), NAN), by_inputs(inputs.size(), NAN);
    pass.Backward(parameters, w, {.gradient = gradient, .by_inputs = by_inputs});
    std::vector<double> p(parameters.begin(), parameters.end()), x(inputs.begin(), inputs.end());
    const auto loss = [&] { return LossOfMlp(mlp, p, x, w); };
    EXPECT_LT(Apart(gradient, Slopes(p, loss)), 2e-6);  // float32
    const std::vector<double> slopes = Slopes(x, loss);
    EXPECT_LT(Apart(by_inputs, slopes), 2e-6);
    // By some of the inputs alone, of the first rows alone.
    std::vector<float> some(4 * 2);
    pass.Backward(parameters, std::span(w).first(4 * shape.outputs),
                  {.by_inputs = some, .first = 1});
    for (size_t n = 0; n < 4; ++n) {
      for (size_t i = 0; i < 2; ++i) {
        EXPECT_NEAR(some[n * 2 + i], slopes[n * shape.inputs + 1 + i], 1e-5);
      }
    }
  }
}

// The actor of an ActorCritic is such a network; its weights lie the other way round.
TEST(Mlp, OutputsAndGradientAreLibtorchs) {
  const size_t inputs = 6 + 2, hidden = 64, outputs = 2, rows = 37;
  const env::DictSpace space = {{"settings", {{3}, -1, 1, "", ""}}};
  const auto torch = *TorchNetworks().make_actor_critic(
      {.layout = *FeatureLayout::Create(space, {{2}, -1, 1, "", ""}), .hidden = hidden}, 5);
  const Mlp mlp(
      {.inputs = inputs, .hidden = {hidden, hidden}, .outputs = outputs, .rectify = false});
  const auto all = torch->Parameters();
  const auto turned = [&](const std::vector<float>& theirs) {
    std::vector<float> ours(mlp.size());
    for (const Mlp::Layer& l : mlp.layers()) {
      for (size_t i = 0; i < l.in; ++i) {
        for (size_t o = 0; o < l.out; ++o) {
          ours[l.weight + i * l.out + o] = theirs[l.weight + o * l.in + i];
        }
      }
      std::copy_n(theirs.begin() + std::ptrdiff_t(l.bias), l.out,
                  ours.begin() + std::ptrdiff_t(l.bias));
    }
    return ours;
  };
  const auto x = MlpNumbers(rows * inputs, 1), w = MlpNumbers(rows * outputs, 2);
  const std::vector<float> ours = turned(all);
  MlpPass pass(mlp, rows);
  const auto y = pass.Forward(ours, x);
  const auto expected = *torch->Forward(x);
  EXPECT_LT(Apart(y, {expected.actor.begin(), expected.actor.end()}), 1e-5);
  std::vector<float> gradient(mlp.size());
  pass.Backward(ours, w, {.gradient = gradient});
  const auto theirs = turned(*torch->Gradient(x, [&](const ActorCriticOutputs&) {
    return ActorCriticOutputs{w, MlpNumbers(rows, 3)};
  }));
  EXPECT_LT(Apart(gradient, {theirs.begin(), theirs.end()}), 1e-5);
}

TEST(Mlp, BeginsWithinTheBoundsOfALinearLayer) {
  const Mlp mlp({.inputs = 16, .hidden = {64}, .outputs = 1});
  EXPECT_EQ(mlp.size(), 17u * 64 + 65);
  std::vector<float> p(mlp.size());
  RandomStream stream({.seed = 1, .name = "test.mlp"});
  mlp.Initialise(stream, p);
  double squares = 0;
  for (size_t i = 0; i < 17 * 64; ++i) {
    EXPECT_LE(std::abs(p[i]), 0.25f);
    squares += p[i] * p[i] / (17 * 64);
  }
  // Uniform over ±1/4; the mean square of 1088 has a standard error of 0.9/√1088 = 2.7 %.
  EXPECT_NEAR(squares, 1.0 / 48, 0.11 / 48);
  for (size_t i = 17 * 64; i < p.size(); ++i) EXPECT_LE(std::abs(p[i]), 0.125f);
}

}  // namespace
}  // namespace ronchi::agents
