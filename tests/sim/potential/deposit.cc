#include "sim/potential/deposit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"

namespace ronchi::sim {
namespace {

const Grid kPlane{.nx = 48, .ny = 40, .lx_A = 6, .ly_A = 5};
constexpr double kTurn = 2 * std::numbers::pi;

// Σ weight e^{−2πi k·r}, summed directly.
std::complex<double> Direct(const std::vector<Atom>& atoms, size_t i, size_t j) {
  std::complex<double> sum = 0;
  for (const Atom& a : atoms) {
    sum += a.occupancy *
           std::polar(1.0, -kTurn * (kPlane.kx_per_A(i) * a.x_A + kPlane.ky_per_A(j) * a.y_A));
  }
  return sum;
}
// The largest error of the sharpened transform within this part of Nyquist's frequency.
double LargestError(Placement placement, const std::vector<Atom>& atoms, double part) {
  const Deposit deposit(kPlane, placement);
  ComplexBuffer plane(kPlane.size());
  for (const Atom& a : atoms) deposit.Add(a, Complex(Real(a.occupancy), 0), plane.data());
  Fft::Plane(int(kPlane.nx), int(kPlane.ny), Fft::Direction::kForward, Fft::Effort::kEstimate)
      .Execute(plane.data());
  double largest = 0;
  const double nyquist = 0.5 / kPlane.dx_A();
  for (size_t i = 0; i < kPlane.nx; ++i) {
    for (size_t j = 0; j < kPlane.ny; ++j) {
      if (std::hypot(kPlane.kx_per_A(i), kPlane.ky_per_A(j)) > part * nyquist) continue;
      const std::complex<double> value = plane[i * kPlane.ny + j];
      largest = std::max(largest, std::abs(value * deposit.Sharpening(i, j) - Direct(atoms, i, j)));
    }
  }
  return largest;
}

// Where the smooth part is, up to two thirds of Nyquist's frequency: the kernel of eight points
// leaves 1e-6, and float32's round-off counts some hundred times, as it is sharpened.
TEST(DepositOf, ExactPlacementIsExactAnywhere) {
  const std::vector<Atom> atoms = {{.x_A = 0.037, .y_A = 4.99, .occupancy = 1},
                                   {.x_A = 2.5, .y_A = 1.111, .occupancy = 0.5},
                                   {.x_A = -1.3, .y_A = 7.25, .occupancy = 0.25}};
  EXPECT_LT(LargestError(Placement::kExact, atoms, 2.0 / 3), 1e-4);
}

// On a grid point sharing is a delta; the blur that is divided out is then too much, which is what
// the recipe does: exact at k = 0 alone.
TEST(DepositOf, SharedAtomsKeepTheirSum) {
  const std::vector<Atom> atoms = {{.x_A = 0.037, .y_A = 4.99, .occupancy = 1},
                                   {.x_A = 2.5, .y_A = 1.111, .occupancy = 0.5}};
  EXPECT_LT(LargestError(Placement::kBilinear, atoms, 1e-6), 1e-6);
  const double near = LargestError(Placement::kBilinear, atoms, 0.25);
  EXPECT_LT(near, 0.1);
  EXPECT_GT(near, 100 * LargestError(Placement::kExact, atoms, 0.25));
}

TEST(DepositOf, ReadIsTheAdjointOfAdd) {
  const Deposit deposit(kPlane, Placement::kExact);
  RandomStream stream({.seed = 1, .name = "test.plane"});
  ComplexBuffer field(kPlane.size()), one(kPlane.size());
  for (Complex& f : field) f = Complex(Real(stream.Normal()), Real(stream.Normal()));
  const Atom atom{.x_A = 5.9, .y_A = 0.05};  // across both borders
  deposit.Add(atom, 1, one.data());
  std::complex<double> sum = 0;
  for (size_t n = 0; n < field.size(); ++n) {
    sum += std::complex<double>(field[n]) * std::complex<double>(one[n]);
  }
  const std::complex<double> read = deposit.Read(atom, field.data());
  EXPECT_NEAR(std::abs(read - sum), 0, 1e-5);  // float32, sums of order one
  EXPECT_GT(std::abs(sum), 1e-2);
}

}  // namespace
}  // namespace ronchi::sim
