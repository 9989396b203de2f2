// Wrappers: each against Gymnasium's formula, and all of them saved and restored in the midst of
// an episode by one body. What they write to disk: record.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/random.h"
#include "env/wrappers/clip_action.h"
#include "env/wrappers/flatten.h"
#include "env/wrappers/frame_stack.h"
#include "env/wrappers/normalise_observation.h"
#include "env/wrappers/normalise_reward.h"
#include "env/wrappers/normalised_vector.h"
#include "env/wrappers/record_episode.h"
#include "env/wrappers/record_pictures.h"
#include "env/wrappers/rescale_action.h"
#include "env/wrappers/time_limit.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::env {
namespace {

using testing_support::CheapFactory;
using testing_support::CheapOptions;

std::unique_ptr<Environment> Cheap(const CheapOptions& options = {}) {
  return *CheapFactory(options)(0);
}

std::vector<float> ActionOf(int t) {
  RandomStream stream({.seed = 3, .name = "actions", .step = uint64_t(t)});
  return {float(stream.Uniform(-1, 1)), float(stream.Uniform(-2, 2))};
}

// A step, or a new episode after the end of one. nullopt: a reset.
struct Walker {
  explicit Walker(std::unique_ptr<Environment> e)
      : environment(std::move(e)), row(environment->spec().observation_size()) {}
  std::optional<Outcome> Go(int t) { return Go(ActionOf(t)); }
  std::optional<Outcome> Go(const std::vector<float>& action) {
    if (begun && !ended) {
      const auto outcome = environment->StepInto(action, row);
      RONCHI_CHECK(outcome.ok());
      ended = outcome->terminated || outcome->truncated;
      return *outcome;
    }
    const std::optional<uint64_t> seed = begun ? std::nullopt : std::optional<uint64_t>(5);
    RONCHI_CHECK(environment->ResetInto(seed, {}, row).ok());
    begun = true;
    ended = false;
    return std::nullopt;
  }
  std::unique_ptr<Environment> environment;
  std::vector<float> row;
  bool begun = false, ended = false;
};

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

// Against the moments of everything seen so far, computed at once, with 1e-4 of a sample N(0, 1).
TEST(NormaliseObservation, HasTheMomentsOfAllThatWasSeen) {
  Walker plain(Cheap()), w(std::make_unique<NormaliseObservation>(Cheap()));
  auto& wrapper = static_cast<NormaliseObservation&>(*w.environment);
  std::vector<std::vector<double>> seen(8);
  for (int t = 0; t < 60; ++t) {
    const auto a = plain.Go(t), b = w.Go(t);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a) {
      EXPECT_EQ(a->reward, b->reward);
    }
    for (size_t i = 0; i < 8; ++i) {
      seen[i].push_back(plain.row[i]);
      const double n = double(seen[i].size()), total = n + 1e-4;
      double mean = 0, squares = 1e-4 * 1;  // of the prior about its own mean, 0
      for (const double x : seen[i]) mean += x / total;
      for (const double x : seen[i]) squares += (x - mean) * (x - mean);
      squares += 1e-4 * mean * mean;
      const double expected = (plain.row[i] - mean) / std::sqrt(squares / total + 1e-8);
      // float32 of the result, and 1e-9 of round-off in sums of 60 terms up to 1e2.
      EXPECT_NEAR(w.row[i], expected, 1e-6 * (1 + std::abs(expected))) << t << " " << i;
    }
  }
  const std::vector<double> mean = wrapper.moments().mean();
  wrapper.set_frozen(true);
  for (int t = 0; t < 20; ++t) w.Go(t);
  EXPECT_EQ(wrapper.moments().mean(), mean);
}

TEST(NormaliseReward, DividesByTheSpreadOfTheDiscountedReturn) {
  Walker plain(Cheap()), w(std::make_unique<NormaliseReward>(Cheap(), 0.9, 1e-8));
  std::vector<double> returns;
  double g = 0;
  int truncations = 0;
  for (int t = 0; t < 80; ++t) {
    const auto a = plain.Go(t), b = w.Go(t);
    if (!a) continue;
    g = g * 0.9 * (a->terminated ? 0 : 1) + a->reward;  // goes on over truncation and reset
    truncations += a->truncated;
    returns.push_back(g);
    const double total = double(returns.size()) + 1e-4;
    double mean = 0, squares = 1e-4;
    for (const double x : returns) mean += x / total;
    for (const double x : returns) squares += (x - mean) * (x - mean);
    squares += 1e-4 * mean * mean;
    EXPECT_NEAR(b->reward, a->reward / std::sqrt(squares / total + 1e-8), 1e-9 * 100) << t;
    EXPECT_EQ(plain.row, w.row);
  }
  EXPECT_GT(truncations, 0);
}

TEST(FrameStack, HoldsTheLastFramesOldestFirst) {
  for (const auto padding : {FrameStack::Padding::kReset, FrameStack::Padding::kZero}) {
    Walker plain(Cheap()), w(std::make_unique<FrameStack>(Cheap(), 3, padding));
    const Spec& spec = w.environment->spec();
    EXPECT_EQ(spec.observation_space.at("picture").shape, (std::vector<size_t>{3, 2, 3}));
    EXPECT_EQ(spec.observation_space.at("position").shape, (std::vector<size_t>{3, 2}));
    std::vector<std::vector<float>> frames;
    for (int t = 0; t < 40; ++t) {
      const auto a = plain.Go(t);
      w.Go(t);
      if (!a) {
        const bool zero = padding == FrameStack::Padding::kZero;
        frames.assign(2, zero ? std::vector<float>(8) : plain.row);
      }
      frames.push_back(plain.row);
      for (size_t k = 0; k < 3; ++k) {
        const std::vector<float>& frame = frames[frames.size() - 3 + k];
        for (size_t i = 0; i < 6; ++i) EXPECT_EQ(w.row[k * 6 + i], frame[i]);
        for (size_t i = 0; i < 2; ++i) EXPECT_EQ(w.row[18 + k * 2 + i], frame[6 + i]);
      }
    }
    std::vector<float> small(8);
    EXPECT_TRUE(absl::IsInvalidArgument(w.environment->ResetInto(1, {}, small)));
  }
}

TEST(ClipAction, BringsActionsInside) {
  Walker plain(Cheap()), w(std::make_unique<ClipAction>(Cheap()));
  plain.Go(0), w.Go(0);
  plain.Go({1, -2}), w.Go({100, -2.5f});
  EXPECT_EQ(plain.row, w.row);
  for (const float bad : {NAN, INFINITY}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        w.environment->StepInto(std::vector<float>{bad, 0}, w.row).status()));
  }
}

TEST(RescaleAction, TakesBothEndsExactly) {
  Walker plain(Cheap()), w(*RescaleAction::Create(Cheap()));
  plain.Go(0), w.Go(0);
  const std::pair<std::vector<float>, std::vector<float>> pairs[] = {
      {{-1, 1}, {-1, 2}}, {{1, -1}, {1, -2}}, {{0, 0}, {0, 0}}, {{0.5f, 0.25f}, {0.5f, 0.5f}}};
  for (const auto& [unit, action] : pairs) {
    w.Go(unit), plain.Go(action);
    EXPECT_EQ(plain.row, w.row);
    if (w.ended) plain.Go(0), w.Go(0);
  }
  if (w.ended) w.Go(0);
  EXPECT_TRUE(absl::IsInvalidArgument(
      w.environment->StepInto(std::vector<float>{1.01f, 0}, w.row).status()));
  EXPECT_EQ(w.environment->spec().action_space.High(1), 1);
  EXPECT_TRUE(absl::IsInvalidArgument(
      RescaleAction::Create(std::make_unique<ClipAction>(Cheap())).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RescaleAction::Create(Cheap(), 1, 1).status()));
}

TEST(Flatten, IsOneEntryWithTheSameFloats) {
  Walker plain(Cheap()), w(std::make_unique<Flatten>(Cheap()));
  const auto& space = w.environment->spec().observation_space;
  ASSERT_EQ(space.size(), 1u);
  EXPECT_EQ(space.at("observation").size(), 8u);
  for (int t = 0; t < 20; ++t) {
    plain.Go(t), w.Go(t);
    EXPECT_EQ(plain.row, w.row);
  }
}

TEST(NormalisedVector, SharesMomentsOverItsEnvironments) {
  const VectorOptions options{.environments = 5, .autoreset = Autoreset::kSameStep};
  auto plain = *VectorEnvironment::Create(CheapFactory(), options);
  NormalisedVector v(*VectorEnvironment::Create(CheapFactory(), options), {.gamma = 0.9});
  NormalisedVector copy(*VectorEnvironment::Create(CheapFactory(), options), {.gamma = 0.9});
  RunningMoments rows(8), returns(1);
  std::vector<double> g(5);
  ASSERT_TRUE(plain->Reset(2).ok());
  ASSERT_TRUE(v.Reset(2).ok());
  int finals = 0;
  const auto compare = [&] {
    rows.Update(plain->observations());
    std::vector<float> expected(plain->observations().begin(), plain->observations().end());
    rows.Normalise(expected, 1e-8);
    EXPECT_TRUE(std::ranges::equal(expected, v.observations()));
  };
  compare();
  for (int t = 0; t < 40; ++t) {
    std::vector<float> actions;
    for (int i = 0; i < 5; ++i) {
      for (const float a : ActionOf(5 * t + i)) actions.push_back(a);
    }
    ASSERT_TRUE(plain->Step(actions).ok());
    ASSERT_TRUE(v.Step(actions).ok());
    compare();
    for (size_t i = 0; i < 5; ++i) {
      g[i] = g[i] * 0.9 * (plain->terminated()[i] ? 0 : 1) + plain->rewards()[i];
    }
    returns.Update(std::span<const double>(g));
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(v.rewards()[i], plain->rewards()[i] / std::sqrt(returns.variance()[0] + 1e-8));
      if (!plain->has_final()[i]) continue;
      ++finals;
      const auto last = plain->final_observations().subspan(8 * i, 8);
      std::vector<float> expected(last.begin(), last.end());
      rows.Normalise(expected, 1e-8);
      EXPECT_TRUE(std::ranges::equal(expected, v.final_observations().subspan(8 * i, 8)));
    }
    ASSERT_TRUE(copy.Restore(*v.Save()).ok());
    EXPECT_TRUE(std::ranges::equal(copy.observations(), v.observations()));
    EXPECT_TRUE(std::ranges::equal(copy.rewards(), v.rewards()));
  }
  EXPECT_GT(finals, 5);
  const std::vector<float> still(10, 0.1f);
  ASSERT_TRUE(v.Step(still).ok());
  ASSERT_TRUE(copy.Step(still).ok());
  EXPECT_TRUE(std::ranges::equal(copy.observations(), v.observations()));
  EXPECT_TRUE(std::ranges::equal(copy.rewards(), v.rewards()));
  EXPECT_TRUE(absl::IsInvalidArgument(copy.Restore("nonsense")));
}

struct Kind {
  const char* name;
  std::unique_ptr<Environment> (*make)();
};
const std::string kFolder = testing::TempDir() + "ronchi_wrappers";
const Kind kKinds[] = {
    {"TimeLimit", [] { return std::unique_ptr<Environment>(new TimeLimit(Cheap(), 5)); }},
    {"NormaliseObservation",
     [] { return std::unique_ptr<Environment>(new NormaliseObservation(Cheap())); }},
    {"NormaliseReward", [] { return std::unique_ptr<Environment>(new NormaliseReward(Cheap())); }},
    {"FrameStack", [] { return std::unique_ptr<Environment>(new FrameStack(Cheap(), 4)); }},
    {"ClipAction", [] { return std::unique_ptr<Environment>(new ClipAction(Cheap())); }},
    {"RescaleAction",
     [] { return std::unique_ptr<Environment>(*RescaleAction::Create(Cheap(), -2, 2)); }},
    {"Flatten", [] { return std::unique_ptr<Environment>(new Flatten(Cheap())); }},
    {"RecordEpisode",
     [] { return std::unique_ptr<Environment>(new RecordEpisode(Cheap(), {.folder = kFolder})); }},
    {"RecordPictures",
     [] {
       return std::unique_ptr<Environment>(
           new RecordPictures(Cheap(), {.folder = kFolder, .png = false}));
     }},
    // All at once.
    {"Nested", [] {
       auto e = std::unique_ptr<Environment>(new TimeLimit(Cheap(), 7));
       e.reset(new FrameStack(std::move(e), 2));
       e.reset(new NormaliseObservation(std::move(e)));
       e.reset(new NormaliseReward(std::move(e)));
       return std::unique_ptr<Environment>(new Flatten(std::move(e)));
     }}};

class EveryWrapper : public testing::TestWithParam<Kind> {
 protected:
  static void TearDownTestSuite() { std::filesystem::remove_all(kFolder); }
};

// Saved after every step, the restored copy goes on to the same bits.
TEST_P(EveryWrapper, GoesOnAfterRestore) {
  Walker a(GetParam().make());
  for (int t = 0; t < 16; ++t) {
    a.Go(t);
    Walker b(GetParam().make());
    const auto saved = a.environment->Save();
    ASSERT_TRUE(saved.ok()) << saved.status();
    ASSERT_TRUE(b.environment->Restore(*saved).ok());
    Walker c(GetParam().make());
    ASSERT_TRUE(c.environment->Restore(*saved).ok());
    b.begun = c.begun = true;
    b.ended = c.ended = a.ended;
    for (int s = 0; s < 12; ++s) {
      const auto x = b.Go(t + s), y = c.Go(t + s);
      ASSERT_EQ(x.has_value(), y.has_value());
      ASSERT_EQ(b.row, c.row);
    }
    // And as the original does, which is the one that was never saved.
    if (t % 10 == 9) {
      Walker d(GetParam().make());
      ASSERT_TRUE(d.environment->Restore(*saved).ok());
      d.begun = true;
      d.ended = a.ended;
      for (int s = 0; s < 12; ++s) {
        const auto x = a.Go(s), y = d.Go(s);
        ASSERT_EQ(x.has_value(), y.has_value());
        if (x) {
          EXPECT_EQ(x->reward, y->reward);
          EXPECT_EQ(x->truncated, y->truncated);
        }
        ASSERT_EQ(a.row, d.row);
      }
    }
  }
}

TEST_P(EveryWrapper, RefusesNonsense) {
  Walker w(GetParam().make());
  w.Go(0);
  const std::string saved = *w.environment->Save();
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->Restore("nonsense")));
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->Restore(saved.substr(0, saved.size() - 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->Restore("")));
}

TEST_P(EveryWrapper, KeepsTheOrderOfCalls) {
  Walker w(GetParam().make());
  const auto before = w.environment->StepInto(ActionOf(0), w.row);
  EXPECT_TRUE(absl::IsFailedPrecondition(before.status())) << before.status();
  w.Go(0);
  while (!w.ended) w.Go(1);
  const auto after = w.environment->StepInto(ActionOf(0), w.row);
  EXPECT_TRUE(absl::IsFailedPrecondition(after.status())) << after.status();
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->ResetInto(1, {{"none", 1}}, w.row)));
  EXPECT_TRUE(w.environment->Render().ok());
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryWrapper, testing::ValuesIn(kKinds),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ronchi::env
