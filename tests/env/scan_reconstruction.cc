// Inverse-distance weighting, reading by reading, is the plain sum over all readings.
#include "env/scan_reconstruction.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi::env {
namespace {

TEST(ScanReconstruction, IsThePlainSum) {
  constexpr size_t kN = 12;
  ScanReconstruction r(kN, 4);
  RandomStream random({.seed = 1, .name = "test"});
  std::vector<size_t> pixels;
  std::vector<float> values;
  for (int i = 0; i < 30; ++i) {
    pixels.push_back(random.Below(kN * kN));
    values.push_back(float(random.Uniform(-1, 2)));
    r.Add(pixels.back(), values.back());
  }
  r.UpdateImage();
  for (size_t p = 0; p < kN * kN; ++p) {
    double own = 0, count = 0, up = 0, down = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      if (pixels[i] == p) own += values[i], count += 1;
      const double dx = double(pixels[i] % kN) - double(p % kN);
      const double dy = double(pixels[i] / kN) - double(p / kN);
      const double square = dx * dx + dy * dy;
      if (square == 0) continue;
      up += values[i] / (square * square);
      down += 1 / (square * square);
    }
    // Single precision, thirty terms.
    EXPECT_NEAR(r.image()[p], count > 0 ? own / count : up / down, 2e-5) << p;
    EXPECT_EQ(r.mask()[p], count > 0 ? 1 : 0);
  }
}

TEST(ScanReconstruction, LimitsAreMetExactly) {
  ScanReconstruction r(8, 4);
  r.UpdateImage();
  for (float v : r.image()) EXPECT_EQ(v, 0);
  r.Add(17, 0.75f);
  r.UpdateImage();
  for (float v : r.image()) EXPECT_NEAR(v, 0.75, 1e-6);  // one reading is all that is known
  for (size_t p = 0; p < 64; ++p) r.Add(p, p == 17 ? 0.25f : float(p));
  r.UpdateImage();
  for (size_t p = 0; p < 64; ++p) EXPECT_EQ(r.image()[p], p == 17 ? 0.5f : float(p));
  r.Clear();
  r.UpdateImage();
  for (float v : r.image()) EXPECT_EQ(v, 0);
  for (float v : r.mask()) EXPECT_EQ(v, 0);
}

}  // namespace
}  // namespace ronchi::env
