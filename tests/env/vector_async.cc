// Send and Recv: what they refuse, and that a batch does not wait for the slow.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "env/vector_environment.h"
#include "env/wrapper.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::env {
namespace {

TEST(VectorAsync, SendRefusesWhatIsUnderWayOrWrong) {
  auto v = *VectorEnvironment::Create(testing_support::CheapFactory(),
                                      {.environments = 4, .threads = 2});
  const std::vector<float> two = {0, 0, 0, 0};
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Recv().status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Send(std::vector<size_t>{0, 1}, two)));
  ASSERT_TRUE(v->Reset(1).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(v->Send(std::vector<size_t>{0, 4}, two)));
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Send(std::vector<size_t>{1, 1}, two)));
  EXPECT_TRUE(absl::IsInvalidArgument(v->Send(std::vector<size_t>{1}, two)));
  EXPECT_TRUE(
      absl::IsInvalidArgument(v->Send(std::vector<size_t>{1, 2}, std::vector<float>{0, 0, 9, 0})));
  EXPECT_EQ(v->under_way(), 0u);
  ASSERT_TRUE(v->Send(std::vector<size_t>{1, 2}, two).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Send(std::vector<size_t>{0, 2}, two)));
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Step(std::vector<float>(8))));
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Reset(1)));
  EXPECT_TRUE(absl::IsFailedPrecondition(v->SendReset(1)));
  EXPECT_TRUE(absl::IsFailedPrecondition(v->Save().status()));
  EXPECT_EQ(v->under_way(), 2u);
  EXPECT_EQ(v->Recv()->environments.size(), 2u);
  EXPECT_TRUE(v->Step(std::vector<float>(8)).ok());
  ASSERT_TRUE(v->Send(std::vector<size_t>{1, 2}, two).ok());
  v.reset();  // with two under way
}

// A step that takes as long as it is told.
class Slow final : public Wrapper {
 public:
  Slow(std::unique_ptr<Environment> inner, std::atomic<bool>* go)
      : Wrapper(std::move(inner)), go_(go) {}
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override {
    go_->wait(false);
    return inner().StepInto(action, observation);
  }

 private:
  std::atomic<bool>* go_;
};

TEST(VectorAsync, RecvTakesTheFirstThatAreReady) {
  std::atomic<bool> go = false;
  const EnvironmentFactory make =
      [&](uint64_t index) -> absl::StatusOr<std::unique_ptr<Environment>> {
    RONCHI_ASSIGN_OR_RETURN(auto made, testing_support::CheapFactory()(index));
    if (index > 0) return made;
    return std::make_unique<Slow>(std::move(made), &go);
  };
  auto v = *VectorEnvironment::Create(make, {.environments = 3, .batch = 1, .threads = 2});
  ASSERT_TRUE(v->Reset(1).ok());
  ASSERT_TRUE(v->Send(std::vector<size_t>{0, 1, 2}, std::vector<float>(6)).ok());
  for (int round = 0; round < 5; ++round) {  // 1 and 2 go on while 0 stands
    const VectorEnvironment::Batch batch = *v->Recv();
    ASSERT_EQ(batch.environments.size(), 1u);
    EXPECT_NE(batch.environments[0], 0u);
    ASSERT_TRUE(v->Send(batch.environments, std::vector<float>(2)).ok());
  }
  go = true;
  go.notify_all();
  std::vector<size_t> rest;
  while (v->under_way() > 0) rest.push_back(v->Recv()->environments[0]);
  EXPECT_EQ(std::count(rest.begin(), rest.end(), 0u), 1);
}

TEST(VectorAsync, AnErrorComesWithTheRestOfItsBatch) {
  const EnvironmentFactory make = [](uint64_t index) {
    return testing_support::CheapFactory({.fails_at = uint64_t(index == 2)})(index);
  };
  auto v = *VectorEnvironment::Create(make, {.environments = 4, .ordered = true});
  ASSERT_TRUE(v->Reset(1).ok());
  ASSERT_TRUE(v->Send(std::vector<size_t>{3, 2, 0}, std::vector<float>(6)).ok());
  const VectorEnvironment::Batch batch = *v->Recv();
  EXPECT_EQ(batch.status, absl::UnavailableError("environment 2: link lost"));
  ASSERT_EQ(batch.environments.size(), 3u);
  EXPECT_EQ(batch.environments[1], 2u);
  EXPECT_LT(batch.rewards[0], 0);
  EXPECT_EQ(batch.rewards[1], 0);
  EXPECT_LT(batch.rewards[2], 0);
}

}  // namespace
}  // namespace ronchi::env
