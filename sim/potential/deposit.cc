#include "sim/potential/deposit.h"

#include "sim/potential/atoms_on_grid.h"

namespace ronchi::sim {
namespace {

// The smooth part ends at Nyquist's frequency of its grid and is below a hundredth of itself beyond
// two thirds of it: there the kernel of eight points leaves 1e-6, of fourteen 1e-11.
constexpr int kWidth = sizeof(Real) == 8 ? 14 : 8;
constexpr double kRatio = 1.2;

}  // namespace

Deposit::Deposit(const Grid& grid, Placement placement)
    : grid_(grid), placement_(placement), kernel_(kWidth, kRatio) {
  if (placement == Placement::kBilinear) return;
  sharpen_x_ = kernel_.Deconvolution(grid.nx);
  sharpen_y_ = kernel_.Deconvolution(grid.ny);
  // A shift by part of a pixel is not defined at Nyquist's frequency.
  if (grid.nx % 2 == 0) sharpen_x_[grid.nx / 2] = 0;
  if (grid.ny % 2 == 0) sharpen_y_[grid.ny / 2] = 0;
}

void Deposit::Add(const Atom& a, Complex value, Complex* plane) const {
  if (placement_ == Placement::kExact) {
    Spread(SpreadPoint(kernel_, grid_, a.x_A, a.y_A), kernel_.width(), grid_.ny, value, plane);
    return;
  }
  const GridShares at = ShareOnGrid(a, grid_);
  for (int q = 0; q < 4; ++q) plane[at.index[q]] += Real(at.share[q]) * value;
}

Complex Deposit::Read(const Atom& a, const Complex* plane) const {
  return Gather(SpreadPoint(kernel_, grid_, a.x_A, a.y_A), kernel_.width(), grid_.ny, plane);
}

double Deposit::Sharpening(size_t i, size_t j) const {
  if (placement_ == Placement::kExact) return sharpen_x_[i] * sharpen_y_[j];
  return 1 / SharingBlur(grid_, grid_.kx_per_A(i), grid_.ky_per_A(j));
}

}  // namespace ronchi::sim
