// A camera's pixels against sums that can be made by hand.
#include "sim/camera_pixels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/random.h"
#include "sim/physics/electron.h"
#include "tests/sim/energy.h"

namespace ronchi::sim {
namespace {

// Unequal axes, an even and an odd number of points.
const Grid kGrid{.nx = 12, .ny = 15, .lx_A = 10, .ly_A = 17};

std::vector<Real> Random() {
  RandomStream random({.seed = 1, .name = "test.camera_pixels"});
  std::vector<Real> pattern(kGrid.nx * kGrid.ny);
  for (Real& v : pattern) v = Real(random.Normal());
  return pattern;
}

// A camera that sees all of the lattice keeps all electrons and their centre of mass.
TEST(CameraPixels, LoseNothingAndMoveNothing) {
  const double wavelength_A = Wavelength_A(kEnergy_eV), pixel_rad = 0.0011;
  const CameraPixels camera(kGrid, kEnergy_eV, 41, pixel_rad);
  const std::vector<Real> pattern = Random();
  std::vector<double> out(41 * 41, 0.0);
  camera.Accumulate(pattern, 2, out);
  double sum = 0, x = 0, y = 0, sum_out = 0, x_out = 0, y_out = 0;
  for (size_t i = 0; i < kGrid.nx; ++i) {
    for (size_t j = 0; j < kGrid.ny; ++j) {
      const double v = 2 * double(pattern[i * kGrid.ny + j]);
      sum += v;
      x += v * kGrid.kx_per_A(i) * wavelength_A;
      y += v * kGrid.ky_per_A(j) * wavelength_A;
    }
  }
  for (size_t p = 0; p < out.size(); ++p) {
    sum_out += out[p];
    x_out += out[p] * (double(p % 41) - 20) * pixel_rad;
    y_out += out[p] * (double(p / 41) - 20) * pixel_rad;
  }
  EXPECT_NEAR(sum_out, sum, 1e-10);
  // A cell is spread evenly over its pixels, in pieces whose middles are not the pixels': of the
  // centre that leaves a quarter of a pixel at most for each of 180 values of order one.
  EXPECT_NEAR(x_out, x, pixel_rad * 2 * std::sqrt(180.0));
  EXPECT_NEAR(y_out, y, pixel_rad * 2 * std::sqrt(180.0));
}

// Pixels as large as the lattice's cells: a pixel is a beam, x along the row.
TEST(CameraPixels, OfTheLatticesSizeAreItsBeams) {
  const Grid square{.nx = 8, .ny = 8, .lx_A = 10, .ly_A = 10};
  const CameraPixels camera(square, kEnergy_eV, 5, Wavelength_A(kEnergy_eV) / 10);
  std::vector<Real> pattern(64, Real(0));
  pattern[1 * 8 + 6] = 3;  // k = (1, −2)
  pattern[4 * 8 + 0] = 7;  // beyond the camera
  std::vector<double> out(25, 0.0);
  camera.Accumulate(pattern, 1, out);
  for (size_t p = 0; p < 25; ++p) {
    EXPECT_NEAR(out[p], p == 0 * 5 + 3 ? 3 : 0, 1e-12) << p;  // round-off of the cells' edges
  }
}

}  // namespace
}  // namespace ronchi::sim
