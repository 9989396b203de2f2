#include "sim/image_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"

namespace ronchi::sim {
namespace {

constexpr int kHalfX = 3, kHalfY = 4;
constexpr std::array<double, 2> kCell_A = {3.9, 5.1};

// Of a real image: at h = 0 coefficients of k and −k are conjugate.
ImageHarmonics RealImage() {
  ImageHarmonics image;
  image.cell_A = kCell_A;
  image.half_x = kHalfX, image.half_y = kHalfY;
  image.c.resize(size_t(kHalfX + 1) * size_t(2 * kHalfY + 1));
  RandomStream stream({.seed = 6, .name = "test.harmonics"});
  for (int h = 0; h <= kHalfX; ++h) {
    for (int k = -kHalfY; k <= kHalfY; ++k) image.at(h, k) = {stream.Normal(), stream.Normal()};
  }
  for (int k = 1; k <= kHalfY; ++k) image.at(0, -k) = std::conj(image.at(0, k));
  image.at(0, 0) = 7;
  return image;
}
// The series as it is written, term by term.
double Series(ImageHarmonics image, double x_A, double y_A) {
  double sum = 0;
  for (int h = 0; h <= kHalfX; ++h) {
    for (int k = -kHalfY; k <= kHalfY; ++k) {
      const double turns = h * x_A / kCell_A[0] + k * y_A / kCell_A[1];
      sum += (image.at(h, k) * std::polar(1.0, 2 * std::numbers::pi * turns)).real();
    }
  }
  return sum;
}

TEST(ImageHarmonicsOf, LinesAndScatteredPlacesAreTheSeries) {
  const ImageHarmonics image = RealImage();
  const LinearRaster lines{
      .starts_A = {{-1.2, 0.3}, {0.4, 17}, {2, -3}}, .step_A = 0.21, .pixels = 30};
  std::vector<double> out(90);
  image.ComputeImage(lines, out);
  for (size_t l = 0; l < 3; ++l) {
    for (size_t p = 0; p < 30; ++p) {
      const auto [x, y] = lines.starts_A[l];
      EXPECT_NEAR(out[l * 30 + p], Series(image, x + 0.21 * double(p), y), 1e-11) << l << " " << p;
    }
  }
  LinearRaster points{.starts_A = {}, .step_A = 0, .pixels = 1};
  for (int i = 0; i < 150; ++i) points.starts_A.push_back({0.37 * i - 20, 9 - 0.11 * i});
  std::vector<double> at(150);
  image.ComputeImage(points, at);
  for (size_t i = 0; i < 150; ++i) {
    EXPECT_NEAR(at[i], Series(image, points.starts_A[i][0], points.starts_A[i][1]), 1e-11) << i;
  }
}

// Over a grid finer than twice the orders sums are integrals, to round-off.
TEST(ImageHarmonicsOf, MeanAndContrastAreThoseOfTheCell) {
  const ImageHarmonics image = RealImage();
  constexpr int kPoints = 32;
  double mean = 0, squares = 0;
  for (int i = 0; i < kPoints; ++i) {
    for (int j = 0; j < kPoints; ++j) {
      const double v = Series(image, kCell_A[0] * i / kPoints, kCell_A[1] * j / kPoints);
      mean += v / (kPoints * kPoints);
      squares += v * v / (kPoints * kPoints);
    }
  }
  EXPECT_NEAR(image.Mean(), mean, 1e-12);
  EXPECT_NEAR(image.Contrast(), (squares - mean * mean) / (mean * mean), 1e-12);
}

TEST(ImageHarmonicsOf, SlopesAreDerivatives) {
  const ImageHarmonics image = RealImage(), by_x = image.Slope(0), by_y = image.Slope(1);
  const double h = 1e-5;  // truncation h² · 10³, round-off 1e-14/h
  for (const auto& [x, y] : {std::pair{0.3, 0.7}, {2.9, -4.0}}) {
    EXPECT_NEAR(Series(by_x, x, y), (Series(image, x + h, y) - Series(image, x - h, y)) / (2 * h),
                1e-6);
    EXPECT_NEAR(Series(by_y, x, y), (Series(image, x, y + h) - Series(image, x, y - h)) / (2 * h),
                1e-6);
  }
}

// Together as each by itself.
TEST(ImageHarmonicsOf, SetsShareARaster) {
  const ImageHarmonics image = RealImage(), slope = image.Slope(0);
  const std::vector<ImageHarmonics> sets = {image, slope};
  const LinearRaster lines{.starts_A = {{-1.2, 0.3}, {0.4, 17}}, .step_A = 0.21, .pixels = 20};
  std::vector<double> together(80), alone(40);
  ComputeImages(sets, lines, together);
  for (size_t set = 0; set < 2; ++set) {
    sets[set].ComputeImage(lines, alone);
    for (size_t i = 0; i < 40; ++i) EXPECT_NEAR(together[40 * set + i], alone[i], 1e-11);
  }
}

}  // namespace
}  // namespace ronchi::sim
