// What simple ways to act reach, level by level: sense beats chance by many standard errors, so
// that there is something to learn. docs/environments has the figures of more episodes.
#include <gtest/gtest.h>

#include "experiments/environments.h"
#include "tests/support/drift_tracker.h"

namespace ronchi {
namespace {

using namespace testing_support;

std::unique_ptr<env::Environment> Make(const std::string& id, int level, const char* reward) {
  return *MakeEnvironment(id,
                          "{task: {level: " + std::to_string(level) + ", reward: " + reward + "}}");
}

TEST(Baselines, APredictorHoldsASiteThatDrifts) {
  // rms pm over all steps after the tenth; published is < 20 pm
  // (docs/environments/DriftLock-v0.md). Levels 1 and 2 are to be held as closely, of level 3's
  // walk 30 pm cannot be foreseen.
  const double allowed_pm[] = {8, 20, 45};
  for (int level : {1, 2, 3}) {
    const auto task = Make("DriftLock-v0", level, "truth");
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
    const Figure predicts = figure(Predicting(task->spec()), watch);
    const Figure follows = figure(Following(task->spec()));
    const Figure holds = figure(Holding(task->spec())), random = figure(Random(task->spec()));
    EXPECT_LT(std::sqrt(squares / n), allowed_pm[level - 1]) << level;
    EXPECT_GT(StandardErrorsAbove(predicts, random), 5) << level;
    EXPECT_GT(StandardErrorsAbove(predicts, holds), 5) << level;
    // At level 3 it loses some sites for good, which makes its own figure uncertain.
    EXPECT_GT(StandardErrorsAbove(predicts, follows), level == 3 ? 1.5 : 5) << level;
    EXPECT_GT(StandardErrorsAbove(follows, random), 5) << level;
  }
}

}  // namespace
}  // namespace ronchi
