#include "sim/multislice.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

constexpr size_t kBlock = 8;  // columns that share a cache line of complex floats
constexpr size_t kRows = 16;  // rows that a row pass holds in cache at once

Complex Phase(double radians) { return {float(std::cos(radians)), float(std::sin(radians))}; }

}  // namespace

struct Multislice::Impl {
  Grid grid;
  size_t stride;       // complex numbers from row to row: padded against cache-line conflicts
  size_t left, right;  // columns [0, left) and [right, padded) hold the band; multiples of 8
  size_t padded;       // ny rounded up to whole blocks
  std::vector<size_t> order;
  std::vector<ComplexBuffer> transmission;  // per distinct slice, [nx, stride]
  std::vector<ComplexBuffer> propagator;    // per column block, [nx, 8], times 1/N
  std::vector<FloatBuffer> exit_filter;     // per column block, [nx, 8]: aperture / N
  Fft row_forward, row_inverse, last_row_forward, last_row_inverse, column_forward, column_inverse;

  std::vector<size_t> Blocks() const {  // first column of each block in the band
    std::vector<size_t> first;
    for (size_t c = 0; c < left; c += kBlock) first.push_back(c);
    for (size_t c = right; c < padded; c += kBlock) first.push_back(c);
    return first;
  }
  std::vector<size_t> blocks;

  void Gather(const ComplexBuffer& wave, size_t column, ComplexBuffer* out) const {
    const Complex* from = wave.data() + column;
    for (size_t i = 0; i < grid.nx; ++i) {
      std::memcpy(out->data() + i * kBlock, from + i * stride, kBlock * sizeof(Complex));
    }
  }
  void Scatter(const ComplexBuffer& in, size_t column, ComplexBuffer* wave) const {
    Complex* to = wave->data() + column;
    for (size_t i = 0; i < grid.nx; ++i) {
      std::memcpy(to + i * stride, in.data() + i * kBlock, kBlock * sizeof(Complex));
    }
  }

  void RowPass(const ComplexBuffer& t, ComplexBuffer* wave) const;
  void ColumnPass(Workspace* w) const;
  template <class Use>
  void ExitPass(Workspace* w, const Use& use) const;
  void Enter(const ProbeSpectrum& probe, double x_A, double y_A, Workspace* w) const;
};

namespace {

ComplexBuffer MakeTransmission(const FloatBuffer& v, const Grid& g, size_t stride, double sigma,
                               const FloatBuffer& aperture, const Fft& forward,
                               const Fft& inverse) {
  ComplexBuffer plane(g.size());
  for (size_t i = 0; i < g.size(); ++i) plane[i] = Phase(sigma * v[i]);
  forward.Execute(plane.data());
  for (size_t i = 0; i < g.size(); ++i) plane[i] *= aperture[i];
  inverse.Execute(plane.data());
  ComplexBuffer padded(g.nx * stride);
  for (size_t i = 0; i < g.nx; ++i) {
    std::copy_n(plane.data() + i * g.ny, g.ny, padded.data() + i * stride);
  }
  return padded;
}

}  // namespace

Multislice::Multislice(const PotentialSlices& potential, double energy_eV,
                       std::array<double, 2> tilt_rad, const FftEfforts& efforts,
                       std::array<double, 2> offset_per_A) {
  auto impl = std::make_unique<Impl>();
  Impl& m = *impl;
  const Grid& g = m.grid = potential.grid;
  m.order = potential.order;
  m.padded = (g.ny + kBlock - 1) / kBlock * kBlock;
  m.stride = m.padded + kBlock;
  // Columns that the band reaches, on either side of 0.
  const auto reach = [&](double sign) {
    const double most = (g.band_limit_per_A() - sign * offset_per_A[1]) * g.ly_A;
    return std::min(size_t(std::floor(std::max(0.0, most))), (g.ny - 1) / 2);
  };
  const size_t above = reach(1), below = reach(-1);
  m.left = std::min(m.padded, (above + kBlock) / kBlock * kBlock);
  m.right = std::max(m.left, (g.ny - below) / kBlock * kBlock);
  m.blocks = m.Blocks();

  const double n = double(g.size());
  const double wavelength = Wavelength_A(energy_eV), sigma = InteractionConstant(energy_eV);
  FloatBuffer aperture(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      aperture[i * g.ny + j] =
          float(BandLimitAperture(g, std::hypot(g.kx_per_A(i), g.ky_per_A(j))) / n);
    }
  }
  const double dz = potential.thickness_A;
  for (size_t first : m.blocks) {
    ComplexBuffer p(g.nx * kBlock);
    FloatBuffer a(g.nx * kBlock);
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t b = 0; b < kBlock && first + b < g.ny; ++b) {
        const double kx = g.kx_per_A(i) + offset_per_A[0];
        const double ky = g.ky_per_A(first + b) + offset_per_A[1];
        const double phase =
            -std::numbers::pi * wavelength * dz * (kx * kx + ky * ky) +
            2 * std::numbers::pi * dz * (kx * std::tan(tilt_rad[0]) + ky * std::tan(tilt_rad[1]));
        a[i * kBlock + b] = float(BandLimitAperture(g, std::hypot(kx, ky)) / n);
        p[i * kBlock + b] = Phase(phase) * a[i * kBlock + b];
      }
    }
    m.propagator.push_back(std::move(p));
    m.exit_filter.push_back(std::move(a));
  }
  using enum Fft::Direction;
  const auto effort = efforts.waves;
  const Fft forward = Fft::Plane(int(g.nx), int(g.ny), kForward, efforts.planes);
  const Fft inverse = Fft::Plane(int(g.nx), int(g.ny), kInverse, efforts.planes);
  for (const auto& v : potential.distinct) {
    m.transmission.push_back(MakeTransmission(*v, g, m.stride, sigma, aperture, forward, inverse));
  }
  const int rows = int(std::min(kRows, g.nx)), last = int(g.nx % size_t(rows));
  m.row_forward = Fft::Batch(int(g.ny), rows, 1, int(m.stride), kForward, effort);
  m.row_inverse = Fft::Batch(int(g.ny), rows, 1, int(m.stride), kInverse, effort);
  if (last) {
    m.last_row_forward = Fft::Batch(int(g.ny), last, 1, int(m.stride), kForward, effort);
    m.last_row_inverse = Fft::Batch(int(g.ny), last, 1, int(m.stride), kInverse, effort);
  }
  m.column_forward = Fft::Batch(int(g.nx), kBlock, kBlock, 1, kForward, effort);
  m.column_inverse = Fft::Batch(int(g.nx), kBlock, kBlock, 1, kInverse, effort);
  impl_ = std::move(impl);
}

Multislice::~Multislice() = default;
Multislice::Multislice(Multislice&&) noexcept = default;

const Grid& Multislice::grid() const { return impl_->grid; }
size_t Multislice::slices() const { return impl_->order.size(); }

size_t Multislice::memory_bytes() const {
  const size_t plane = impl_->grid.nx * impl_->stride * sizeof(Complex);
  return plane * impl_->transmission.size() +
         impl_->blocks.size() * impl_->grid.nx * kBlock * (sizeof(Complex) + sizeof(float));
}

Multislice::Workspace Multislice::MakeWorkspace() const {
  Workspace w;
  w.wave_.resize(impl_->grid.nx * impl_->stride);
  w.column_.resize(impl_->grid.nx * kBlock);
  w.intensity_.resize(impl_->grid.size());
  w.shift_x_.resize(impl_->grid.nx);
  w.shift_y_.resize(impl_->grid.ny);
  return w;
}

// Into the first slice: the shifted probe's columns, inverse-transformed along x.
void Multislice::Impl::Enter(const ProbeSpectrum& probe, double x_A, double y_A,
                             Workspace* w) const {
  for (size_t i = 0; i < grid.nx; ++i) {
    w->shift_x_[i] = Phase(-2 * std::numbers::pi * grid.kx_per_A(i) * x_A);
  }
  for (size_t j = 0; j < grid.ny; ++j) {
    w->shift_y_[j] = Phase(-2 * std::numbers::pi * grid.ky_per_A(j) * y_A);
  }
  std::fill(w->wave_.begin(), w->wave_.end(), Complex(0));
  size_t next = 0;
  for (size_t first : blocks) {
    while (next < probe.beams.size() && probe.beams[next].iy < first) ++next;
    if (next == probe.beams.size() || probe.beams[next].iy >= first + kBlock) continue;
    std::fill(w->column_.begin(), w->column_.end(), Complex(0));
    for (; next < probe.beams.size() && probe.beams[next].iy < first + kBlock; ++next) {
      const ProbeSpectrum::Beam& beam = probe.beams[next];
      w->column_[beam.ix * kBlock + beam.iy - first] =
          beam.amplitude * w->shift_x_[beam.ix] * w->shift_y_[beam.iy];
    }
    column_inverse.Execute(w->column_.data());
    Scatter(w->column_, first, &w->wave_);
  }
}

void Multislice::Impl::RowPass(const ComplexBuffer& t, ComplexBuffer* wave) const {
  const size_t whole = grid.nx / std::min(kRows, grid.nx) * std::min(kRows, grid.nx);
  for (size_t i = 0; i < grid.nx; i += std::min(kRows, grid.nx)) {
    const bool is_last = i >= whole;
    const size_t rows = is_last ? grid.nx - whole : std::min(kRows, grid.nx);
    Complex* block = wave->data() + i * stride;
    for (size_t r = 0; r < rows; ++r) {
      Complex* row = block + r * stride;
      if (left < right) std::fill(row + left, row + right, Complex(0));
    }
    (is_last ? last_row_inverse : row_inverse).Execute(block);
    const Complex* transmission_rows = t.data() + i * stride;
    for (size_t c = 0; c < rows * stride; ++c) block[c] *= transmission_rows[c];
    (is_last ? last_row_forward : row_forward).Execute(block);
  }
}

void Multislice::Impl::ColumnPass(Workspace* w) const {
  Complex* column = w->column_.data();
  for (size_t b = 0; b < blocks.size(); ++b) {
    Gather(w->wave_, blocks[b], &w->column_);
    column_forward.Execute(column);
    const Complex* p = propagator[b].data();
    for (size_t c = 0; c < grid.nx * kBlock; ++c) column[c] *= p[c];
    column_inverse.Execute(column);
    Scatter(w->column_, blocks[b], &w->wave_);
  }
}

// ψ(k) behind the present slice, given value by value as use(index, ψ); the wave itself stays.
template <class Use>
void Multislice::Impl::ExitPass(Workspace* w, const Use& use) const {
  Complex* column = w->column_.data();
  for (size_t b = 0; b < blocks.size(); ++b) {
    Gather(w->wave_, blocks[b], &w->column_);
    column_forward.Execute(column);
    const float* a = exit_filter[b].data();
    const size_t width = std::min(kBlock, grid.ny - std::min(grid.ny, blocks[b]));
    for (size_t i = 0; i < grid.nx; ++i) {
      for (size_t c = 0; c < width; ++c) {
        use(i * grid.ny + blocks[b] + c, column[i * kBlock + c] * a[i * kBlock + c]);
      }
    }
  }
}

void Multislice::Run(const ProbeSpectrum& probe, double x_A, double y_A,
                     std::span<const size_t> exits, const std::function<void(size_t)>& at_exit,
                     Workspace* w) const {
  const Impl& m = *impl_;
  m.Enter(probe, x_A, y_A, w);
  size_t next_exit = 0;
  for (size_t s = 0; s < m.order.size() && next_exit < exits.size(); ++s) {
    m.RowPass(m.transmission[m.order[s]], &w->wave_);
    if (s + 1 == exits[next_exit]) {
      m.ExitPass(w, [w](size_t i, Complex v) {
        w->intensity_[i] = v.real() * v.real() + v.imag() * v.imag();
      });
      at_exit(next_exit++);
    }
    if (next_exit < exits.size()) m.ColumnPass(w);
  }
}

void Multislice::RunToWave(const ProbeSpectrum& probe, double x_A, double y_A,
                           ComplexBuffer* exit_wave, Workspace* w) const {
  const Impl& m = *impl_;
  exit_wave->assign(m.grid.size(), Complex(0));
  m.Enter(probe, x_A, y_A, w);
  for (size_t s = 0; s < m.order.size(); ++s) {
    m.RowPass(m.transmission[m.order[s]], &w->wave_);
    if (s + 1 < m.order.size()) m.ColumnPass(w);
  }
  m.ExitPass(w, [exit_wave](size_t i, Complex v) { (*exit_wave)[i] = v; });
}

}  // namespace ronchi::sim
