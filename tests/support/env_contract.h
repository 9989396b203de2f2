// Gymnasium's contract, as one body for every environment: what Reset and Step must do, what they
// must refuse, that the same seed gives the same bits, and that a saved episode goes on to the same
// bits in another environment.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "env/environment.h"
#include "tests/support/episodes.h"

namespace ronchi::testing_support {

inline void ExpectInSpace(const env::Spec& spec, std::span<const float> observation) {
  for (const auto& [name, box] : spec.observation_space) {
    const auto entry = observation.subspan(spec.Offset(name), box.size());
    for (size_t i = 0; i < entry.size(); ++i) {
      EXPECT_TRUE(std::isfinite(entry[i]) && entry[i] >= box.Low(i) && entry[i] <= box.High(i))
          << name << "[" << i << "] = " << entry[i];
    }
  }
}

// Everything that an environment gives, as numbers: observation, reward, ends, info.
struct Given {
  std::vector<float> observation;
  double reward = 0;
  bool ended = false;
  std::vector<double> info;
  bool operator==(const Given&) const = default;
};

inline std::vector<float> SmallAction(const env::Spec& spec, int step) {
  std::vector<float> action(spec.action_space.size());
  for (size_t i = 0; i < action.size(); ++i) {
    const double share = 0.3 * std::sin(1 + step + 2.1 * double(i));
    action[i] = float(0.5 * (1 + share) * spec.action_space.High(i) +
                      0.5 * (1 - share) * spec.action_space.Low(i));
  }
  return action;
}

inline Given TakeStep(env::Environment* e, int step) {
  Given g;
  g.observation.assign(e->spec().observation_size(), std::nanf(""));  // all of it must be filled
  const auto outcome = e->StepInto(SmallAction(e->spec(), step), g.observation);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  if (!outcome.ok()) return g;
  g.reward = outcome->reward;
  g.ended = outcome->terminated || outcome->truncated;
  g.info.assign(e->info().begin(), e->info().end());
  return g;
}
inline Given TakeReset(env::Environment* e, std::optional<uint64_t> seed) {
  Given g;
  g.observation.assign(e->spec().observation_size(), std::nanf(""));
  const absl::Status status = e->ResetInto(seed, {}, g.observation);
  EXPECT_TRUE(status.ok()) << status;
  g.info.assign(e->info().begin(), e->info().end());
  return g;
}

inline void ExpectTellsItsSpaces(const env::Spec& spec) {
  EXPECT_THAT(spec.id, testing::ContainsRegex("-v[0-9]+$"));
  EXPECT_FALSE(spec.summary.empty() || spec.reward.empty());
  EXPECT_GT(spec.max_episode_steps, 1);
  for (const auto& [name, box] : spec.observation_space) {
    EXPECT_FALSE(box.meaning.empty()) << name;
    EXPECT_TRUE(std::isfinite(box.low) && std::isfinite(box.high) && box.low < box.high) << name;
  }
  EXPECT_FALSE(spec.action_space.meaning.empty() || spec.action_space.unit.empty());
}

// Bad calls before and after the first Reset, none of which is a step. The reset is by seed 3.
inline void ExpectRefusesBadCalls(env::Environment* e, Given* first) {
  const env::Spec& spec = e->spec();
  std::vector<float> observation(spec.observation_size()), small(observation.size() - 1);
  const std::vector<float> fine = SmallAction(spec, 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(e->StepInto(fine, observation).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(e->ResetInto(1, {{"no_such", 1}}, observation)));
  EXPECT_TRUE(absl::IsInvalidArgument(e->ResetInto(1, {}, small)));
  *first = TakeReset(e, 3);
  ExpectInSpace(spec, first->observation);
  ASSERT_EQ(first->info.size(), spec.info_names.size());
  std::vector<std::vector<float>> bad = {{}, fine, fine, fine, fine, fine};
  bad[1].push_back(0);
  bad[2][0] = std::nanf("");
  bad[3].back() = std::numeric_limits<float>::infinity();
  bad[4][0] = std::nextafter(spec.action_space.High(0), 1e30f);
  bad[5].back() = std::nextafter(spec.action_space.Low(fine.size() - 1), -1e30f);
  for (const auto& action : bad) {
    EXPECT_TRUE(absl::IsInvalidArgument(e->StepInto(action, observation).status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(e->StepInto(fine, small).status()));
  EXPECT_EQ(std::vector<double>(e->info().begin(), e->info().end()), first->info);
}

inline std::vector<Given> TakeEpisode(env::Environment* e, const Given& first) {
  const env::Spec& spec = e->spec();
  std::vector<Given> episode;
  for (int step = 0; step < spec.max_episode_steps; ++step) {
    episode.push_back(TakeStep(e, step));
    const Given& now = episode.back();
    ExpectInSpace(spec, now.observation);
    EXPECT_TRUE(std::isfinite(now.reward));
    for (double v : now.info) EXPECT_TRUE(std::isfinite(v));
    EXPECT_GT(now.info[0], step ? episode[size_t(step) - 1].info[0] : first.info[0]);
    EXPECT_EQ(now.ended, step + 1 == spec.max_episode_steps);
    if (now.ended) break;
  }
  std::vector<float> observation(spec.observation_size());
  EXPECT_TRUE(absl::IsFailedPrecondition(e->StepInto(SmallAction(spec, 0), observation).status()));
  return episode;
}

// From the middle of an episode, here and elsewhere.
inline void ExpectGoesOnFromSaved(env::Environment* again, env::Environment* other,
                                  env::Environment* neighbour, const std::vector<Given>& episode) {
  const size_t half = episode.size() / 2;
  for (size_t step = 0; step < half; ++step) {
    EXPECT_EQ(TakeStep(again, int(step)), episode[step]);
  }
  const auto saved = again->Save();
  ASSERT_TRUE(saved.ok()) << saved.status();
  const auto goes_on = [&](env::Environment* e) {
    for (size_t step = half; step < episode.size(); ++step) {
      EXPECT_EQ(TakeStep(e, int(step)), episode[step]) << step;
    }
  };
  goes_on(again);
  for (env::Environment* to : {again, other}) {
    const absl::Status restored = to->Restore(*saved);
    ASSERT_TRUE(restored.ok()) << restored;
    goes_on(to);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(other->Restore("damaged")));
  EXPECT_TRUE(absl::IsInvalidArgument(neighbour->Restore(*saved)));
}

inline void ExpectKeepsTheContract(const env::EnvironmentFactory& make) {
  auto made = make(0);
  ASSERT_TRUE(made.ok()) << made.status();
  env::Environment& e = **made;
  ExpectTellsItsSpaces(e.spec());
  Given first;
  ExpectRefusesBadCalls(&e, &first);
  const std::vector<Given> episode = TakeEpisode(&e, first);
  // The same seed: the same bits. None: another episode. Another number: another stream.
  EXPECT_NE(TakeReset(&e, std::nullopt).observation, first.observation);
  auto again = *make(0), other = *make(0), neighbour = *make(1);
  EXPECT_EQ(TakeReset(again.get(), 3), first);
  EXPECT_NE(TakeReset(neighbour.get(), 3).observation, first.observation);
  ExpectGoesOnFromSaved(again.get(), other.get(), neighbour.get(), episode);
  const auto picture = again->Render();
  ASSERT_TRUE(picture.ok()) << picture.status();
  ASSERT_EQ(picture->shape().size(), 3u);
  EXPECT_EQ(picture->shape()[2], 3u);
}

}  // namespace ronchi::testing_support
