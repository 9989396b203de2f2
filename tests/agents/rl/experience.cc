#include "agents/rl/experience.h"

#include <gtest/gtest.h>

namespace ronchi::agents {
namespace {

// One after the other, and no advantage reaches over the seam: step 1 is the second track's alone.
TEST(Experience, TracksAreJoinedAndEachHasItsOwnAdvantages) {
  const Track first{.rows = {1, 2},
                    .actions = {0.1f},
                    .log_probabilities = {-1},
                    .values = {2},
                    .next_values = {1},
                    .rewards = {1},
                    .terminated = {0},
                    .truncated = {0}};
  Track second = first;
  second.rows = {3, 4};
  second.values = {1};
  second.next_values = {4};
  second.rewards = {3};
  second.truncated = {1};
  const Experience e = JoinTracks({first, second}, 0.5, 0.5);
  EXPECT_EQ(e.rows, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(e.actions, (std::vector<float>{0.1f, 0.1f}));
  EXPECT_EQ(e.values, (std::vector<float>{2, 1}));
  EXPECT_EQ(e.log_probabilities, (std::vector<float>{-1, -1}));
  EXPECT_EQ(e.advantages, (std::vector<float>{-0.5, 4}));  // as in gae.cc, without the quarter
}

}  // namespace
}  // namespace ronchi::agents
