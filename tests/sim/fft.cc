#include "sim/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"

namespace ronchi::sim {
namespace {

using Direction = Fft::Direction;
constexpr auto kEffort = Fft::Effort::kEstimate;
constexpr double kWholeTurn = 2 * std::numbers::pi;
// Of sums of some dozens of numbers of order one, in the precision of waves.
constexpr double kRoundOff = sizeof(Real) == 4 ? 2e-5 : 1e-12;

ComplexBuffer RandomField(size_t n) {
  RandomStream stream({.seed = 4, .name = "test.fft"});
  ComplexBuffer field(n);
  for (Complex& f : field) f = Complex(Real(stream.Normal()), Real(stream.Normal()));
  return field;
}

TEST(FftOf, APlaneIsTheDirectSum) {
  const int nx = 6, ny = 5;
  const ComplexBuffer field = RandomField(30);
  for (Direction direction : {Direction::kForward, Direction::kInverse}) {
    ComplexBuffer plane = field;
    Fft::Plane(nx, ny, direction, kEffort).Execute(plane.data());
    const double sign = direction == Direction::kForward ? -1 : 1;
    for (int h = 0; h < nx; ++h) {
      for (int k = 0; k < ny; ++k) {
        std::complex<double> sum = 0;
        for (int x = 0; x < nx; ++x) {
          for (int y = 0; y < ny; ++y) {
            const double turns = double(h * x) / nx + double(k * y) / ny;
            sum += std::complex<double>(field[size_t(x * ny + y)]) *
                   std::polar(1.0, sign * kWholeTurn * turns);
          }
        }
        EXPECT_NEAR(std::abs(std::complex<double>(plane[size_t(h * ny + k)]) - sum), 0, kRoundOff);
      }
    }
  }
}

// There and back is n times what it was: neither way is scaled.
TEST(FftOf, ThereAndBackIsTheNumberOfPoints) {
  const ComplexBuffer field = RandomField(16 * 12);
  ComplexBuffer plane = field;
  Fft::Plane(16, 12, Direction::kForward, kEffort).Execute(plane.data());
  Fft::Plane(16, 12, Direction::kInverse, kEffort).Execute(plane.data());
  for (size_t i = 0; i < field.size(); ++i) {
    EXPECT_NEAR(std::abs(plane[i] / Real(192) - field[i]), 0, kRoundOff);
  }
}

// Rows along y by stride 1 and columns along x by stride ny, one after the other, are the plane.
TEST(FftOf, BatchesOfRowsAndColumnsAreAPlane) {
  const int nx = 8, ny = 6;
  ComplexBuffer plane = RandomField(48), parts = plane;
  Fft::Plane(nx, ny, Direction::kForward, kEffort).Execute(plane.data());
  Fft::Batch(ny, nx, 1, ny, Direction::kForward, kEffort).Execute(parts.data());
  Fft::Batch(nx, ny, ny, 1, Direction::kForward, kEffort).Execute(parts.data());
  for (size_t i = 0; i < plane.size(); ++i)
    EXPECT_NEAR(std::abs(plane[i] - parts[i]), 0, kRoundOff);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(plane.data()) % 64, 0u);
}

}  // namespace
}  // namespace ronchi::sim
