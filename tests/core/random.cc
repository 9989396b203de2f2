#include "core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ronchi {
namespace {

TEST(RandomStream, IsAFunctionOfItsKeyAlone) {
  RandomStream a({.seed = 7, .name = "x", .environment = 1, .episode = 2, .step = 3});
  RandomStream b({.seed = 7, .name = "x", .environment = 1, .episode = 2, .step = 3});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a(), b());
}

TEST(RandomStream, NeighbouringKeysShareNothing) {
  // 32-bit words: two independent streams of 64 words agree somewhere with probability 1.5e-8.
  const RandomStream base({.seed = 7, .name = "x"});
  const StreamKey others[] = {{.seed = 8, .name = "x"},
                              {.seed = 7, .name = "y"},
                              {.seed = 7, .name = "x", .environment = 1},
                              {.seed = 7, .name = "x", .episode = 1},
                              {.seed = 7, .name = "x", .step = 1}};
  for (const StreamKey& key : others) {
    RandomStream a = base, b(key);
    for (int i = 0; i < 64; ++i) EXPECT_NE(a(), b());
  }
}

// Means and variances within five standard errors of 200,000 draws.
TEST(RandomStream, MomentsOfTheDistributions) {
  constexpr int kDraws = 200000;
  RandomStream stream({.seed = 1, .name = "moments"});
  auto moments = [&](auto draw) {
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double v = draw();
      sum += v;
      squares += v * v;
    }
    const double mean = sum / kDraws;
    return std::pair(mean, squares / kDraws - mean * mean);
  };
  auto [um, uv] = moments([&] { return stream.Uniform(); });
  EXPECT_NEAR(um, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(uv, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / kDraws));
  auto [nm, nv] = moments([&] { return stream.Normal(); });
  EXPECT_NEAR(nm, 0, 5 / std::sqrt(double(kDraws)));
  EXPECT_NEAR(nv, 1, 5 * std::sqrt(2.0 / kDraws));
  for (double mean : {0.3, 8.0, 300.0, 5e6}) {
    auto [pm, pv] = moments([&] { return double(stream.Poisson(mean)); });
    EXPECT_NEAR(pm, mean, 5 * std::sqrt(mean / kDraws));
    EXPECT_NEAR(pv, mean, 5 * std::sqrt((2 * mean * mean + mean) / kDraws));
  }
}

}  // namespace
}  // namespace ronchi
