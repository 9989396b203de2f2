#include "sim/multislice.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/parallel.h"
#include "sim/multislice_impl.h"
#include "sim/physics/electron.h"
#include "sim/transmission.h"

namespace ronchi::sim {
namespace {

Complex Phase(double radians) { return {Real(std::cos(radians)), Real(std::sin(radians))}; }

// Rows [nx, stride] of a plane [nx, ny].
ComplexBuffer Padded(const ComplexBuffer& plane, const Grid& g, size_t stride) {
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
  m.wavelength_A = Wavelength_A(energy_eV);
  m.thickness_A = potential.thickness_A;
  m.offset_per_A = offset_per_A;
  m.order = potential.order;
  m.padded = (g.ny + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
  m.stride = m.padded + kColumnBlock;
  // Columns that the band reaches, on either side of 0.
  const auto reach = [&](double sign) {
    const double most = (g.band_limit_per_A() - sign * offset_per_A[1]) * g.ly_A;
    return std::min(size_t(std::floor(std::max(0.0, most))), (g.ny - 1) / 2);
  };
  const size_t above = reach(1), below = reach(-1);
  m.left = std::min(m.padded, (above + kColumnBlock) / kColumnBlock * kColumnBlock);
  m.right = std::max(m.left, (g.ny - below) / kColumnBlock * kColumnBlock);
  m.blocks = m.Blocks();

  m.MakePropagator(tilt_rad);
  using enum Fft::Direction;
  const auto effort = efforts.waves;
  const Transmission transmission(potential, InteractionConstant(energy_eV), efforts.planes);
  m.transmission.resize(potential.distinct.size());
  ParallelFor(m.transmission.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) {
      m.transmission[d] = Padded(transmission.Make(d), g, m.stride);
    }
  });
  const int rows = int(std::min(kRowBlock, g.nx)), last = int(g.nx % size_t(rows));
  m.row_forward = Fft::Batch(int(g.ny), rows, 1, int(m.stride), kForward, effort);
  m.row_inverse = Fft::Batch(int(g.ny), rows, 1, int(m.stride), kInverse, effort);
  if (last) {
    m.last_row_forward = Fft::Batch(int(g.ny), last, 1, int(m.stride), kForward, effort);
    m.last_row_inverse = Fft::Batch(int(g.ny), last, 1, int(m.stride), kInverse, effort);
  }
  m.column_forward = Fft::Batch(int(g.nx), kColumnBlock, kColumnBlock, 1, kForward, effort);
  m.column_inverse = Fft::Batch(int(g.nx), kColumnBlock, kColumnBlock, 1, kInverse, effort);
  impl_ = std::move(impl);
}

void Multislice::Impl::MakePropagator(std::array<double, 2> tilt_rad) {
  const Grid& g = grid;
  const double n = double(g.size()), dz = thickness_A;
  propagator.clear();
  exit_filter.clear();
  for (size_t first : blocks) {
    ComplexBuffer p(g.nx * kColumnBlock);
    RealBuffer a(g.nx * kColumnBlock);
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t b = 0; b < kColumnBlock && first + b < g.ny; ++b) {
        const double kx = g.kx_per_A(i) + offset_per_A[0];
        const double ky = g.ky_per_A(first + b) + offset_per_A[1];
        const double phase =
            -std::numbers::pi * wavelength_A * dz * (kx * kx + ky * ky) +
            2 * std::numbers::pi * dz * (kx * std::tan(tilt_rad[0]) + ky * std::tan(tilt_rad[1]));
        a[i * kColumnBlock + b] = Real(BandLimitAperture(g, std::hypot(kx, ky)) / n);
        p[i * kColumnBlock + b] = Phase(phase) * a[i * kColumnBlock + b];
      }
    }
    propagator.push_back(std::move(p));
    exit_filter.push_back(std::move(a));
  }
}

Multislice::Multislice(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Multislice Multislice::Tilted(std::array<double, 2> tilt_rad) const {
  auto impl = std::make_unique<Impl>(*impl_);
  impl->MakePropagator(tilt_rad);
  return Multislice(std::move(impl));
}

Multislice::~Multislice() = default;
Multislice::Multislice(Multislice&&) noexcept = default;

const Grid& Multislice::grid() const { return impl_->grid; }
size_t Multislice::slices() const { return impl_->order.size(); }

size_t Multislice::memory_bytes() const {
  const size_t plane = impl_->grid.nx * impl_->stride * sizeof(Complex);
  return plane * impl_->transmission.size() +
         impl_->blocks.size() * impl_->grid.nx * kColumnBlock * (sizeof(Complex) + sizeof(Real));
}

Multislice::Workspace Multislice::MakeWorkspace() const {
  Workspace w;
  w.wave_.resize(impl_->grid.nx * impl_->stride);
  w.column_.resize(impl_->grid.nx * kColumnBlock);
  w.intensity_.resize(impl_->grid.size());
  w.shift_x_.resize(impl_->grid.nx);
  w.shift_y_.resize(impl_->grid.ny);
  return w;
}

void Multislice::Impl::Transmit(const ComplexBuffer& t, ComplexBuffer* wave) const {
  RowPass(wave, [&t](size_t first, size_t count, Complex* rows) {
    const Complex* values = t.data() + first;
    for (size_t c = 0; c < count; ++c) rows[c] *= values[c];
  });
}

void Multislice::Impl::Propagate(Workspace* w) const {
  ColumnPass(&w->wave_, &w->column_, [this](size_t b, Complex* column) {
    const Complex* p = propagator[b].data();
    for (size_t c = 0; c < grid.nx * kColumnBlock; ++c) column[c] *= p[c];
  });
}

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
    if (next == probe.beams.size() || probe.beams[next].iy >= first + kColumnBlock) continue;
    std::fill(w->column_.begin(), w->column_.end(), Complex(0));
    for (; next < probe.beams.size() && probe.beams[next].iy < first + kColumnBlock; ++next) {
      const ProbeSpectrum::Beam& beam = probe.beams[next];
      w->column_[beam.ix * kColumnBlock + beam.iy - first] =
          beam.amplitude * w->shift_x_[beam.ix] * w->shift_y_[beam.iy];
    }
    column_inverse.Execute(w->column_.data());
    Scatter(w->column_, first, &w->wave_);
  }
}

void Multislice::Run(const ProbeSpectrum& probe, double x_A, double y_A,
                     std::span<const size_t> exits, const std::function<void(size_t)>& at_exit,
                     Workspace* w) const {
  const Impl& m = *impl_;
  m.Enter(probe, x_A, y_A, w);
  size_t next_exit = 0;
  for (size_t s = 0; s < m.order.size() && next_exit < exits.size(); ++s) {
    m.Transmit(m.transmission[m.order[s]], &w->wave_);
    if (s + 1 == exits[next_exit]) {
      m.ExitPass(w, [w](size_t i, Complex v) {
        w->intensity_[i] = v.real() * v.real() + v.imag() * v.imag();
      });
      at_exit(next_exit++);
    }
    if (next_exit < exits.size()) m.Propagate(w);
  }
}

void Multislice::RunToWave(const ProbeSpectrum& probe, double x_A, double y_A,
                           ComplexBuffer* exit_wave, Workspace* w) const {
  const Impl& m = *impl_;
  exit_wave->assign(m.grid.size(), Complex(0));
  m.Enter(probe, x_A, y_A, w);
  for (size_t s = 0; s < m.order.size(); ++s) {
    m.Transmit(m.transmission[m.order[s]], &w->wave_);
    if (s + 1 < m.order.size()) m.Propagate(w);
  }
  m.ExitPass(w, [exit_wave](size_t i, Complex v) { (*exit_wave)[i] = v; });
}

}  // namespace ronchi::sim
