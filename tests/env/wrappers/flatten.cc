#include "env/wrappers/flatten.h"

#include <gtest/gtest.h>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

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

}  // namespace
}  // namespace ronchi::env
