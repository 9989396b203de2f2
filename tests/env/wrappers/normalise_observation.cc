#include "env/wrappers/normalise_observation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

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

}  // namespace
}  // namespace ronchi::env
