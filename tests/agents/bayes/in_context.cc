#include "agents/bayes/in_context.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "agents/bayes/gp_optimizer.h"
#include "agents/bayes/sobol.h"
#include "agents/bayes/upper_confidence.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::Vector2d;
using Eigen::VectorXd;

constexpr int kSteps = 100;
constexpr double kNoise = 0.02;

// A peak of height 1 and width 0.2 that goes round in the unit square, once in 80 steps.
double MovingPeak(const VectorXd& x, double step, double phase) {
  const double angle = 2 * M_PI * step / 80 + phase;
  const Vector2d at(0.5 + 0.3 * std::cos(angle), 0.5 + 0.3 * std::sin(angle));
  return std::exp(-(x - at).squaredNorm() / (2 * 0.2 * 0.2));
}

struct Moment {
  VectorXd x;
  double value = 0;
};

// What is lost against the peak's height, over all steps after the first twenty.
template <class Ask, class Tell>
double RegretOf(uint64_t seed, const Ask& ask, const Tell& tell) {
  RandomStream noise({.seed = seed, .name = "test.in_context"});
  const double phase = noise.Uniform(0, 2 * M_PI);
  double regret = 0;
  for (int step = 0; step < kSteps; ++step) {
    const VectorXd x = ask(step);
    const double value = MovingPeak(x, step, phase);
    tell(step, x, value + noise.Normal(0, kNoise));
    if (step >= 20) regret += 1 - value;
  }
  return regret;
}

double WithTime(uint64_t seed) {
  GpOptimizer optimizer(3, {.n_initial = 8, .prior = GpPrior::Broad(3)}, seed);
  const auto time = [](int step) { return VectorXd::Constant(1, step / double(kSteps)).eval(); };
  return RegretOf(
      seed, [&](int step) { return *optimizer.AskIn(time(step)); },
      [&](int step, const VectorXd& x, double value) {
        VectorXd whole(3);
        whole << x, time(step);
        RONCHI_CHECK(optimizer.Tell(whole, value).ok());
      });
}

// The last `window` observations alone, by upper confidence (Bogunovic, Scarlett & Cevher, AISTATS
// 2016, compare theirs with it).
double WithWindow(uint64_t seed, size_t window) {
  std::deque<Moment> last;
  const GpOptimizerOptions options = {
      .n_initial = 8, .prior = GpPrior::Broad(2), .rule = *MakeUpperConfidence(4)};
  return RegretOf(
      seed,
      [&](int step) {
        GpOptimizer optimizer(2, options, seed + 1000 * uint64_t(step));
        if (last.size() < 8) {
          return VectorXd(SobolPoints(8, 2, {.seed = seed, .name = "test.window"})
                              .row(Index(last.size()))
                              .transpose());
        }
        for (const Moment& m : last) RONCHI_CHECK(optimizer.Tell(m.x, m.value).ok());
        return *optimizer.Ask();
      },
      [&](int, const VectorXd& x, double value) {
        last.push_back({x, value});
        if (last.size() > window) last.pop_front();
      });
}

TEST(InContext, FollowsAMovingOptimumWithHalfTheRegretOfASlidingWindow) {
  std::vector<double> ours;
  std::map<size_t, std::vector<double>> windows;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    ours.push_back(WithTime(seed));
    for (const size_t window : {10, 20, 40}) windows[window].push_back(WithWindow(seed, window));
  }
  const auto median = [](std::vector<double> v) {
    std::ranges::nth_element(v, v.begin() + long(v.size() / 2));
    return v[v.size() / 2];
  };
  std::printf("regret of 80 steps: with time %.2f", median(ours));
  double best = INFINITY;
  for (const auto& [window, regrets] : windows) {
    std::printf(", the last %zu %.2f", window, median(regrets));
    best = std::min(best, median(regrets));
  }
  std::printf("\n");
  EXPECT_LT(median(ours), best / 2);
}

TEST(InContext, RefusesWhatIsNone) {
  GpOptimizer optimizer(2, {.prior = GpPrior::Broad(2)}, 1);
  EXPECT_FALSE(optimizer.AskIn(VectorXd(0)).ok());
  EXPECT_FALSE(optimizer.AskIn(VectorXd::Zero(2)).ok());
  EXPECT_FALSE(optimizer.AskIn(VectorXd::Constant(1, NAN)).ok());
  EXPECT_EQ(optimizer.BestMeanIn(VectorXd::Zero(1)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(optimizer.AskIn(VectorXd::Zero(1))->size(), 1);
}

}  // namespace
}  // namespace ronchi::agents
