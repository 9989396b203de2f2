// What every environment promises (env/environment.h), asked of every one in the registry by one
// body: Gymnasium's check_env, and what is promised here besides: buffers, saving, pictures, the
// same bits in vectors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/parallel.h"
#include "core/random.h"
#include "env/vector_environment.h"
#include "experiments/catalog/environments.h"

namespace ronchi::env {
namespace {

// The maker of this id, prepared once; with short episodes where the environment has that key.
const EnvironmentFactory& Maker(const std::string& id) {
  static std::map<std::string, EnvironmentFactory> made;
  if (!made.contains(id)) {
    const Config brief = *Config::Parse("{task: {max_episode_steps: 6}}", "conformance");
    auto make = PrepareEnvironments(id, brief);
    if (!make.ok()) make = PrepareEnvironments(id, *Config::Parse("{}", "conformance"));
    RONCHI_CHECK(make.ok());
    made[id] = *make;
  }
  return made[id];
}

std::vector<std::string> Ids() {
  std::vector<std::string> ids;
  for (const EnvironmentKind& kind : EnvironmentKinds()) ids.push_back(kind.id);
  return ids;
}

// Anywhere in the action space: a function of the number t.
std::vector<float> ActionOf(const Spec& spec, int t, uint64_t environment = 0) {
  RandomStream stream(
      {.seed = 5, .name = "conformance.actions", .environment = environment, .step = uint64_t(t)});
  std::vector<float> action;
  for (size_t i = 0; i < spec.action_space.size(); ++i) {
    const float low = spec.action_space.Low(i), high = spec.action_space.High(i);
    action.push_back(std::clamp(float(stream.Uniform(low, high)), low, high));
  }
  return action;
}

// All that one call has shown.
struct Seen {
  std::vector<float> observation;
  double reward = 0;
  bool terminated = false, truncated = false;
  std::vector<double> info;
  bool ended() const { return terminated || truncated; }
  bool operator==(const Seen&) const = default;
};

class EveryEnvironment : public testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Environment> Make(uint64_t index = 0) {
    auto made = Maker(GetParam())(index);
    RONCHI_CHECK(made.ok());
    return *std::move(made);
  }
  static Seen Reset(Environment& e, std::optional<uint64_t> seed,
                    const ResetOptions& options = {}) {
    Seen seen{.observation = std::vector<float>(e.spec().observation_size(), kPoison)};
    const absl::Status status = e.ResetInto(seed, options, seen.observation);
    EXPECT_TRUE(status.ok()) << status;
    seen.info.assign(e.info().begin(), e.info().end());
    return seen;
  }
  static Seen Step(Environment& e, const std::vector<float>& action) {
    Seen seen{.observation = std::vector<float>(e.spec().observation_size(), kPoison)};
    const auto outcome = e.StepInto(action, seen.observation);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {.terminated = true};
    seen.reward = outcome->reward;
    seen.terminated = outcome->terminated;
    seen.truncated = outcome->truncated;
    seen.info.assign(e.info().begin(), e.info().end());
    return seen;
  }
  // A reset where an episode is to begin, else step number t.
  static Seen Go(Environment& e, bool begin, int t) {
    return begin ? Reset(e, std::nullopt) : Step(e, ActionOf(e.spec(), t));
  }
  // From a reset with this seed: `calls` of them.
  static std::vector<Seen> Course(Environment& e, uint64_t seed, int calls) {
    std::vector<Seen> course = {Reset(e, seed)};
    for (int t = 1; t < calls; ++t) course.push_back(Go(e, course.back().ended(), t));
    return course;
  }
  static void ExpectInSpace(const Spec& spec, const Seen& seen) {
    size_t at = 0;
    for (const auto& [name, box] : spec.observation_space) {
      for (size_t i = 0; i < box.size(); ++i, ++at) {
        const float v = seen.observation[at];
        ASSERT_TRUE(std::isfinite(v) && v >= box.Low(i) && v <= box.High(i))
            << name << "[" << i << "] = " << v << "; allowed: " << box.Low(i) << " … "
            << box.High(i);
      }
    }
    EXPECT_EQ(seen.info.size(), spec.info_names.size());
    for (const double v : seen.info) EXPECT_TRUE(std::isfinite(v));
    EXPECT_TRUE(std::isfinite(seen.reward));
  }
  static constexpr float kPoison = -std::numeric_limits<float>::infinity();
  static constexpr int kCalls = 16;  // two episodes of six steps and more
};

TEST_P(EveryEnvironment, HasASpecThatPeopleCanRead) {
  const auto e = Make();
  const Spec& spec = e->spec();
  EXPECT_EQ(spec.id, GetParam());
  EXPECT_TRUE(spec.id.size() > 3 && spec.id.find("-v") != std::string::npos) << spec.id;
  EXPECT_NE(spec.summary, "");
  EXPECT_NE(spec.reward, "");
  EXPECT_GT(spec.max_episode_steps, 0);
  EXPECT_GT(spec.action_space.size(), 0u);
  const auto expect_box = [](const std::string& name, const Box& box) {
    EXPECT_NE(box.meaning, "") << name;
    EXPECT_TRUE(box.lows.empty() || box.lows.size() == box.size()) << name;
    EXPECT_EQ(box.lows.size(), box.highs.size()) << name;
    for (size_t i = 0; i < box.size(); ++i) {
      EXPECT_TRUE(std::isfinite(box.Low(i)) && std::isfinite(box.High(i))) << name << " " << i;
      EXPECT_LT(box.Low(i), box.High(i)) << name << " " << i;
      EXPECT_GE(box.Low(i), box.low) << name << " " << i;
      EXPECT_LE(box.High(i), box.high) << name << " " << i;
    }
  };
  expect_box("action", spec.action_space);
  EXPECT_FALSE(spec.observation_space.empty());
  for (const auto& [name, box] : spec.observation_space) expect_box(name, box);
  for (const auto& [name, box] : spec.reset_options) {
    expect_box(name, box);
    EXPECT_TRUE(box.shape.empty()) << name;
  }
  const std::set<std::string> names(spec.info_names.begin(), spec.info_names.end());
  EXPECT_EQ(names.size(), spec.info_names.size());
  EXPECT_TRUE(names.contains("time_s") && names.contains("dose_e_per_A2"));
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    if (kind.id != GetParam()) continue;
    EXPECT_EQ(kind.spec.summary, spec.summary);
    EXPECT_EQ(kind.spec.id, spec.id);
  }
}

TEST_P(EveryEnvironment, ShowsWhatItsSpecSays) {
  const auto e = Make();
  const std::vector<Seen> course = Course(*e, 3, kCalls);
  for (const Seen& seen : course) ExpectInSpace(e->spec(), seen);
  EXPECT_FALSE(course[1].truncated) << "truncated on the first step";
  int steps = 0;
  double time_s = 0;
  const size_t clock =
      size_t(std::ranges::find(e->spec().info_names, "time_s") - e->spec().info_names.begin());
  bool begin = true;
  for (const Seen& seen : course) {
    steps = begin ? 0 : steps + 1;
    EXPECT_LE(steps, e->spec().max_episode_steps);
    if (!begin) {
      EXPECT_GE(seen.info[clock], time_s);  // no clock runs back within an episode
    }
    time_s = seen.info[clock];
    begin = seen.ended();
  }
}

TEST_P(EveryEnvironment, TakesTheEndsOfItsActionSpace) {
  const auto e = Make();
  const Box& space = e->spec().action_space;
  for (const bool high : {false, true}) {
    ExpectInSpace(e->spec(), Reset(*e, 4));
    std::vector<float> action;
    for (size_t i = 0; i < space.size(); ++i) {
      action.push_back(high ? space.High(i) : space.Low(i));
    }
    for (int t = 0; t < 3; ++t) {
      const Seen seen = Step(*e, action);
      ExpectInSpace(e->spec(), seen);
      if (seen.ended()) break;
    }
  }
}

TEST_P(EveryEnvironment, IsAFunctionOfSeedIndexAndEpisode) {
  const auto a = Make(), b = Make(), neighbour = Make(1);
  const std::vector<Seen> first = Course(*a, 7, kCalls);
  EXPECT_EQ(Course(*b, 7, kCalls), first);
  EXPECT_NE(Course(*b, 8, kCalls), first);
  EXPECT_EQ(Course(*b, 7, kCalls), first);  // whatever went before
  EXPECT_NE(Course(*neighbour, 7, kCalls), first);
  // Episodes of one seed differ, and their sequence is the same.
  const Seen one = Reset(*a, 7), two = Reset(*a, std::nullopt);
  EXPECT_EQ(one, first[0]);
  const Seen again = Reset(*b, 7), next = Reset(*b, std::nullopt);
  EXPECT_EQ(next, two);
  const Seen step_of_one = (Reset(*a, 7), Step(*a, ActionOf(a->spec(), 1)));
  const Seen step_of_two =
      (Reset(*a, 7), Reset(*a, std::nullopt), Step(*a, ActionOf(a->spec(), 1)));
  EXPECT_TRUE(one.observation != two.observation ||
              step_of_one.observation != step_of_two.observation)
      << "two episodes are the same";
  // Without a seed ever given: seed 0.
  const auto fresh = Make(), zero = Make();
  EXPECT_EQ(Reset(*fresh, std::nullopt), Reset(*zero, 0));
}

TEST_P(EveryEnvironment, RefusesBadActionsAndNothingHasHappened) {
  const auto e = Make(), clean = Make();
  Reset(*e, 5), Reset(*clean, 5);
  const Spec& spec = e->spec();
  const size_t n = spec.action_space.size();
  std::vector<std::vector<float>> bad = {{}, std::vector<float>(n + 1)};
  for (size_t i = 0; i < n; ++i) {
    const float low = spec.action_space.Low(i), high = spec.action_space.High(i);
    for (const float v : {NAN, INFINITY, -INFINITY, std::nextafter(high, INFINITY),
                          std::nextafter(low, -INFINITY)}) {
      bad.push_back(ActionOf(spec, 0));
      bad.back()[i] = v;
    }
  }
  for (const auto& action : bad) {
    std::vector<float> row(spec.observation_size(), 123);
    const auto outcome = e->StepInto(action, row);
    EXPECT_TRUE(absl::IsInvalidArgument(outcome.status())) << outcome.status();
    EXPECT_EQ(row, std::vector<float>(row.size(), 123));
  }
  std::vector<float> small(spec.observation_size() - 1);
  EXPECT_TRUE(absl::IsInvalidArgument(e->StepInto(ActionOf(spec, 0), small).status()));
  bool begin = false;
  for (int t = 0; t < 8; ++t) {
    const Seen seen = Go(*e, begin, t);
    EXPECT_EQ(seen, Go(*clean, begin, t));
    begin = seen.ended();
  }
}

TEST_P(EveryEnvironment, KeepsTheOrderOfCalls) {
  const auto e = Make();
  std::vector<float> row(e->spec().observation_size());
  EXPECT_TRUE(absl::IsFailedPrecondition(e->StepInto(ActionOf(e->spec(), 0), row).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(e->ResetInto(1, {}, std::span(row).first(row.size() - 1))));
  Seen seen = Reset(*e, 1);
  for (int t = 0; !seen.ended(); ++t) {
    ASSERT_LT(t, e->spec().max_episode_steps) << "it does not end";
    seen = Step(*e, ActionOf(e->spec(), t));
  }
  const auto after = e->StepInto(ActionOf(e->spec(), 0), row);
  EXPECT_TRUE(absl::IsFailedPrecondition(after.status())) << after.status();
  Reset(*e, std::nullopt);
  Step(*e, ActionOf(e->spec(), 0));
}

TEST_P(EveryEnvironment, RefusesResetOptionsThatAreUnknownOrOutOfBounds) {
  const auto e = Make();
  std::vector<float> row(e->spec().observation_size());
  const auto refused = [&](const ResetOptions& options) {
    const absl::Status status = e->ResetInto(1, options, row);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  };
  refused({{"no such option", 1}});
  for (const auto& [name, box] : e->spec().reset_options) {
    refused({{name, std::nextafter(box.high, INFINITY)}});
    refused({{name, std::nextafter(box.low, -INFINITY)}});
    refused({{name, NAN}});
    for (const float v : {box.low, box.high}) {
      ExpectInSpace(e->spec(), Reset(*e, 1, {{name, v}}));
      ExpectInSpace(e->spec(), Step(*e, ActionOf(e->spec(), 0)));
    }
    EXPECT_EQ(Reset(*e, 1, {{name, box.high}}), Reset(*e, 1, {{name, box.high}}));
  }
}

// Saved after every call, at the end of an episode too, a copy goes on to the same bits.
TEST_P(EveryEnvironment, GoesOnToTheSameBitsAfterRestore) {
  const auto e = Make();
  Reset(*e, 9);
  if (absl::IsUnimplemented(e->Save().status())) GTEST_SKIP() << e->Save().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(Make()->Save().status()));
  bool begin = false;
  for (int t = 0; t < 8; ++t) {
    begin = Go(*e, begin, t).ended();
    const auto saved = e->Save();
    ASSERT_TRUE(saved.ok()) << saved.status();
    const auto copy = Make();
    if (t % 2) Course(*copy, 1, 3);  // whatever the copy has gone through
    const absl::Status restored = copy->Restore(*saved);
    ASSERT_TRUE(restored.ok()) << restored;
    EXPECT_TRUE(std::ranges::equal(copy->info(), e->info()));
    EXPECT_TRUE(*copy->Render() == *e->Render()) << "the restored one looks otherwise";
    const auto original = Make();
    ASSERT_TRUE(original->Restore(*saved).ok());
    bool next = begin;
    for (int s = 0; s < 8; ++s) {
      const Seen seen = Go(*original, next, s);
      ASSERT_EQ(Go(*copy, next, s), seen);
      next = seen.ended();
    }
    EXPECT_TRUE(absl::IsInvalidArgument(Make(1)->Restore(*saved)));
    EXPECT_TRUE(absl::IsInvalidArgument(copy->Restore(saved->substr(0, saved->size() / 2))));
  }
  // The one that was saved all along goes on as one that never was.
  const auto untouched = Make();
  Reset(*untouched, 9);
  bool other = false;
  for (int t = 0; t < 8; ++t) other = Go(*untouched, other, t).ended();
  for (int t = 8; t < 14; ++t) {
    const Seen seen = Go(*e, begin, t);
    EXPECT_EQ(Go(*untouched, begin, t), seen);
    begin = seen.ended();
  }
  EXPECT_TRUE(absl::IsInvalidArgument(e->Restore("nonsense")));
}

TEST_P(EveryEnvironment, HasAPictureThatChangesNothing) {
  const auto e = Make(), plain = Make();
  Reset(*e, 2), Reset(*plain, 2);
  bool begin = false;
  for (int t = 0; t < 4; ++t) {
    const auto picture = e->Render();
    ASSERT_TRUE(picture.ok()) << picture.status();
    ASSERT_EQ(picture->rank(), 3u);
    EXPECT_EQ(picture->shape()[2], 3u);
    EXPECT_GE(picture->shape()[0], 32u);
    EXPECT_GE(picture->shape()[1], 32u);
    const std::set<uint8_t> values(picture->begin(), picture->end());
    EXPECT_GT(values.size(), 4u) << "a uniform picture";
    EXPECT_TRUE(*picture == *e->Render()) << "two pictures of one state differ";
    const Seen seen = Go(*e, begin, t);
    EXPECT_EQ(seen, Go(*plain, begin, t));
    begin = seen.ended();
  }
}

constexpr size_t kVector = 3;

std::vector<float> VectorActions(const Spec& spec, int t) {
  std::vector<float> actions;
  for (size_t i = 0; i < kVector; ++i) {
    for (const float a : ActionOf(spec, t, i)) actions.push_back(a);
  }
  return actions;
}

// What a vector of three shows in eight steps, row by row.
std::vector<double> VectorCourse(const std::string& id, int threads, bool messages) {
  SetThreads(threads);
  const auto made = VectorEnvironment::Create(
      Maker(id), {.environments = kVector, .ordered = true, .threads = size_t(threads)});
  RONCHI_CHECK(made.ok());
  VectorEnvironment& v = **made;
  std::vector<double> all;
  const auto note = [&](const auto& values) {
    all.insert(all.end(), values.begin(), values.end());
  };
  const std::vector<size_t> everyone = {0, 1, 2};
  RONCHI_CHECK(v.Reset(6).ok());
  note(v.observations());
  for (int t = 0; t < 8; ++t) {
    const std::vector<float> actions = VectorActions(v.spec(), t);
    if (messages) {
      RONCHI_CHECK(v.Send(everyone, actions).ok());
      RONCHI_CHECK(v.Recv()->status.ok());
    } else {
      RONCHI_CHECK(v.Step(actions).ok());
    }
    note(v.observations()), note(v.rewards()), note(v.info());
    note(v.terminated()), note(v.truncated());
  }
  SetThreads(0);
  return all;
}

TEST_P(EveryEnvironment, IsTheSameInVectorsOnAnyNumberOfThreads) {
  const std::vector<double> one = VectorCourse(GetParam(), 1, false);
  EXPECT_EQ(VectorCourse(GetParam(), 2, false), one);
  EXPECT_EQ(VectorCourse(GetParam(), 1, true), one);
  EXPECT_EQ(VectorCourse(GetParam(), 2, true), one);
  // And the first row is what environment 0 shows by itself.
  const auto e = Make();
  const Seen first = Reset(*e, 6);
  for (size_t i = 0; i < first.observation.size(); ++i) EXPECT_EQ(first.observation[i], one[i]);
}

INSTANTIATE_TEST_SUITE_P(All, EveryEnvironment, testing::ValuesIn(Ids()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace ronchi::env
