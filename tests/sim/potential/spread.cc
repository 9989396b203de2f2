#include "sim/potential/spread.h"

#include <gtest/gtest.h>

#include <complex>
#include <numbers>

#include "core/random.h"
#include "sim/fft.h"

namespace ronchi::sim {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

struct Point {
  double x_A, y_A;
  std::complex<double> value;
};

std::vector<Point> Points(const Grid& g) {
  RandomStream random({.seed = 1, .name = "test.spread"});
  std::vector<Point> points;
  for (int n = 0; n < 20; ++n) {
    points.push_back({random.Uniform(-g.lx_A, 2 * g.lx_A),
                      random.Uniform(-g.ly_A, 2 * g.ly_A),
                      {random.Uniform(-1, 1), random.Uniform(-1, 1)}});
  }
  return points;
}

// Against the sums themselves, for frequencies below Nyquist's over the ratio. Allowed: five times
// the kernel's e^{−πw√(1 − 1/ratio)} of the largest possible sum, and single precision.
TEST(SpreadKernel, GivesSumsOverPointsAnywhere) {
  const Grid g{60, 45, 7.1, 5.9};
  const std::vector<Point> points = Points(g);
  for (const auto& [width, ratio] : {std::pair(7, 1.5), {8, 1.2}, {6, 2.0}}) {
    const SpreadKernel kernel(width, ratio);
    ComplexBuffer plane(g.size());
    for (const Point& p : points) {
      Spread(SpreadPoint(kernel, g, p.x_A, p.y_A), width, g.ny, Complex(p.value), plane.data());
    }
    Fft::Plane(60, 45, Fft::Direction::kForward, Fft::Effort::kEstimate).Execute(plane.data());
    const auto sharpen_x = kernel.Deconvolution(g.nx), sharpen_y = kernel.Deconvolution(g.ny);
    double worst = 0;
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t j = 0; j < g.ny; ++j) {
        const double kx = g.kx_per_A(i), ky = g.ky_per_A(j);
        if (std::fabs(kx) * 2 * g.dx_A() * ratio > 1 || std::fabs(ky) * 2 * g.dy_A() * ratio > 1) {
          continue;
        }
        std::complex<double> sum = 0;
        for (const Point& p : points) {
          sum += p.value * std::polar(1.0, -kTwoPi * (kx * p.x_A + ky * p.y_A));
        }
        const auto got = std::complex<double>(plane[i * g.ny + j]) * sharpen_x[i] * sharpen_y[j];
        worst = std::max(worst, std::abs(got - sum));
      }
    }
    const double leaves = std::exp(-std::numbers::pi * width * std::sqrt(1 - 1 / ratio));
    EXPECT_LT(worst, 20 * (5 * leaves + 1e-6)) << width;
  }
}

TEST(SpreadKernel, GatherIsTheAdjoint) {
  const Grid g{12, 10, 3, 2};
  const SpreadKernel kernel(6, 1.5);
  RandomStream random({.seed = 2, .name = "test.spread"});
  std::vector<double> plane(g.size()), spread(g.size());
  for (double& v : plane) v = random.Uniform(-1, 1);
  const SpreadPoint at(kernel, g, 2.93, -0.11);  // across both edges
  Spread(at, 6, g.ny, 1.7, spread.data());
  double product = 0;
  for (size_t i = 0; i < g.size(); ++i) product += plane[i] * spread[i];
  EXPECT_NEAR(product, 1.7 * Gather(at, 6, g.ny, plane.data()), 1e-6 * std::fabs(product));
}

}  // namespace
}  // namespace ronchi::sim
