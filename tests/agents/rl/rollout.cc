#include "agents/rl/rollout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agents/rl/experience.h"
#include "agents/rl/gae.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

// Against the definition: A_t = Σ_k (γλ)^k δ_{t+k}, the sum ending with the episode.
TEST(Gae, IsTheSumOfItsDefinition) {
  constexpr int kSteps = 50;
  RandomStream stream({.seed = 2, .name = "gae"});
  std::vector<float> rewards, values, next_values;
  std::vector<char> terminated, truncated;
  for (int t = 0; t < kSteps; ++t) {
    rewards.push_back(float(stream.Normal()));
    values.push_back(float(stream.Normal()));
    next_values.push_back(float(stream.Normal()));
    terminated.push_back(stream.Uniform() < 0.1);
    truncated.push_back(!terminated.back() && stream.Uniform() < 0.1);
  }
  const double gamma = 0.9, lambda = 0.8;
  const std::vector<float> advantages =
      ComputeGae({rewards, values, next_values, terminated, truncated, gamma, lambda});
  for (int t = 0; t < kSteps; ++t) {
    double sum = 0;
    for (int k = 0; t + k < kSteps; ++k) {
      const int s = t + k;
      const double target = rewards[s] + (terminated[s] ? 0 : gamma * next_values[s]);
      sum += std::pow(gamma * lambda, k) * (target - values[s]);
      if (terminated[s] || truncated[s]) break;
    }
    EXPECT_NEAR(advantages[t], sum, 1e-6) << t;  // float32 results of order one
  }
}

TEST(Gae, ByHand) {
  // γ = λ = ½. Step 1 ends the episode: terminated δ = 3 − 1 = 2, truncated δ = 3 + ½·4 − 1 = 4;
  // step 0: δ = 1 + ½·1 − 2 = −½, plus ¼ of step 1.
  const std::vector<float> rewards = {1, 3}, values = {2, 1}, next = {1, 4};
  const std::vector<char> no = {0, 0}, last = {0, 1};
  EXPECT_EQ(ComputeGae({rewards, values, next, last, no, 0.5, 0.5}), (std::vector<float>{0, 2}));
  EXPECT_EQ(ComputeGae({rewards, values, next, no, last, 0.5, 0.5}), (std::vector<float>{0.5, 4}));
}

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
  EXPECT_EQ(e.advantages, (std::vector<float>{-0.5, 4}));  // as by hand above, without the quarter
}

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

TEST(EpisodeFeatures, HoldNowBeforeAndTheLastAction) {
  const env::DictSpace space = {{"image", {{2, 2}, 0, 100, "counts", ""}},
                                {"settings", {{2}, -12, 12, "nm", ""}}};
  const env::Box action = {{2}, -24, 24, "nm", ""};
  EpisodeFeatures features(*FeatureLayout::Create(space, action));
  auto observe = [&](float setting, std::vector<float> image) {
    return features.Observe({{"image", Array<float>({2, 2}, std::move(image))},
                             {"settings", Array<float>({2}, {setting, 1})}});
  };
  // Images by their own mean (2), less one. At first, before is now.
  EXPECT_EQ(observe(3, {1, 3, 2, 2}),
            (std::vector<float>{3, 1, 3, 1, 0, 0, -0.5, 0.5, 0, 0, -0.5, 0.5, 0, 0}));
  features.SetAction(std::vector<float>{0.25f, 7.0f});
  EXPECT_EQ(observe(4, {0, 0, 0, 4}),
            (std::vector<float>{4, 1, 3, 1, 0.25, 1, -1, -1, -1, 3, -0.5, 0.5, 0, 0}));
  features.Begin();
  EXPECT_EQ(observe(5, {0, 0, 0, 0}),
            (std::vector<float>{5, 1, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(ScaleAction(action, std::vector<float>{-0.5f, 3.0f}), (Action{-12, 24}));
}

}  // namespace
}  // namespace ronchi::agents
