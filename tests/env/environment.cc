#include "env/environment.h"

#include <gtest/gtest.h>

#include <numeric>

namespace ronchi::env {
namespace {

// Counts up in whatever buffer it is given.
class Counting final : public Environment {
 public:
  Counting() {
    spec_.id = "Counting-v0";
    spec_.observation_space = {
        {"b", {{2, 2}, 0, 99, "", ""}}, {"a", {{3}, 0, 99, "", ""}}, {"c", {{}, 0, 99, "", ""}}};
    spec_.action_space = {{1}, -1, 1, "", ""};
    spec_.info_names = {"time_s", "dose"};
  }
  const Spec& spec() const override { return spec_; }
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override {
    if (!options.empty()) return absl::InvalidArgumentError("no options");
    std::iota(observation.begin(), observation.end(), float(seed.value_or(0)));
    return absl::OkStatus();
  }
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override {
    std::iota(observation.begin(), observation.end(), action[0]);
    return Outcome{.reward = 5, .truncated = true};
  }
  std::span<const double> info() const override { return info_; }

 private:
  Spec spec_;
  std::vector<double> info_ = {1.5, 7};
};

TEST(EnvironmentBase, EntriesLieInTheOrderOfTheirNames) {
  const Spec spec = Counting().spec();
  EXPECT_EQ(spec.observation_size(), 8u);
  EXPECT_EQ(spec.Offset("a"), 0u);
  EXPECT_EQ(spec.Offset("b"), 3u);
  EXPECT_EQ(spec.Offset("c"), 7u);
}

TEST(EnvironmentBase, ResetAndStepAreTheBuffersByName) {
  Counting e;
  const auto reset = e.Reset(10);
  ASSERT_TRUE(reset.ok());
  EXPECT_EQ(reset->observation.at("a"), Array<float>({3}, {10, 11, 12}));
  EXPECT_EQ(reset->observation.at("b"), Array<float>({2, 2}, {13, 14, 15, 16}));
  EXPECT_EQ(reset->observation.at("c").size(), 1u);
  EXPECT_EQ(reset->observation.at("c")[0], 17);
  EXPECT_EQ(reset->info, (Info{{"time_s", 1.5}, {"dose", 7}}));
  const auto step = e.Step(std::vector<float>{2});
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(step->observation.at("c")[0], 9);
  EXPECT_EQ(step->reward, 5);
  EXPECT_TRUE(step->truncated);
  EXPECT_FALSE(step->terminated);
  EXPECT_EQ(step->info.at("dose"), 7);
  EXPECT_EQ(e.Reset(1, {{"x", 1}}).status(), absl::InvalidArgumentError("no options"));
}

// What not every environment can do is told by its name.
TEST(EnvironmentBase, WhatItCannotDoIsUnimplemented) {
  Counting e;
  EXPECT_EQ(e.Save().status(), absl::UnimplementedError("Counting-v0 cannot be saved"));
  EXPECT_EQ(e.Restore(""), absl::UnimplementedError("Counting-v0 cannot be restored"));
  EXPECT_EQ(e.ShiftOrigin({}),
            absl::UnimplementedError("Counting-v0 has no knobs whose origin could be moved"));
  EXPECT_EQ(e.Render().status(), absl::UnimplementedError("Counting-v0 has no picture"));
}

}  // namespace
}  // namespace ronchi::env
