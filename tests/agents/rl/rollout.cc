#include "agents/rl/rollout.h"

#include <gtest/gtest.h>

#include "core/parallel.h"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

// A critic that calls each row by its present contrast, and actions all zero.
Rollout::Choice Idle(std::span<const float> rows, size_t width, size_t actions) {
  Rollout::Choice choice;
  for (size_t i = 0; i < rows.size() / width; ++i) {
    choice.actions.insert(choice.actions.end(), actions, 0.0f);
    choice.log_probabilities.push_back(0);
    choice.values.push_back(rows[i * width]);
  }
  return choice;
}
std::vector<Track> CollectIdle(const ToyOptions& toy, size_t steps) {
  Rollout rollout = *Rollout::Create(ToyFactory(toy), 3, 0.99, 5);
  const size_t width = rollout.layout().row_size();
  const absl::Status status = rollout.Collect(
      steps, [&](std::span<const float> rows) { return Idle(rows, width, toy.dimension); },
      [&](std::span<const float> rows) {
        std::vector<float> values;
        for (size_t i = 0; i < rows.size(); i += width) values.push_back(100 + rows[i]);
        return values;
      });
  EXPECT_TRUE(status.ok()) << status;
  return rollout.Tracks();
}

TEST(Rollout, NextValuesAreTheNextRowsAndTheFinalObservationsAtTruncation) {
  for (const Track& track : CollectIdle({.max_steps = 7}, 25)) {
    ASSERT_EQ(track.values.size(), 25u);
    for (size_t t = 0; t < 25; ++t) {
      EXPECT_EQ(bool(track.truncated[t]), t % 7 == 6);
      EXPECT_FALSE(track.terminated[t]);
      if (track.truncated[t] || t == 24) {
        EXPECT_GT(track.next_values[t], 80);  // asked of the critic, whose answers are 100 ± 10
      } else {
        EXPECT_EQ(track.next_values[t], track.values[t + 1]);
      }
    }
  }
}

TEST(Rollout, TerminationIsWorthNothingMore) {
  // So wide a peak that every step is at the goal.
  const ToyOptions toy = {.half_width_nm = 1000, .end_at_optimum = true};
  for (const Track& track : CollectIdle(toy, 10)) {
    for (size_t t = 0; t < 10; ++t) {
      EXPECT_TRUE(track.terminated[t]);
      EXPECT_FALSE(track.truncated[t]);
      EXPECT_EQ(track.next_values[t], 0);
    }
  }
}

TEST(Rollout, OneAndTwoThreadsGiveIdenticalTracks) {
  SetThreads(1);
  const std::vector<Track> one = CollectIdle({.image_pixels = 8}, 70);
  SetThreads(2);
  const std::vector<Track> two = CollectIdle({.image_pixels = 8}, 70);
  SetThreads(0);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].rows, two[i].rows);
    EXPECT_EQ(one[i].rewards, two[i].rewards);
    EXPECT_EQ(one[i].next_values, two[i].next_values);
  }
  EXPECT_NE(one[0].rows, one[1].rows);  // neighbours do not share random streams
}

}  // namespace
}  // namespace ronchi::agents
