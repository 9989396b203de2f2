// Vectors of environments: Gymnasium's three ways to begin anew, step by step against single
// environments; seeds, errors, saving. Threads and Send/Recv: vector_threads.cc.
#include "env/vector_environment.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/env/cheap_vector.h"

namespace ronchi::env {
namespace {

using testing_support::CheapFactory;
using testing_support::CheapOptions;

constexpr size_t kWidth = 8, kInfo = 2;

template <class T>
std::vector<T> Row(std::span<const T> rows, size_t i, size_t width) {
  const auto row = rows.subspan(i * width, width);
  return {row.begin(), row.end()};
}

// A single environment of this index, to compare with.
struct Single {
  explicit Single(size_t index) : environment(*CheapFactory()(index)) {}
  void Reset(std::optional<uint64_t> seed) {
    ASSERT_TRUE(environment->ResetInto(seed, {}, row).ok());
    outcome = {};
  }
  void Step(std::span<const float> action) { outcome = *environment->StepInto(action, row); }
  bool ended() const { return outcome.terminated || outcome.truncated; }
  std::unique_ptr<Environment> environment;
  std::vector<float> row = std::vector<float>(kWidth);
  Outcome outcome;
};

void ExpectSame(const VectorEnvironment& v, size_t i, const Single& s) {
  EXPECT_EQ(Row(v.observations(), i, kWidth), s.row) << i;
  EXPECT_EQ(v.rewards()[i], s.outcome.reward) << i;
  EXPECT_EQ(v.terminated()[i], s.outcome.terminated) << i;
  EXPECT_EQ(v.truncated()[i], s.outcome.truncated) << i;
  const auto info = s.environment->info();
  EXPECT_EQ(Row(v.info(), i, kInfo), std::vector<double>(info.begin(), info.end())) << i;
}

TEST(VectorEnvironment, NextStepResetsAStepLater) {
  auto v = MakeVector(5);
  std::vector<Single> singles;
  for (size_t i = 0; i < 5; ++i) singles.emplace_back(i).Reset(7);
  ASSERT_TRUE(v->Reset(7).ok());
  int resets = 0;
  for (int t = 0; t < 60; ++t) {
    auto actions = VectorActions(5, t);
    for (size_t i = 0; i < 5; ++i) {
      if (singles[i].ended()) {
        actions[2 * i] = NAN;  // ignored
        singles[i].Reset(std::nullopt);
        ++resets;
      } else {
        singles[i].Step(std::span(actions).subspan(2 * i, 2));
      }
    }
    ASSERT_TRUE(v->Step(actions).ok());
    for (size_t i = 0; i < 5; ++i) ExpectSame(*v, i, singles[i]);
  }
  EXPECT_GT(resets, 20);
  EXPECT_TRUE(v->has_final().empty());
}

TEST(VectorEnvironment, SameStepKeepsTheFinalObservationAndInfo) {
  auto v = MakeVector(5, Autoreset::kSameStep);
  std::vector<Single> singles;
  for (size_t i = 0; i < 5; ++i) singles.emplace_back(i).Reset(7);
  ASSERT_TRUE(v->Reset(7).ok());
  int terminated = 0, truncated = 0;
  for (int t = 0; t < 60; ++t) {
    const auto actions = VectorActions(5, t);
    ASSERT_TRUE(v->Step(actions).ok());
    for (size_t i = 0; i < 5; ++i) {
      Single& s = singles[i];
      s.Step(std::span(actions).subspan(2 * i, 2));
      EXPECT_EQ(v->has_final()[i], s.ended());
      if (s.ended()) {
        terminated += s.outcome.terminated;
        truncated += s.outcome.truncated;
        EXPECT_EQ(Row(v->final_observations(), i, kWidth), s.row);
        const auto info = s.environment->info();
        EXPECT_EQ(Row(v->final_info(), i, kInfo), std::vector<double>(info.begin(), info.end()));
        const Outcome last = s.outcome;
        s.Reset(std::nullopt);
        s.outcome = last;  // reward and flags are those of the step
      }
      ExpectSame(*v, i, s);
    }
  }
  EXPECT_GT(terminated, 10);
  EXPECT_GT(truncated, 3);
  ASSERT_TRUE(v->Reset(std::nullopt).ok());
  for (uint8_t has : v->has_final()) EXPECT_EQ(has, 0);
}

TEST(VectorEnvironment, DisabledWaitsForAMask) {
  auto v = MakeVector(4, Autoreset::kDisabled);
  ASSERT_TRUE(v->Reset(3).ok());
  int resets = 0;
  for (int t = 0; t < 60; ++t) {
    ASSERT_TRUE(v->Step(VectorActions(4, t)).ok());
    std::vector<uint8_t> mask(4);
    for (size_t i = 0; i < 4; ++i) mask[i] = v->terminated()[i] || v->truncated()[i];
    if (std::count(mask.begin(), mask.end(), 1) == 0) continue;
    ++resets;
    const std::vector<float> before(v->observations().begin(), v->observations().end());
    const std::vector<double> rewards(v->rewards().begin(), v->rewards().end());
    EXPECT_TRUE(absl::IsFailedPrecondition(v->Step(VectorActions(4, t))));
    EXPECT_EQ(before, std::vector<float>(v->observations().begin(), v->observations().end()));
    ASSERT_TRUE(v->Reset({}, mask).ok());
    for (size_t i = 0; i < 4; ++i) {
      const auto row = std::vector<float>(before.begin() + long(i * kWidth),
                                          before.begin() + long((i + 1) * kWidth));
      EXPECT_EQ(row == Row(v->observations(), i, kWidth), mask[i] == 0);
      EXPECT_EQ(v->terminated()[i] || v->truncated()[i], 0);
      EXPECT_EQ(v->rewards()[i], mask[i] ? 0 : rewards[i]);
    }
  }
  EXPECT_GT(resets, 10);
}

TEST(VectorEnvironment, NoTwoShareAStream) {
  auto v = MakeVector(50);
  ASSERT_TRUE(v->Reset(1).ok());
  std::vector<std::vector<float>> rows;
  for (size_t i = 0; i < 50; ++i) rows.push_back(Row(v->observations(), i, kWidth));
  // Nor does a neighbouring seed give what a neighbouring environment gave (no seed + i).
  ASSERT_TRUE(v->Reset(2).ok());
  for (size_t i = 0; i < 50; ++i) rows.push_back(Row(v->observations(), i, kWidth));
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
}

TEST(VectorEnvironment, AListOfSeedsMakesASuite) {
  const std::vector<std::optional<uint64_t>> seeds = {5, 9, 5, 1};
  auto own = MakeVector(4);
  ASSERT_TRUE(own->Reset(seeds, {}).ok());
  EXPECT_NE(Row(own->observations(), 0, kWidth), Row(own->observations(), 2, kWidth));
  auto suite = *VectorEnvironment::Create(CheapFactory(), {.environments = 4, .same_index = true});
  ASSERT_TRUE(suite->Reset(seeds, {}).ok());
  Single single(0);
  for (size_t i = 0; i < 4; ++i) {
    single.Reset(*seeds[i]);
    EXPECT_EQ(Row(suite->observations(), i, kWidth), single.row) << i;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(suite->Reset(5)));
  EXPECT_TRUE(absl::IsInvalidArgument(own->Reset(std::span(seeds).first(3), {})));
}

TEST(VectorEnvironment, BadInputIsRefusedAndNothingHasHappened) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      VectorEnvironment::Create(CheapFactory(), {.environments = 0}).status()));
  auto v = MakeVector(3), twin = MakeVector(3);
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Step(VectorActions(3, 0))));
  ASSERT_TRUE(v->Reset(1).ok());
  ASSERT_TRUE(twin->Reset(1).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(v->Step(VectorActions(2, 0))));
  for (const float bad : {NAN, INFINITY, 2.001f, -2.001f}) {
    auto actions = VectorActions(3, 0);
    actions[5] = bad;
    const absl::Status status = v->Step(actions);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_NE(status.message().find("environment 2: action[1]"), std::string::npos) << status;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(v->Reset({}, std::vector<uint8_t>{0, 0, 0})));
  EXPECT_TRUE(absl::IsInvalidArgument(v->Reset({}, std::vector<uint8_t>{1, 0})));
  EXPECT_TRUE(absl::IsInvalidArgument(v->Reset(1, {{"end", 1}})));
  ASSERT_TRUE(twin->Reset(1).ok());
  ASSERT_TRUE(v->Reset(1).ok());
  ASSERT_TRUE(v->Step(VectorActions(3, 0)).ok());
  ASSERT_TRUE(twin->Step(VectorActions(3, 0)).ok());
  EXPECT_TRUE(std::ranges::equal(v->observations(), twin->observations()));
}

TEST(VectorEnvironment, EnvironmentsMustBeOfOneKind) {
  const EnvironmentFactory make = [](uint64_t index) {
    auto made = CheapFactory()(index);
    const_cast<Spec&>((*made)->spec()).info_names.resize(index == 2 ? 1 : 2);
    return made;
  };
  const auto v = VectorEnvironment::Create(make, {.environments = 3});
  EXPECT_TRUE(absl::IsInvalidArgument(v.status()));
  EXPECT_NE(v.status().message().find("environment 2"), std::string::npos);
}

// The third step of environment 1 fails. All others go on as without it; it goes on from where it
// was when it is stepped again.
TEST(VectorEnvironment, AnErrorNamesItsEnvironmentAndLeavesTheOthers) {
  const EnvironmentFactory make = [](uint64_t index) {
    CheapOptions options;
    options.fails_at = index == 1 ? 3 : 0;
    return CheapFactory(options)(index);
  };
  auto v = *VectorEnvironment::Create(make, {.environments = 4});
  auto whole = MakeVector(4);
  ASSERT_TRUE(v->Reset(11).ok());
  ASSERT_TRUE(whole->Reset(11).ok());
  for (int t = 0; t < 20; ++t) {
    const absl::Status status = v->Step(VectorActions(4, t));
    ASSERT_TRUE(whole->Step(VectorActions(4, t)).ok());
    EXPECT_EQ(status.ok(), t != 2);
    if (t == 2) {
      EXPECT_EQ(status, absl::UnavailableError("environment 1: link lost"));
      EXPECT_TRUE(absl::IsUnavailable(v->status(1)));
    } else {
      EXPECT_TRUE(v->status(1).ok());
    }
    for (const size_t i : {0, 2, 3}) {
      EXPECT_TRUE(v->status(i).ok());
      EXPECT_EQ(Row(v->observations(), i, kWidth), Row(whole->observations(), i, kWidth));
      EXPECT_EQ(v->rewards()[i], whole->rewards()[i]);
    }
  }
}

}  // namespace
}  // namespace ronchi::env
