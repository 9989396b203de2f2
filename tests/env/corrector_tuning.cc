// CorrectorTuning-v0: what it shows of a measurement; that it can be solved, and not by chance. The
// contract that it shares with all environments: tests/env/conformance.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

using ::testing::HasSubstr;

constexpr char kCorrectorId[] = "CorrectorTuning-v0";
using Acts = std::function<std::vector<float>(const env::Observation&)>;

// Defocus alone, measured all but exactly.
std::unique_ptr<env::Environment> Defocused(double nm, const std::string& task = "") {
  return *MakeEnvironment(
      kCorrectorId,
      absl::StrCat("{instrument: {preset: corrected_200kV, measurements: {present: true, ",
                   "over_bound: 1, floor_nm: 0}, prior: {C10_nm: [", nm, ", ", nm,
                   "], C12a_nm: [0, 0], C12b_nm: [0, 0]}}, task: {", task, "}}"));
}

std::vector<float> TakeOut(const env::Observation& o) {
  std::vector<float> change;
  for (const float nm : o.at("measured")) change.push_back(-nm);
  return change;
}

// π C10 α²/λ = π/4.
TEST(CorrectorTuning, TheAngleIsThatOfDefocusInClosedForm) {
  constexpr double kWavelength_nm = 2.5079e-3;  // 200 kV
  for (const double nm : {10.0, 16.0, 25.0}) {  // further in, noise of higher orders counts
    const auto e = Defocused(nm);
    const auto shown = e->Reset(1)->observation;
    EXPECT_NEAR(shown.at("measured")[0], nm, 0.2);
    const double angle_mrad = 1e3 * std::sqrt(kWavelength_nm / (4 * nm));
    EXPECT_NEAR(shown.at("angle")[0], angle_mrad, 80.0 / 512 + 0.01 * angle_mrad) << nm;
  }
}

TEST(CorrectorTuning, RewardIsWhatIsMissingAndTwoLooksAtTheTargetEndIt) {
  const auto e = Defocused(10);
  const auto shown = e->Reset(1)->observation;
  const auto still = *e->Step(std::vector<float>{0, 0, 0});
  EXPECT_NEAR(still.reward, still.observation.at("angle")[0] / 20 - 1, 1e-6);
  EXPECT_LT(still.reward, -0.5);
  EXPECT_NEAR(still.info.at("surprise_rad"), 0, 0.05) << "nothing was done, nothing has changed";
  const auto tuned = *e->Step(TakeOut(shown));
  EXPECT_EQ(tuned.reward, 0);
  EXPECT_FALSE(tuned.terminated) << "one look may be luck";
  EXPECT_NEAR(tuned.info.at("surprise_rad"), 0, 0.05) << "what was done was foreseen";
  EXPECT_TRUE(e->Step(std::vector<float>{0, 0, 0})->terminated);
}

TEST(CorrectorTuning, MayBeHeldWithoutEnd) {
  const auto e = Defocused(1, "confirm: 0");
  ASSERT_TRUE(e->Reset(1).ok());
  for (int i = 0; i < 19; ++i) {
    const auto step = *e->Step(std::vector<float>{0, 0, 0});
    ASSERT_FALSE(step.terminated || step.truncated) << i;
  }
  EXPECT_TRUE(e->Step(std::vector<float>{0, 0, 0})->truncated);
}

TEST(CorrectorTuning, WhatWasDoneWhileMeasurementsFailedIsNoSurprise) {
  const auto e = MakeEnvironment(
      kCorrectorId,
      "{instrument: {preset: corrected_200kV, measurements: {present: true, over_bound: 1, "
      "floor_nm: 0}, prior: {C10_nm: [0, 0], C12a_nm: [0, 0], C12b_nm: [0, 0], measure_bias_nm: "
      "[0, 0]}, faults: {measure_fails: 0.5}}, task: {failures: 1000}}");
  ASSERT_TRUE(e.ok()) << e.status();
  ASSERT_TRUE((*e)->Reset(3).ok());
  double failures = 0;
  for (int i = 0; i < 19; ++i) {
    const auto step = *(*e)->Step(std::vector<float>{1, 0, 0});
    const bool failed = step.info.at("failures") > failures;
    failures = step.info.at("failures");
    EXPECT_EQ(failed, step.observation.at("angle")[0] == 0);
    EXPECT_LT(step.info.at("surprise_rad"), 0.05)
        << "failures hide what was done, and forget nothing";
  }
  EXPECT_GT(failures, 3);
}

TEST(CorrectorTuning, MeasurementsThatGoOnFailingAreAnError) {
  const auto e = *MakeEnvironment(
      kCorrectorId,
      "{instrument: {preset: corrected_200kV, measurements: {present: true}, faults: "
      "{measure_fails: 1}}, task: {}}");
  EXPECT_FALSE(e->Reset(1).ok());
}

TEST(CorrectorTuning, WhatCannotBeIsRefused) {
  const auto error = [](const std::string& yaml) {
    return std::string(MakeEnvironment(kCorrectorId, yaml).status().message());
  };
  EXPECT_THAT(error("{instrument: corrected_200kV}"), HasSubstr("measurements: {present: true}"));
  EXPECT_THAT(error("{task: {target_mrad: 0}}"), HasSubstr("target_mrad: 0 is not allowed"));
  EXPECT_THAT(error("{task: {range_nm: 5000}}"), HasSubstr("range_nm = 5000"));
}

double MeanReturn(int level, int episodes, const Acts& act) {
  const auto e = *MakeEnvironment(kCorrectorId, absl::StrCat("{task: {level: ", level, "}}"));
  double sum = 0;
  for (int n = 0; n < episodes; ++n) {
    auto shown = (n == 0 ? e->Reset(1) : e->Reset(std::nullopt))->observation;
    for (bool ended = false; !ended;) {
      const auto step = *e->Step(act(shown));
      shown = step.observation;
      sum += step.reward;
      ended = step.terminated || step.truncated;
    }
  }
  return sum / episodes;
}

// In the order of what they know, as docs/environments/CorrectorTuning-v0.md has them.
TEST(CorrectorTuning, CanBeSolvedAndNotByChance) {
  RandomStream random({.seed = 1, .name = "test.actions"});
  for (const int level : {1, 2, 3}) {
    const size_t knobs = level == 1 ? 3 : level == 2 ? 7 : 12;
    const double ranges[] = {30, 300, 6000};
    const auto by_chance = [&](const env::Observation&) {
      std::vector<float> change(knobs);
      for (size_t k = 0; k < knobs; ++k) {
        const double range = ranges[k < 3 ? 0 : k < 7 ? 1 : 2];
        change[k] = float(random.Uniform(-2 * range, 2 * range));
      }
      return change;
    };
    const auto hold = [&](const env::Observation&) { return std::vector<float>(knobs, 0.0f); };
    const double solved = MeanReturn(level, 10, TakeOut);
    EXPECT_GT(solved, -2) << level;
    EXPECT_LT(MeanReturn(level, 10, hold), solved - 8) << level;
    EXPECT_LT(MeanReturn(level, 10, by_chance), solved - 10) << level;
  }
}

}  // namespace
}  // namespace ronchi
