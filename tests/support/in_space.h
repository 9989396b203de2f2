// Whether an observation lies in the space that its environment promises.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "env/task.h"

namespace ronchi::testing_support {

inline void ExpectInSpace(const env::Spec& spec, const env::Observation& o) {
  ASSERT_EQ(o.size(), spec.observation_space.size());
  for (const auto& [name, box] : spec.observation_space) {
    ASSERT_TRUE(o.contains(name)) << name;
    EXPECT_EQ(o.at(name).shape(), box.shape) << name;
    for (float v : o.at(name)) {
      EXPECT_TRUE(std::isfinite(v) && v >= box.low && v <= box.high) << name << " " << v;
    }
  }
}

}  // namespace ronchi::testing_support
