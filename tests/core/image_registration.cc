// Shifts that are known, between pixels too, on images that are not periodic in the field.
#include "core/image_registration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi {
namespace {

// A crystal of two kinds of atoms with a period of 8.3 pixels, moved by (rows, columns).
std::vector<float> Crystal(size_t n, double rows, double columns, double slope = 0) {
  std::vector<float> image(n * n);
  for (size_t y = 0; y < n; ++y) {
    for (size_t x = 0; x < n; ++x) {
      const double u = (double(y) - rows) / 8.3, v = (double(x) - columns) / 8.3;
      const auto spot = [](double a, double b) {
        return std::exp(3 * (std::cos(2 * M_PI * a) + std::cos(2 * M_PI * b) - 2));
      };
      image[y * n + x] =
          float(100 + 300 * spot(u, v) + 90 * spot(u + 0.5, v + 0.5) + slope * double(x));
    }
  }
  return image;
}

// Under the window not all of a shift is seen: up to 4 % are missing where the field holds four
// periods. What is missing falls with the shift: a site that is held is measured without bias.
TEST(ImageRegistration, FindsShiftsBetweenPixels) {
  ImageRegistration r(32, 4);
  r.SetReference(Crystal(32, 0.3, -0.2));
  for (const auto& [rows, columns] : std::vector<std::array<double, 2>>{
           {0, 0}, {0.01, -0.02}, {0.5, 0.25}, {-1.3, 0.77}, {3.1, -2.9}}) {
    const ImageShift s = r.Find(Crystal(32, 0.3 + rows, -0.2 + columns));
    const double tolerance = 1e-3 + 0.045 * std::hypot(rows, columns);
    EXPECT_NEAR(s.rows, rows, tolerance);
    EXPECT_NEAR(s.columns, columns, tolerance);
    EXPECT_GT(s.correlation, 0.95);
  }
}

TEST(ImageRegistration, ABrighterImageOnAnotherBackgroundIsTheSame) {
  ImageRegistration r(32, 4);
  r.SetReference(Crystal(32, 0, 0));
  std::vector<float> image = Crystal(32, 1.2, 0.4);
  const ImageShift before = r.Find(image);
  for (float& v : image) v = 3 * v + 1000;
  const ImageShift after = r.Find(image);
  EXPECT_NEAR(after.rows, before.rows, 1e-5);  // single precision of the image
  EXPECT_NEAR(after.columns, before.columns, 1e-5);
  EXPECT_NEAR(after.correlation, before.correlation, 1e-5);
}

// Noise makes the shift scatter about the truth: no bias within four standard errors of 200 images.
TEST(ImageRegistration, IsUnbiasedUnderNoise) {
  ImageRegistration r(32, 4);
  r.SetReference(Crystal(32, 0, 0));
  RandomStream random({.seed = 1, .name = "test.registration"});
  double sum = 0, squares = 0;
  constexpr int kImages = 200;
  for (int i = 0; i < kImages; ++i) {
    std::vector<float> image = Crystal(32, 0, 0.1);
    for (float& v : image) v += float(20 * random.Normal());
    const double x = r.Find(image).columns - 0.1;
    sum += x / kImages;
    squares += x * x / kImages;
  }
  const double error = std::sqrt((squares - sum * sum) / kImages);
  EXPECT_LT(error, 0.01);
  EXPECT_NEAR(sum, 0, 4 * error + 1e-3);
}

TEST(ImageRegistration, NothingToSeeIsNoShift) {
  ImageRegistration r(16, 3);
  r.SetReference(std::vector<float>(256, 5));
  const ImageShift s = r.Find(std::vector<float>(256, 7));
  EXPECT_LE(std::fabs(s.correlation), 1 + 1e-6);
  EXPECT_LE(std::fabs(s.rows), 3);
  EXPECT_LE(std::fabs(s.columns), 3);
}

}  // namespace
}  // namespace ronchi
