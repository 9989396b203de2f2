// What multislice and its adjoint (sim/gradient/multislice_adjoint.h) share: the planes of a
// specimen, the plans, and the two passes of a step. Each pass is given what happens between its
// transforms, so that both directions run the same loops.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/multislice.h"

namespace ronchi::sim {

inline constexpr size_t kColumnBlock = 8;  // columns that share a cache line of complex floats
inline constexpr size_t kRowBlock = 16;    // rows that a row pass holds in cache at once

struct Multislice::Impl {
  Grid grid;
  double wavelength_A, thickness_A;
  std::array<double, 2> offset_per_A;
  size_t stride;       // complex numbers from row to row: padded against cache-line conflicts
  size_t left, right;  // columns [0, left) and [right, padded) hold the band; multiples of 8
  size_t padded;       // ny rounded up to whole blocks
  std::vector<size_t> order;
  std::vector<ComplexBuffer> transmission;  // per distinct slice, [nx, stride]
  std::vector<size_t> blocks;               // first column of each block in the band
  std::vector<ComplexBuffer> propagator;    // per column block, [nx, 8], times 1/N
  std::vector<RealBuffer> exit_filter;      // per column block, [nx, 8]: aperture / N
  Fft row_forward, row_inverse, last_row_forward, last_row_inverse, column_forward, column_inverse;

  void MakePropagator(std::array<double, 2> tilt_rad);  // and the exit filter

  std::vector<size_t> Blocks() const {
    std::vector<size_t> first;
    for (size_t c = 0; c < left; c += kColumnBlock) first.push_back(c);
    for (size_t c = right; c < padded; c += kColumnBlock) first.push_back(c);
    return first;
  }
  // Columns of block b that are on the grid.
  size_t Width(size_t b) const {
    return std::min(kColumnBlock, grid.ny - std::min(grid.ny, blocks[b]));
  }

  void Gather(const ComplexBuffer& wave, size_t column, ComplexBuffer* out) const {
    const Complex* from = wave.data() + column;
    for (size_t i = 0; i < grid.nx; ++i) {
      std::memcpy(out->data() + i * kColumnBlock, from + i * stride,
                  kColumnBlock * sizeof(Complex));
    }
  }
  void Scatter(const ComplexBuffer& in, size_t column, ComplexBuffer* wave) const {
    Complex* to = wave->data() + column;
    for (size_t i = 0; i < grid.nx; ++i) {
      std::memcpy(to + i * stride, in.data() + i * kColumnBlock, kColumnBlock * sizeof(Complex));
    }
  }

  // From (x, k_y) to (x, y) and back, some rows at a time; in between `act(first, count, rows)` has
  // `count` values of the wave, from element `first` of a plane [nx, stride].
  template <class Act>
  void RowPass(ComplexBuffer* wave, const Act& act) const {
    const size_t whole = grid.nx / std::min(kRowBlock, grid.nx) * std::min(kRowBlock, grid.nx);
    for (size_t i = 0; i < grid.nx; i += std::min(kRowBlock, grid.nx)) {
      const bool is_last = i >= whole;
      const size_t rows = is_last ? grid.nx - whole : std::min(kRowBlock, grid.nx);
      Complex* block = wave->data() + i * stride;
      for (size_t r = 0; r < rows; ++r) {
        Complex* row = block + r * stride;
        if (left < right) std::fill(row + left, row + right, Complex(0));
      }
      (is_last ? last_row_inverse : row_inverse).Execute(block);
      act(i * stride, rows * stride, block);
      (is_last ? last_row_forward : row_forward).Execute(block);
    }
  }

  // From (x, k_y) to (k_x, k_y) and back, block by block of columns; in between `act(b, column)`
  // has block b, [nx, 8].
  template <class Act>
  void ColumnPass(ComplexBuffer* wave, ComplexBuffer* column, const Act& act) const {
    for (size_t b = 0; b < blocks.size(); ++b) {
      Gather(*wave, blocks[b], column);
      column_forward.Execute(column->data());
      act(b, column->data());
      column_inverse.Execute(column->data());
      Scatter(*column, blocks[b], wave);
    }
  }

  // ψ times T, and P ψ: the forward passes.
  void Transmit(const ComplexBuffer& t, ComplexBuffer* wave) const;
  void Propagate(Workspace* w) const;

  // ψ(k) behind the present slice, given value by value as use(index, ψ); the wave itself stays.
  template <class Use>
  void ExitPass(Workspace* w, const Use& use) const {
    Complex* column = w->column_.data();
    for (size_t b = 0; b < blocks.size(); ++b) {
      Gather(w->wave_, blocks[b], &w->column_);
      column_forward.Execute(column);
      const Real* a = exit_filter[b].data();
      const size_t width = Width(b);
      for (size_t i = 0; i < grid.nx; ++i) {
        for (size_t c = 0; c < width; ++c) {
          use(i * grid.ny + blocks[b] + c, column[i * kColumnBlock + c] * a[i * kColumnBlock + c]);
        }
      }
    }
  }

  // Into the first slice: the shifted probe's columns, inverse-transformed along x.
  void Enter(const ProbeSpectrum& probe, double x_A, double y_A, Workspace* w) const;
};

}  // namespace ronchi::sim
