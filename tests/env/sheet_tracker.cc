// Counting sites from what is seen, against a lattice that is walked by hand.
#include "env/sheet_tracker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"

namespace ronchi::env {
namespace {

// An atom on a honeycomb lattice, seen through drift and noise.
struct Walk {
  double rotation_rad = 0.3, noise_A = 0;
  Vector2 silicon_A{2, -1}, drift_A{};
  bool other = false;
  RandomStream random{{.seed = 5, .name = "test.walk"}};

  Vector2 Bond(size_t k) const {
    const double angle =
        rotation_rad + 2 * std::numbers::pi / 3 * double(k) + (other ? std::numbers::pi : 0);
    return {1.42 * std::cos(angle), 1.42 * std::sin(angle)};
  }
  void Hop(size_t k) {
    const Vector2 bond = Bond(k);
    silicon_A = {silicon_A[0] + bond[0], silicon_A[1] + bond[1]};
    other = !other;
  }
  Vector2 Noisy(const Vector2& at) {
    return {at[0] + drift_A[0] + noise_A * random.Normal(),
            at[1] + drift_A[1] + noise_A * random.Normal()};
  }
  SeenAtoms See() {
    SeenAtoms seen{Noisy(silicon_A), {}};
    // In another order every time: an analysis knows no numbers.
    const size_t first = random.Below(3);
    for (size_t i = 0; i < 3; ++i) {
      const Vector2 bond = Bond((first + i) % 3);
      seen.neighbours_A[i] = Noisy({silicon_A[0] + bond[0], silicon_A[1] + bond[1]});
    }
    return seen;
  }
};

TEST(SheetTracker, AWalkThereAndBackEndsWhereItBegan) {
  Walk walk;
  SheetTracker tracker;
  tracker.Start(walk.See());
  for (size_t k : {0, 1, 2, 0, 1, 2}) {  // around a hexagon
    walk.Hop(k);
    tracker.Update(walk.See());
  }
  EXPECT_EQ(tracker.site(), SheetTracker::Site{});
}

// From start to site and back by the vector between them, exactly, however many hops were missed.
TEST(SheetTracker, ToTheStartIsMinusTheWay) {
  for (const double noise_A : {0.0, 0.05}) {
    Walk walk{.noise_A = noise_A};
    const Vector2 start = walk.silicon_A;
    SheetTracker tracker;
    tracker.Start(walk.See());
    for (int step = 0; step < 300; ++step) {
      for (uint64_t hops = walk.random.Below(4); hops > 0; --hops) walk.Hop(walk.random.Below(3));
      walk.drift_A[0] += 0.1;  // 30 Å in all
      walk.drift_A[1] -= 0.05;
      tracker.Update(walk.See());
      const Vector2 back = tracker.To_A(SheetTracker::Site{});
      // Noisy bonds, their mean over the images, times the bonds of the way.
      const double way = std::hypot(walk.silicon_A[0] - start[0], walk.silicon_A[1] - start[1]);
      const double allowed = 1e-9 + noise_A * 5 * (1 + way / 1.42) / std::sqrt(step + 2);
      EXPECT_NEAR(back[0], start[0] - walk.silicon_A[0], allowed) << step;
      EXPECT_NEAR(back[1], start[1] - walk.silicon_A[1], allowed) << step;
    }
  }
}

}  // namespace
}  // namespace ronchi::env
