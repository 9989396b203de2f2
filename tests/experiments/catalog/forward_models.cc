// Theories that a recipe chooses by name.
#include "experiments/catalog/forward_models.h"

#include <gmock/gmock.h>

#include "core/random.h"
#include "experiments/loop/recipe.h"

namespace ronchi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<Recipe> Read(const std::vector<std::string>& sets) {
  return ReadRecipe(*Config::Load(*FindRecipe("quickstart"), sets));
}
std::string ErrorOf(const std::vector<std::string>& sets) {
  return std::string(Read(sets).status().message());
}

TEST(ForwardModels, EachIsChosenByName) {
  for (const ForwardModelKind& kind : ForwardModelKinds()) {
    const auto recipe = Read({"theory={model: " + kind.name + "}"});
    ASSERT_EQ(recipe.ok(), kind.prepare != nullptr) << recipe.status();
    if (!kind.prepare) continue;
    EXPECT_EQ(recipe->theory->model, kind.name);
    const PreparedTheory& theory = recipe->theory->prepared;
    EXPECT_GT(theory.parameters.size(), 0u);
    EXPECT_FALSE(theory.own_images.empty());
    for (const std::string& name : theory.followed) {
      EXPECT_TRUE(theory.parameters.Find(name)) << name;
    }
    EXPECT_TRUE(theory.followed.empty() || theory.followed.size() == 3);  // run records rely on it
  }
}

TEST(ForwardModels, TheNameOfBeforeAndNoneStillMeanWhatTheyMeant) {
  EXPECT_EQ(Read({"theory={model: column}"})->theory->model, "scanned_crystal");
  EXPECT_FALSE(Read({"theory=none", "monitor.streams=[reward]"})->theory.has_value());
  EXPECT_FALSE(Read({"theory={model: none}", "monitor.streams=[reward]"})->theory.has_value());
}

TEST(ForwardModels, KnobsAreAnyCoefficients) {
  const auto recipe =
      Read({"theory={model: scanned_crystal, knobs: [C10_nm, C12a_nm, C12b_nm, C30_um]}"});
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_TRUE(recipe->theory->prepared.parameters.Find("C30_um"));
  EXPECT_THAT(ErrorOf({"theory.knobs=[C10_nm, C12a_nm, C12b_nm, C99_nm]"}),
              HasSubstr("theory.knobs: 'C99_nm' is no aberration coefficient"));
  EXPECT_THAT(ErrorOf({"theory.knobs=[C10_nm, C12a_nm]"}), HasSubstr("'C12b_nm' is missing"));
}

TEST(ForwardModels, WhatCannotBeIsRefusedInALine) {
  EXPECT_THAT(ErrorOf({"theory={model: gain_and_drift, shift: 3}"}),
              HasSubstr("theory.shift: unknown key; did you mean 'shift_A'?"));
  EXPECT_THAT(ErrorOf({"theory={model: gain_and_drift}", "monitor.on_alarm=[recentre]"}),
              HasSubstr("'recentre' needs a theory of C10 and C12"));
  EXPECT_THAT(ErrorOf({"theory=gain_and_drft"}), HasSubstr("did you mean 'gain_and_drift'?"));
}

// Eight images of a flat field of 40 electrons at 3 counts an electron: the theory measures the
// counts of an electron by itself, and what it predicts has the images' mean and their variance
// with the reference's added, an eighth.
TEST(ForwardModels, GainAndDriftMeasuresItsOwnNoise) {
  const PreparedTheory theory = Read({"theory={model: gain_and_drift}"})->theory->prepared;
  ASSERT_EQ(theory.own_images.size(), 8u);
  constexpr size_t kPixels = 32;
  constexpr double kElectrons = 40, kGain = 3, kDark = 5;
  std::vector<theory::Acquisition> own(8);
  for (size_t n = 0; n < own.size(); ++n) {
    own[n].data = Array<float>({kPixels, kPixels});
    own[n].frames = 1;
    RandomStream random({.seed = 1, .name = "test.images", .step = n});
    for (float& v : own[n].data) v = float(kGain * double(random.Poisson(kElectrons)) + kDark);
  }
  const hw::Scan scan{.fov_x_m = 1e-9, .fov_y_m = 1e-9, .pixels_x = kPixels, .pixels_y = kPixels};
  const auto model = theory.make(scan, {.name = "haadf", .dark_counts = kDark}, own);
  ASSERT_TRUE(model.ok()) << model.status();
  const theory::State at = theory.parameters.ToValues(theory.parameters.PriorMean());
  const theory::Prediction p = (*model)->Predict(at, own[0]);
  const double expected = kGain * kElectrons;
  // 8 · 1024 pixels of 40 electrons: 0.2 % of the mean; a variance of as many is known to 1.6 %.
  EXPECT_NEAR(p.mean.mean(), expected + kDark, 0.006 * expected);
  EXPECT_NEAR(p.variance.mean(), kGain * expected * (1 + 1.0 / 8), 0.06 * kGain * expected);
}

}  // namespace
}  // namespace ronchi
