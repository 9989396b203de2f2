// DoseHold-v0: what it measures and does; that it can be solved, and not by chance. The contract
// that it shares with all environments: tests/env/conformance.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

using ::testing::HasSubstr;

constexpr char kId[] = "DoseHold-v0";
constexpr double kDecay_per_h = 6;

// A gun that decays and does nothing else, over a specimen that stays, with a quiet detector.
std::unique_ptr<env::Environment> Quiet(const std::string& task = "") {
  const std::string decay = absl::StrCat("[", kDecay_per_h, ", ", kDecay_per_h, "]");
  return *MakeEnvironment(
      kId,
      absl::StrCat(
          "{instrument: {preset: corrected_200kV, current_pA: 100, prior: {",
          "current_decay_per_h: ", decay, ", current_noise: [0, 0], ",
          "readout_counts: [0, 0], dark_error_counts: [0, 0], stage_walk_A: [0, 0], "
          "drift_x_A_per_s: [0, 0], drift_y_A_per_s: [0, 0]}}, task: {pixels: 128, dwell_us: 200, ",
          task, "}}"));
}

// An image is of some 10⁷ electrons, so that its mean is known to 3 · 10⁻⁴; four of these, of two
// images.
constexpr double kNoise = 2e-3;

TEST(DoseHold, HoldingStillFollowsTheDecay) {
  const auto e = Quiet();
  ASSERT_TRUE(e->Reset(1).ok());
  const auto first = *e->Step(std::vector<float>{0});
  auto last = first;
  for (int i = 0; i < 30; ++i) last = *e->Step(std::vector<float>{0});
  const double hours = (last.info.at("time_s") - first.info.at("time_s")) / 3600;
  const double lost = last.observation.at("signal")[0] / first.observation.at("signal")[0];
  EXPECT_NEAR(std::log(lost), -kDecay_per_h * hours, kNoise);
  EXPECT_GT(kDecay_per_h * hours, 20 * kNoise) << "else this says nothing";
  EXPECT_NEAR(last.reward, -100 * std::fabs(last.observation.at("signal")[0] - 1), 1e-4);
  EXPECT_NEAR(last.info.at("deviation_percent"), -last.reward, 1e-9);
}

TEST(DoseHold, TheDwellTimeMakesUpForIt) {
  const auto e = Quiet();
  auto shown = e->Reset(2)->observation;
  double worst = 0;
  for (int i = 0; i < 30; ++i) {
    const auto step = *e->Step(std::vector<float>{-std::log(shown.at("signal")[0])});
    shown = step.observation;
    if (i > 0) worst = std::max(worst, -step.reward);  // the first image is four, and older
  }
  // What is lost within a step, and the noise of the image that was believed, of that one and of
  // the first.
  const double a_step_percent = 100 * kDecay_per_h * shown.at("time")[0] / 30 / 3600;
  EXPECT_LT(worst, a_step_percent + 100 * kNoise);
  EXPECT_GT(shown.at("dwell")[0], 1.05f);
}

TEST(DoseHold, AnActionIsAChangeOfTheLogarithmAndStaysInRange) {
  const auto e = Quiet("range: 1.3");
  ASSERT_TRUE(e->Reset(1).ok());
  auto dwell = [&](float by) {
    return e->Step(std::vector<float>{by})->observation.at("dwell")[0];
  };
  EXPECT_NEAR(dwell(0.1f), std::exp(0.1), 1e-6);
  EXPECT_NEAR(dwell(-0.2f), std::exp(-0.1), 1e-6);
  EXPECT_NEAR(dwell(0.2f), std::exp(0.1), 1e-6);
  EXPECT_NEAR(dwell(0.2f), 1.3, 1e-6);
  EXPECT_FALSE(e->Step(std::vector<float>{0.3f}).ok()) << "beyond the action space";
}

TEST(DoseHold, WhatCannotBeIsRefused) {
  const auto error = [](const std::string& yaml) {
    return std::string(MakeEnvironment(kId, yaml).status().message());
  };
  EXPECT_THAT(error("{task: {change: 0}}"), HasSubstr("task.change: 0 is not allowed"));
  EXPECT_THAT(error("{task: {level: 4}}"), HasSubstr("task.level: 4 is not allowed"));
  EXPECT_THAT(error("{task: {pixels: 256, dwell_us: 0.1, range: 100}}"), HasSubstr("dwell_us"));
}

// The mean reward of a step over episodes.
double Mean(env::Environment& e, int episodes,
            const std::function<float(const env::Observation&)>& act) {
  double sum = 0;
  int steps = 0;
  for (int n = 0; n < episodes; ++n) {
    auto shown = (n == 0 ? e.Reset(1) : e.Reset(std::nullopt))->observation;
    for (bool ended = false; !ended; ++steps) {
      const auto step = *e.Step(std::vector<float>{act(shown)});
      shown = step.observation;
      sum += step.reward;
      ended = step.terminated || step.truncated;
    }
  }
  return sum / steps;
}

// In the order of what they know, as docs/environments/DoseHold-v0.md has them.
TEST(DoseHold, CanBeSolvedAndNotByChance) {
  const auto follow = [](const env::Observation& o) {
    return std::clamp(-std::log(o.at("signal")[0]), -0.2f, 0.2f);
  };
  RandomStream random({.seed = 1, .name = "test.actions"});
  const auto level = [](int n) {
    return *MakeEnvironment(kId, absl::StrCat("{task: {level: ", n, "}}"));
  };
  const auto one = level(1);
  const double by_chance =
      Mean(*one, 5, [&](const auto&) { return float(random.Uniform(-0.2, 0.2)); });
  const double holding = Mean(*one, 5, [](const auto&) { return 0.0f; });
  const double following = Mean(*one, 5, follow);
  EXPECT_LT(by_chance, 3 * holding);
  EXPECT_LT(holding, 5 * following);
  // At level 2 the last image is noise for the most part: half of the correction is better.
  const auto two = level(2);
  const double all = Mean(*two, 10, follow);
  const double half = Mean(*two, 10, [&](const auto& o) { return 0.5f * follow(o); });
  EXPECT_GT(half, 0.95 * all);
}

}  // namespace
}  // namespace ronchi
