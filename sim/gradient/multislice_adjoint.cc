#include "sim/gradient/multislice_adjoint.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/angle.h"
#include "core/parallel.h"
#include "sim/gradient/backward_sums.h"
#include "sim/gradient/stream_copy.h"
#include "sim/multislice_impl.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
struct MultisliceAdjoint::Idle {
  std::unique_ptr<Workspace> Take() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (workspaces.empty()) return nullptr;
    std::unique_ptr<Workspace> last = std::move(workspaces.back());
    workspaces.pop_back();
    return last;
  }
  void Return(std::unique_ptr<Workspace> w) {
    const std::lock_guard<std::mutex> lock(mutex);
    workspaces.push_back(std::move(w));
  }
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> workspaces;
};

MultisliceAdjoint::MultisliceAdjoint(const PotentialSlices& potential, double energy_eV,
                                     std::array<double, 2> tilt_rad, const Options& options)
    : options_(options),
      potential_(potential),
      tilt_rad_(tilt_rad),
      wavelength_A_(Wavelength_A(energy_eV)),
      sigma_(InteractionConstant(energy_eV)),
      engine_(potential, energy_eV, tilt_rad, options.efforts),
      transmission_(potential, sigma_, options.efforts.planes),
      idle_(std::make_unique<Idle>()) {
  const Multislice::Impl& m = *engine_.impl_;
  const Grid& g = m.grid;
  for (size_t b = 0; b < m.blocks.size(); ++b) {
    size_t reach = 0;
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t c = 0; c < kColumnBlock; ++c) {
        if (m.exit_filter[b][i * kColumnBlock + c] != 0) {
          reach = std::max(reach, std::min(i + 1, g.nx - i));
        }
      }
    }
    RONCHI_CHECK(2 * reach <= g.nx);  // the band is at most two thirds of a side
    reach_.push_back(reach);
    kept_a_slice_ += 2 * reach_.back() * kColumnBlock;
  }
  if (!options.stack || options.potential != PotentialPlanes::kNone) return;
  slopes_.resize(potential.distinct.size());
  ParallelFor(slopes_.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) {
      const ComplexBuffer plane = transmission_.Make(d, Transmission::Of::kScale);
      slopes_[d].resize(g.nx * m.stride);
      for (size_t i = 0; i < g.nx; ++i) {
        std::copy_n(plane.data() + i * g.ny, g.ny, slopes_[d].data() + i * m.stride);
      }
    }
  });
}

MultisliceAdjoint::~MultisliceAdjoint() = default;
MultisliceAdjoint::MultisliceAdjoint(MultisliceAdjoint&&) noexcept = default;

MultisliceAdjoint::Workspace MultisliceAdjoint::MakeWorkspace() const {
  const Multislice::Impl& m = *engine_.impl_;
  Workspace w;
  w.run_ = engine_.MakeWorkspace();
  if (options_.stack || options_.potential != PotentialPlanes::kNone) {
    w.kept_rows_.resize(m.order.size() * m.grid.nx * m.stride);
  }
  if (options_.stack) w.kept_columns_.resize((m.order.size() - 1) * kept_a_slice_);
  w.exit_.resize(m.grid.size());
  return w;
}

size_t MultisliceAdjoint::workspace_bytes() const {
  const Multislice::Impl& m = *engine_.impl_;
  const bool rows = options_.stack || options_.potential != PotentialPlanes::kNone;
  return sizeof(Complex) * ((rows ? m.order.size() : 0) * m.grid.nx * m.stride +
                            (options_.stack ? m.order.size() - 1 : 0) * kept_a_slice_ +
                            m.grid.nx * m.stride + m.grid.size()) +
         sizeof(Real) * 2 * m.grid.size();
}

MultisliceAdjoint::Sums MultisliceAdjoint::MakeSums(const ProbeSpectrum& probe) const {
  const Multislice::Impl& m = *engine_.impl_;
  Sums sums;
  sums.amplitude_.resize(probe.beams.size());
  if (options_.potential == PotentialPlanes::kDistinct) sums.planes_.resize(m.transmission.size());
  if (options_.potential == PotentialPlanes::kSlices) sums.planes_.resize(m.order.size());
  for (ComplexBuffer& plane : sums.planes_) plane.resize(m.grid.nx * m.stride);
  return sums;
}

void MultisliceAdjoint::Forward(const ProbeSpectrum& probe, double x_A, double y_A,
                                Workspace* w) const {
  const Multislice::Impl& m = *engine_.impl_;
  Multislice::Workspace* run = &w->run_;
  const size_t plane = m.grid.nx * m.stride;
  m.Enter(probe, x_A, y_A, run);
  for (size_t s = 0; s < m.order.size(); ++s) {
    const ComplexBuffer& t = m.transmission[m.order[s]];
    if (w->kept_rows_.empty()) {
      m.Transmit(t, &run->wave_);
    } else {
      Complex* kept = w->kept_rows_.data() + s * plane;
      m.RowPass(&run->wave_, [&t, kept](size_t first, size_t count, Complex* rows) {
        const Complex* values = t.data() + first;
        StreamCopy(rows, count * sizeof(Complex), kept + first);
        for (size_t c = 0; c < count; ++c) rows[c] *= values[c];
      });
    }
    if (s + 1 == m.order.size()) break;
    if (w->kept_columns_.empty()) {
      m.Propagate(run);
      continue;
    }
    Complex* kept = w->kept_columns_.data() + s * kept_a_slice_;
    m.ColumnPass(&run->wave_, &run->column_, [this, &m, &kept](size_t b, Complex* column) {
      const Complex* p = m.propagator[b].data();
      const size_t all = m.grid.nx * kColumnBlock, part = reach_[b] * kColumnBlock;
      for (size_t c = 0; c < all; ++c) column[c] *= p[c];
      StreamCopy(column, part * sizeof(Complex), kept);
      StreamCopy(column + all - part, part * sizeof(Complex), kept + part);
      kept += 2 * part;
    });
  }
  m.ExitPass(run, [w, run](size_t i, Complex v) {
    w->exit_[i] = v;
    run->intensity_[i] = v.real() * v.real() + v.imag() * v.imag();
  });
  StreamFence();
}

void MultisliceAdjoint::BackwardRows(size_t slice, Workspace* w, Sums* sums) const {
  const Multislice::Impl& m = *engine_.impl_;
  const size_t d = m.order[slice];
  const Complex* t = m.transmission[d].data();
  if (w->kept_rows_.empty()) {
    m.RowPass(&w->run_.wave_, [t](size_t first, size_t count, Complex* rows) {
      for (size_t c = 0; c < count; ++c) rows[c] *= std::conj(t[first + c]);
    });
    return;
  }
  const Complex* kept = w->kept_rows_.data() + slice * m.grid.nx * m.stride;
  if (sums->planes_.empty()) {
    const Complex* slope = slopes_[d].data();
    double total = 0;
    m.RowPass(&w->run_.wave_, [&](size_t first, size_t count, Complex* rows) {
      total += BackThroughSlice<false, true>(kept + first, t + first, slope + first, rows, nullptr,
                                             count);
    });
    sums->potential_scale_ += 2 * total;
    return;
  }
  Complex* sum = sums->planes_[options_.potential == PotentialPlanes::kDistinct ? d : slice].data();
  m.RowPass(&w->run_.wave_, [&](size_t first, size_t count, Complex* rows) {
    BackThroughSlice<true, false>(kept + first, t + first, nullptr, rows, sum + first, count);
  });
}

// From before slice + 1 to behind `slice`.
void MultisliceAdjoint::BackwardColumns(size_t slice, Workspace* w, Sums* sums) const {
  const Multislice::Impl& m = *engine_.impl_;
  const Grid& g = m.grid;
  const bool stack = options_.stack;
  const Complex* kept = stack ? w->kept_columns_.data() + slice * kept_a_slice_ : nullptr;
  m.ColumnPass(&w->run_.wave_, &w->run_.column_, [&](size_t b, Complex* column) {
    const size_t all = g.nx * kColumnBlock, rows = reach_[b], part = rows * kColumnBlock;
    const Complex* p = m.propagator[b].data();
    if (!stack) {
      for (size_t c = 0; c < all; ++c) column[c] *= std::conj(p[c]);
      return;
    }
    ColumnSums at;
    at.AddRows(kept, p, rows, 0, column);
    std::fill(column + part, column + all - part, Complex(0));  // P is 0 there
    at.AddRows(kept + part, p + all - part, rows, -Real(rows), column + all - part);
    kept += 2 * part;
    for (size_t c = 0; c < m.Width(b); ++c) {
      const double ky = g.ky_per_A(m.blocks[b] + c);
      sums->k2_ += at.kx2(c) / (g.lx_A * g.lx_A) + ky * ky * at.one(c);
      sums->kx_ += at.kx(c) / g.lx_A;
      sums->ky_ += ky * at.one(c);
    }
  });
}

std::array<double, 2> MultisliceAdjoint::Backward(const ProbeSpectrum& probe,
                                                  std::span<const Real> slope, Workspace* w,
                                                  Sums* sums) const {
  const Multislice::Impl& m = *engine_.impl_;
  const Grid& g = m.grid;
  RONCHI_CHECK_EQ(slope.size(), g.size());
  RONCHI_CHECK_EQ(sums->amplitude_.size(), probe.beams.size());
  Multislice::Workspace* run = &w->run_;
  // λ = dL/dI ψ at the exit, to behind the last slice.
  for (size_t b = 0; b < m.blocks.size(); ++b) {
    const size_t width = m.Width(b);
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t c = 0; c < kColumnBlock; ++c) {
        const size_t at = i * g.ny + m.blocks[b] + c, in = i * kColumnBlock + c;
        run->column_[in] =
            c < width ? w->exit_[at] * (slope[at] * m.exit_filter[b][in]) : Complex(0);
      }
    }
    m.column_inverse.Execute(run->column_.data());
    m.Scatter(run->column_, m.blocks[b], &run->wave_);
  }
  for (size_t s = m.order.size(); s-- > 0;) {
    BackwardRows(s, w, sums);
    if (s > 0) BackwardColumns(s - 1, w, sums);
  }
  // At the entrance, only where the probe has beams.
  std::array<double, 2> position = {0, 0};
  size_t next = 0;
  for (size_t first : m.blocks) {
    while (next < probe.beams.size() && probe.beams[next].iy < first) ++next;
    if (next == probe.beams.size() || probe.beams[next].iy >= first + kColumnBlock) continue;
    m.Gather(run->wave_, first, &run->column_);
    m.column_forward.Execute(run->column_.data());
    for (; next < probe.beams.size() && probe.beams[next].iy < first + kColumnBlock; ++next) {
      const ProbeSpectrum::Beam& beam = probe.beams[next];
      const std::complex<double> lambda(run->column_[beam.ix * kColumnBlock + beam.iy - first]);
      const std::complex<double> shift = std::complex<double>(run->shift_x_[beam.ix]) *
                                         std::complex<double>(run->shift_y_[beam.iy]);
      const std::complex<double> at_origin = std::conj(shift) * lambda;
      sums->amplitude_[next] += at_origin;
      // dψ = −2πi k·dR ψ.
      const double q =
          4 * kPi * std::imag(std::conj(at_origin) * std::complex<double>(beam.amplitude));
      position[0] += q * g.kx_per_A(beam.ix);
      position[1] += q * g.ky_per_A(beam.iy);
    }
  }
  return position;
}

void MultisliceAdjoint::Add(const Sums& from, Sums* to) const {
  to->loss_ += from.loss_;
  for (size_t b = 0; b < to->amplitude_.size(); ++b) to->amplitude_[b] += from.amplitude_[b];
  to->k2_ += from.k2_;
  to->kx_ += from.kx_;
  to->ky_ += from.ky_;
  to->potential_scale_ += from.potential_scale_;
  for (size_t p = 0; p < to->planes_.size(); ++p) {
    for (size_t i = 0; i < to->planes_[p].size(); ++i) to->planes_[p][i] += from.planes_[p][i];
  }
}

Transmission::Gradient MultisliceAdjoint::ToPotentialGradient(const ComplexBuffer& plane,
                                                              size_t distinct) const {
  const Multislice::Impl& m = *engine_.impl_;
  const Grid& g = m.grid;
  ComplexBuffer rows(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    std::copy_n(plane.data() + i * m.stride, g.ny, rows.data() + i * g.ny);
  }
  return transmission_.Backward(distinct, rows);
}

MultisliceGradient MultisliceAdjoint::Finish(const Sums& sums) const {
  MultisliceGradient out;
  const Multislice::Impl& m = *engine_.impl_;
  const double dz = potential_.thickness_A, tx = std::tan(tilt_rad_[0]),
               ty = std::tan(tilt_rad_[1]);
  out.loss = sums.loss_;
  out.amplitude = sums.amplitude_;
  out.potential.resize(sums.planes_.size());
  out.terms.resize(sums.planes_.size());
  const auto distinct = [&](size_t p) {
    return options_.potential == PotentialPlanes::kDistinct ? p : m.order[p];
  };
  ParallelFor(sums.planes_.size(), 1, [&](size_t begin, size_t end) {
    for (size_t p = begin; p < end; ++p) {
      Transmission::Gradient here = ToPotentialGradient(sums.planes_[p], distinct(p));
      out.potential[p] = std::move(here.smooth);
      out.terms[p] = std::move(here.terms);
    }
  });
  if (!options_.stack) return out;
  out.potential_scale = sums.potential_scale_;
  for (size_t p = 0; p < out.potential.size(); ++p) {
    const RealBuffer& v = *potential_.distinct[distinct(p)];
    for (size_t i = 0; i < v.size(); ++i) {
      out.potential_scale += double(out.potential[p][i]) * v[i];
    }
    for (size_t t = 0; t < out.terms[p].size(); ++t) {
      const double weight = potential_.cores[distinct(p)]->terms[t].weight;
      out.potential_scale += weight * out.terms[p][t].weight;
    }
  }
  // The propagator's phase: −πλ dz k² + 2π dz (k_x tan τ_x + k_y tan τ_y).
  out.propagation =
      2 * dz * (-kPi * wavelength_A_ * sums.k2_ + 2 * kPi * (sums.kx_ * tx + sums.ky_ * ty));
  out.tilt_per_rad = {4 * kPi * dz * (1 + tx * tx) * sums.kx_,
                      4 * kPi * dz * (1 + ty * ty) * sums.ky_};
  out.thickness_per_A = (out.propagation + out.potential_scale) / (dz * double(m.order.size()));
  return out;
}

MultisliceGradient MultisliceAdjoint::Gradient(const ProbeSpectrum& probe,
                                               std::span<const std::array<double, 2>> positions,
                                               const Loss& loss) const {
  const Grid& g = engine_.grid();
  std::vector<std::array<double, 2>> by_position(positions.size());
  const size_t lanes = std::max<size_t>(1, std::min(options_.lanes, positions.size()));
  std::vector<Sums> sums(lanes);
  ParallelFor(lanes, 1, [&](size_t begin, size_t end) {
    std::unique_ptr<Workspace> w = idle_->Take();
    if (!w) w = std::make_unique<Workspace>(MakeWorkspace());
    RealBuffer slope(g.size());
    for (size_t lane = begin; lane < end; ++lane) {
      sums[lane] = MakeSums(probe);
      for (size_t p = lane; p < positions.size(); p += lanes) {
        Forward(probe, positions[p][0], positions[p][1], w.get());
        std::fill(slope.begin(), slope.end(), Real(0));
        sums[lane].loss_ += loss(p, w->intensity(), slope);
        by_position[p] = Backward(probe, slope, w.get(), &sums[lane]);
      }
    }
    idle_->Return(std::move(w));
  });
  for (size_t lane = 1; lane < lanes; ++lane) {
    Add(sums[lane], &sums[0]);
    sums[lane] = {};
  }
  MultisliceGradient out = Finish(sums[0]);
  out.position_per_A = std::move(by_position);
  return out;
}

}  // namespace ronchi::sim
