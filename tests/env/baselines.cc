// What simple ways to act reach, level by level: sense beats chance by many standard errors, so
// that there is something to learn. docs/environments has the figures of more episodes.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "experiments/catalog/environments.h"
#include "tests/support/agent.h"

namespace ronchi {
namespace {

using namespace testing_support;

std::unique_ptr<env::Environment> Make(const std::string& id, int level, const char* reward) {
  return *MakeEnvironment(id, absl::StrCat("{task: {level: ", level, ", reward: ", reward, "}}"));
}

TEST(Baselines, APredictorHoldsASiteThatDrifts) {
  // rms pm over all steps after the tenth; published is < 20 pm
  // (docs/environments/DriftLock-v1.md). Levels 1 and 2 are to be held as closely, of level 3's
  // walk 30 pm cannot be foreseen.
  const double allowed_pm[] = {8, 20, 45};
  for (int level : {1, 2, 3}) {
    const auto task = Make("DriftLock-v1", level, "truth");
    double squares = 0;
    int n = 0;
    const auto watch = [&](uint64_t, int step, const env::StepResult& r) {
      if (step < 10) return;
      squares += std::pow(r.info.at("distance_pm"), 2);
      ++n;
    };
    constexpr int kEpisodes = 12;
    const auto figure = [&](const Actor& actor, const Watch& w = nullptr) {
      return FigureOf(Returns(task.get(), actor, kEpisodes, 1, w));
    };
    const Figure predicts = figure(Agent(task->spec(), "predict"), watch);
    const Figure follows = figure(Agent(task->spec(), "follow"));
    const Figure holds = figure(Agent(task->spec(), "hold")),
                 random = figure(Agent(task->spec(), "random"));
    EXPECT_LT(std::sqrt(squares / n), allowed_pm[level - 1]) << level;
    EXPECT_GT(StandardErrorsAbove(predicts, random), 5) << level;
    EXPECT_GT(StandardErrorsAbove(predicts, holds), 5) << level;
    // At level 3 it loses some sites for good, which makes its own figure uncertain.
    EXPECT_GT(StandardErrorsAbove(predicts, follows), level == 3 ? 1.5 : 5) << level;
    EXPECT_GT(StandardErrorsAbove(follows, random), 5) << level;
  }
}

TEST(Baselines, ASimplexTunesAberrations) {
  for (int level : {1, 2, 3}) {
    const auto task = Make("AberrationTuning-v1", level, "image");
    const auto figure = [&](const Actor& actor) {
      return FigureOf(Returns(task.get(), actor, level == 3 ? 5 : 8));
    };
    const Figure simplex = figure(Agent(task->spec(), "nelder_mead"));
    EXPECT_GT(StandardErrorsAbove(simplex, figure(Agent(task->spec(), "random"))), 3) << level;
    // At level 3, through all nuisances, a simplex gains little on doing nothing: it must not lose.
    EXPECT_GT(StandardErrorsAbove(simplex, figure(Agent(task->spec(), "hold"))),
              level == 3 ? -1 : 2)
        << level;
  }
}

TEST(Baselines, ASimplexFlattensARonchigram) {
  const auto task = Make("RonchigramTuning-v1", 1, "image");
  const auto figure = [&](const Actor& actor) { return FigureOf(Returns(task.get(), actor, 5)); };
  const Figure simplex = figure(Agent(task->spec(), "nelder_mead"));
  EXPECT_GT(StandardErrorsAbove(simplex, figure(Agent(task->spec(), "random"))), 5);
  EXPECT_GT(StandardErrorsAbove(simplex, figure(Agent(task->spec(), "hold"))), 3);
}

TEST(Baselines, TurningAgainstTheDeflectionFindsTheZoneAxis) {
  for (int level : {1, 3}) {
    const auto task = Make("ZoneAxisTilt-v1", level, "truth");
    double last = 0;
    const auto watch = [&](uint64_t, int, const env::StepResult& r) {
      if (r.truncated) last += -r.reward / 5;
    };
    const auto figure = [&](const Actor& actor, const Watch& w = nullptr) {
      return FigureOf(Returns(task.get(), actor, 5, 1, w));
    };
    const Figure centres = figure(Agent(task->spec(), "centre"), watch);
    EXPECT_LT(last, level == 1 ? 1 : 2);  // mrad
    EXPECT_GT(StandardErrorsAbove(centres, figure(Agent(task->spec(), "random"))), 5) << level;
    EXPECT_GT(StandardErrorsAbove(centres, figure(Agent(task->spec(), "hold"))), 2) << level;
  }
}

}  // namespace
}  // namespace ronchi
