#include "env/wrappers/time_limit.h"

#include <gtest/gtest.h>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

TEST(TimeLimit, TruncatesAndSaysSo) {
  CheapOptions never;
  never.end_probability = 0;
  Walker w(std::make_unique<TimeLimit>(Cheap(never), 3));
  EXPECT_EQ(w.environment->spec().max_episode_steps, 3);
  for (int episode = 0; episode < 2; ++episode) {
    w.Go(0);
    for (int step = 1; step <= 3; ++step) EXPECT_EQ(w.Go(step)->truncated, step == 3);
    EXPECT_TRUE(absl::IsFailedPrecondition(w.environment->StepInto(ActionOf(0), w.row).status()));
  }
  // Both at once: truncated is set whether or not the step terminated (Gymnasium's TimeLimit).
  CheapOptions always;
  always.end_probability = 1;
  Walker both(std::make_unique<TimeLimit>(Cheap(always), 1));
  both.Go(0);
  const Outcome outcome = *both.Go(1);
  EXPECT_TRUE(outcome.terminated && outcome.truncated);
}

}  // namespace
}  // namespace ronchi::env
