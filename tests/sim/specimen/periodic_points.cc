#include "sim/specimen/periodic_points.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace ronchi::sim {
namespace {

// All images in ±6 cells, one by one.
std::vector<double> Plain(const std::array<Vector3, 3>& l, std::array<bool, 3> periodic,
                          const std::vector<Vector3>& p, size_t i, double reach) {
  std::vector<double> out;
  const auto most = [&](size_t a) { return periodic[a] ? 6 : 0; };
  for (size_t j = 0; j < p.size(); ++j) {
    for (int u = -most(0); u <= most(0); ++u) {
      for (int v = -most(1); v <= most(1); ++v) {
        for (int w = -most(2); w <= most(2); ++w) {
          if (j == i && u == 0 && v == 0 && w == 0) continue;
          double d[3];
          for (size_t c = 0; c < 3; ++c) {
            d[c] = p[i][c] - p[j][c] - u * l[0][c] - v * l[1][c] - w * l[2][c];
          }
          const double r = std::hypot(d[0], d[1], d[2]);
          if (r <= reach) out.push_back(r);
        }
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(PeriodicPoints, FindsWhatALoopOverAllImagesFinds) {
  RandomStream random({.seed = 3, .name = "test.periodic_points"});
  for (int run = 0; run < 60; ++run) {
    // Oblique cells of 1 to 6 Å, reaches beyond and below their size.
    std::array<Vector3, 3> l;
    do {
      for (Vector3& v : l) {
        for (double& x : v) x = random.Uniform(-4, 4);
      }
    } while (!CheckLattice(l).ok() || Crystal{.lattice_A = l}.Volume_A3() < 15);
    const std::array<bool, 3> periodic = {true, run % 3 != 0, run % 2 == 0};
    std::vector<Vector3> p;
    for (uint64_t n = 1 + random.Below(12); n > 0; --n) {
      Vector3 at = {0, 0, 0};
      for (const Vector3& v : l) {
        const double f = random.Uniform();
        for (size_t c = 0; c < 3; ++c) at[c] += f * v[c];
      }
      p.push_back(at);
    }
    const double reach = random.Uniform(0.3, 4);
    const PeriodicPoints points(l, periodic, p, reach);
    double shortest = 1e9;
    for (size_t i = 0; i < p.size(); ++i) {
      std::vector<double> found;
      points.Any(i, [&](size_t, double d) {
        found.push_back(d);
        return false;
      });
      std::sort(found.begin(), found.end());
      const std::vector<double> plain = Plain(l, periodic, p, i, reach);
      ASSERT_EQ(found.size(), plain.size()) << "run " << run;
      for (size_t k = 0; k < plain.size(); ++k) EXPECT_NEAR(found[k], plain[k], 1e-9);
      const std::vector<double> all = Plain(l, periodic, p, i, 20);
      if (!all.empty()) shortest = std::min(shortest, all.front());
    }
    std::array<size_t, 2> pair;
    EXPECT_NEAR(ShortestDistance_A(l, periodic, p, 0, &pair), shortest, 1e-9) << "run " << run;
  }
}

TEST(PeriodicPoints, ALonePointWithoutImagesIsNearNothing) {
  std::array<size_t, 2> pair;
  const std::array<Vector3, 3> box = {{{4, 0, 0}, {0, 5, 0}, {0, 0, 6}}};
  EXPECT_EQ(ShortestDistance_A(box, {false, false, false}, {{1, 1, 1}}, 0, &pair), 0);
  EXPECT_EQ(ShortestDistance_A(box, {true, true, true}, {{1, 1, 1}}, 0, &pair), 4);
  EXPECT_EQ(ShortestDistance_A(box, {false, true, true}, {{1, 1, 1}}, 0, &pair), 5);
  EXPECT_EQ(ShortestDistance_A(box, {true, true, true}, {}, 0, &pair), 0);
}

}  // namespace
}  // namespace ronchi::sim
