// Many images of one raster by two products of matrices: first over the harmonics along y, line by
// line, then over those along x.
#include <Eigen/Core>
#include <cmath>

#include "core/angle.h"
#include "core/status.h"
#include "sim/image_model.h"

namespace ronchi::sim {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Index = Eigen::Index;

// cos and sin of n angle for n = 0 … orders − 1, by products: a sine and a cosine in all. Errors
// grow with n, by 1e-16 an order.
void FillWaves(double angle, Index orders, double* re, double* im, Index apart) {
  const double c = std::cos(angle), s = std::sin(angle);
  double u = 1, v = 0;
  for (Index n = 0; n < orders; ++n) {
    re[n * apart] = u;
    im[n * apart] = v;
    const double next = u * c - v * s;
    v = u * s + v * c;
    u = next;
  }
}

}  // namespace

ImageHarmonics ImageHarmonics::Slope(int axis) const {
  ImageHarmonics out = *this;
  for (int h = 0; h <= half_x; ++h) {
    for (int k = -half_y; k <= half_y; ++k) {
      const double order = axis == 0 ? h / cell_A[0] : k / cell_A[1];
      out.at(h, k) *= std::complex<double>(0, kTwoPi * order);
    }
  }
  return out;
}

void ComputeImages(std::span<const ImageHarmonics> sets, const LinearRaster& raster,
                   std::span<double> out) {
  const Index count = Index(sets.size()), lines = Index(raster.starts_A.size());
  const Index pixels = Index(raster.pixels);
  RONCHI_CHECK_EQ(out.size(), size_t(count * lines * pixels));
  if (out.empty()) return;
  const ImageHarmonics& first = sets[0];
  const Index rows = first.half_x + 1, half = first.half_y, columns = 2 * half + 1;
  // Of every set and row: (Re c, −Im c) for the real part, (Im c, Re c) for the imaginary one.
  RowMatrix c(2 * count * rows, 2 * columns);
  for (Index s = 0; s < count; ++s) {
    RONCHI_CHECK(sets[size_t(s)].half_x == first.half_x && sets[size_t(s)].half_y == first.half_y);
    for (Index h = 0; h < rows; ++h) {
      const Index row = 2 * (s * rows + h);
      for (Index k = 0; k < columns; ++k) {
        const std::complex<double> v = sets[size_t(s)].c[size_t(h * columns + k)];
        c(row, k) = c(row + 1, columns + k) = v.real();
        c(row, columns + k) = -v.imag();
        c(row + 1, k) = v.imag();
      }
    }
  }
  // cos and sin of 2π k y/Ly by line, then of 2π h x/Lx at the lines' starts and along them.
  RowMatrix along_y(2 * columns, lines), start(2 * rows, lines), along_x(2 * rows, pixels);
  for (Index l = 0; l < lines; ++l) {
    const auto [x, y] = raster.starts_A[size_t(l)];
    FillWaves(kTwoPi * y / first.cell_A[1], half + 1, &along_y(half, l),
              &along_y(columns + half, l), lines);
    for (Index k = 1; k <= half; ++k) {
      along_y(half - k, l) = along_y(half + k, l);
      along_y(columns + half - k, l) = -along_y(columns + half + k, l);
    }
    FillWaves(kTwoPi * x / first.cell_A[0], rows, &start(0, l), &start(1, l), 2 * lines);
  }
  for (Index p = 0; p < pixels; ++p) {
    FillWaves(kTwoPi * double(p) * raster.step_A / first.cell_A[0], rows, &along_x(0, p),
              &along_x(1, p), 2 * pixels);
  }
  const RowMatrix by_line = c * along_y;  // [set, row, part][line]
  RowMatrix waves(count * lines, 2 * rows);
  for (Index s = 0; s < count; ++s) {
    for (Index h = 0; h < rows; ++h) {
      const Index row = 2 * (s * rows + h);
      for (Index l = 0; l < lines; ++l) {
        const double re = by_line(row, l), im = by_line(row + 1, l);
        const double u = start(2 * h, l), v = start(2 * h + 1, l);
        waves(s * lines + l, 2 * h) = re * u - im * v;
        waves(s * lines + l, 2 * h + 1) = -(re * v + im * u);
      }
    }
  }
  Eigen::Map<RowMatrix>(out.data(), count * lines, pixels).noalias() = waves * along_x;
}

}  // namespace ronchi::sim
