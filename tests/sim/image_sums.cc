// Many images of one raster against one at a time, and an image's slope.
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "sim/image_model.h"

namespace ronchi::sim {
namespace {

ImageHarmonics Random(uint64_t draw) {
  RandomStream random({.seed = draw, .name = "test.image_sums"});
  ImageHarmonics h{.cell_A = {3.9, 5.5}, .half_x = 4, .half_y = 6};
  h.c.resize(5 * 13);
  for (auto& c : h.c) c = {random.Normal(), random.Normal()};
  return h;
}

LinearRaster Raster(size_t pixels) {
  LinearRaster r{{}, 0.37, pixels};
  for (int l = 0; l < 7; ++l) r.starts_A.push_back({-3.1 + 0.2 * l, 11.0 - 0.9 * l});
  return r;
}

// Sums of 65 terms of order one in another order, their waves by products: 1e-13.
TEST(ImageSums, AreThoseOfSingleImages) {
  const std::vector<ImageHarmonics> sets = {Random(1), Random(2), Random(3)};
  for (size_t pixels : {size_t(1), size_t(2), size_t(33)}) {
    const LinearRaster raster = Raster(pixels);
    const size_t n = 7 * pixels;
    std::vector<double> all(3 * n), one(n);
    ComputeImages(sets, raster, all);
    for (size_t s = 0; s < sets.size(); ++s) {
      sets[s].ComputeImage(raster, one);
      for (size_t i = 0; i < n; ++i) EXPECT_NEAR(all[s * n + i], one[i], 1e-12) << s << " " << i;
    }
  }
}

// Symmetric differences of step 1e-4 Å: their error is h²/6 of the third derivative, (2π·6/4)³ of
// some 8, 1e-5; Richardson's step leaves h⁴, 1e-11, and round-off of 1e-14/h.
TEST(ImageSums, SlopesAreTheLimitOfDifferences) {
  const ImageHarmonics image = Random(4);
  const LinearRaster raster = Raster(5);
  std::vector<double> slope(35), up(35), down(35);
  for (int axis : {0, 1}) {
    image.Slope(axis).ComputeImage(raster, slope);
    std::vector<double> difference(35);
    for (const auto& [h, weight] : {std::pair{1e-4, 4.0 / 3}, std::pair{2e-4, -1.0 / 3}}) {
      LinearRaster plus = raster, minus = raster;
      for (auto& start : plus.starts_A) start[size_t(axis)] += h;
      for (auto& start : minus.starts_A) start[size_t(axis)] -= h;
      image.ComputeImage(plus, up);
      image.ComputeImage(minus, down);
      for (size_t i = 0; i < 35; ++i) difference[i] += weight * (up[i] - down[i]) / (2 * h);
    }
    for (size_t i = 0; i < 35; ++i) EXPECT_NEAR(slope[i], difference[i], 1e-8) << axis;
  }
}

}  // namespace
}  // namespace ronchi::sim
