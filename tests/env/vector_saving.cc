// A vector that is saved and restored goes on to the same bits.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/env/cheap_vector.h"

namespace ronchi::env {
namespace {

TEST(VectorSaving, GoesOnToTheSameBitsAfterRestore) {
  for (const Autoreset autoreset :
       {Autoreset::kNextStep, Autoreset::kSameStep, Autoreset::kDisabled}) {
    auto a = MakeVector(6, autoreset), b = MakeVector(6, autoreset);
    EXPECT_TRUE(absl::IsFailedPrecondition(a->Save().status()));
    ASSERT_TRUE(a->Reset(5).ok());
    const auto step = [&](VectorEnvironment& v, int t) {
      if (autoreset == Autoreset::kDisabled) {
        std::vector<uint8_t> mask;
        for (size_t i = 0; i < 6; ++i) mask.push_back(v.terminated()[i] || v.truncated()[i]);
        if (std::ranges::count(mask, 1) > 0) {
          ASSERT_TRUE(v.Reset({}, mask).ok());
        }
      }
      ASSERT_TRUE(v.Step(VectorActions(6, t)).ok());
    };
    // Saved after each step, so also between the end of an episode and the next beginning.
    for (int t = 0; t < 30; ++t) {
      step(*a, t);
      ASSERT_TRUE(b->Restore(*a->Save()).ok());
      EXPECT_TRUE(std::ranges::equal(a->observations(), b->observations()));
      EXPECT_TRUE(std::ranges::equal(a->final_observations(), b->final_observations()));
      EXPECT_TRUE(std::ranges::equal(a->rewards(), b->rewards()));
    }
    for (int t = 30; t < 60; ++t) {
      step(*a, t);
      step(*b, t);
      EXPECT_TRUE(std::ranges::equal(a->observations(), b->observations()));
      EXPECT_TRUE(std::ranges::equal(a->rewards(), b->rewards()));
      EXPECT_TRUE(std::ranges::equal(a->info(), b->info()));
      EXPECT_TRUE(std::ranges::equal(a->has_final(), b->has_final()));
    }
    const std::string saved = *a->Save();
    EXPECT_TRUE(absl::IsInvalidArgument(b->Restore("nonsense")));
    EXPECT_TRUE(absl::IsInvalidArgument(b->Restore(saved.substr(0, saved.size() / 2))));
    EXPECT_TRUE(absl::IsInvalidArgument(MakeVector(5, autoreset)->Restore(saved)));
  }
}

}  // namespace
}  // namespace ronchi::env
