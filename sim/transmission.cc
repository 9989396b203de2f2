#include "sim/transmission.h"

#include <cmath>

#include "sim/contracted/cos_sin.h"

namespace ronchi::sim {
namespace {

// The band ends at two thirds of Nyquist's frequency, where seven points leave 3e-6 of what the
// cores hold, fourteen 1e-11.
constexpr int kPhaseKernelWidth = sizeof(Real) == 8 ? 14 : 7;
constexpr double kPhaseFinerGrid = 1.5;

// The index on an axis of `to` of frequency i of an axis of `from`, both in FFT order.
size_t Reindex(size_t i, size_t from, size_t to) { return i < (from + 1) / 2 ? i : i + to - from; }

}  // namespace

Transmission::Transmission(const PotentialSlices& slices, double interaction, Fft::Effort effort)
    : slices_(slices),
      interaction_(interaction),
      grid_(slices.grid),
      smooth_grid_(slices.smooth_grid),
      exact_(!slices.cores.empty()),
      kernel_(kPhaseKernelWidth, kPhaseFinerGrid) {
  using enum Fft::Direction;
  const int nx = int(grid_.nx), ny = int(grid_.ny);
  forward_ = Fft::Plane(nx, ny, kForward, effort);
  inverse_ = Fft::Plane(nx, ny, kInverse, effort);
  aperture_.resize(grid_.size());
  for (size_t i = 0; i < grid_.nx; ++i) {
    for (size_t j = 0; j < grid_.ny; ++j) {
      aperture_[i * grid_.ny + j] =
          Real(BandLimitAperture(grid_, std::hypot(grid_.kx_per_A(i), grid_.ky_per_A(j))));
    }
  }
  if (!exact_) return;
  const int mx = int(smooth_grid_.nx), my = int(smooth_grid_.ny);
  smooth_forward_ = Fft::Plane(mx, my, kForward, effort);
  smooth_inverse_ = Fft::Plane(mx, my, kInverse, effort);
  sharpen_x_ = kernel_.Deconvolution(grid_.nx);
  sharpen_y_ = kernel_.Deconvolution(grid_.ny);
}

Complex Transmission::Value(Of of, double v) const {
  Real c, s;
  CosSin(interaction_ * v, &c, &s);
  if (of == Of::kPotential) return {c, s};
  return Complex(-s, c) * Real(interaction_ * v);
}

ComplexBuffer Transmission::Make(size_t d, Of of) const {
  const RealBuffer& values = *slices_.distinct[d];
  ComplexBuffer smooth(smooth_grid_.size());
  for (size_t i = 0; i < values.size(); ++i) {
    Real c, s;
    CosSin(interaction_ * double(values[i]), &c, &s);
    smooth[i] = Complex(c, s);
  }
  if (of == Of::kScale) {
    for (size_t i = 0; i < values.size(); ++i) {
      smooth[i] *= Complex(0, Real(interaction_) * values[i]);
    }
  }
  if (!exact_) {
    forward_.Execute(smooth.data());
    const Real scale = Real(1 / double(grid_.size()));
    for (size_t i = 0; i < grid_.size(); ++i) smooth[i] *= aperture_[i] * scale;
    inverse_.Execute(smooth.data());
    return smooth;
  }
  ComplexBuffer spectrum(grid_.size());
  const CoreNodes cores(slices_, d);
  std::vector<CoreNodes::Node> nodes;
  for (size_t c = 0; c < cores.cores(); ++c) {
    cores.Fill(c, &nodes);
    for (const CoreNodes::Node& n : nodes) {
      const Complex lacking = (Value(of, n.whole_VA) - Value(of, n.smooth_VA)) * Real(n.weight_A2);
      Spread(SpreadPoint(kernel_, grid_, n.x_A, n.y_A), kernel_.width(), grid_.ny, lacking,
             spectrum.data());
    }
  }
  forward_.Execute(spectrum.data());
  smooth_forward_.Execute(smooth.data());
  const double area = grid_.lx_A * grid_.ly_A, scale = 1 / double(smooth_grid_.size());
  for (size_t i = 0; i < grid_.nx; ++i) {
    const Complex* from = smooth.data() + Reindex(i, grid_.nx, smooth_grid_.nx) * smooth_grid_.ny;
    for (size_t j = 0; j < grid_.ny; ++j) {
      const size_t at = i * grid_.ny + j;
      if (aperture_[at] == 0) {
        spectrum[at] = 0;
        continue;
      }
      spectrum[at] = aperture_[at] * (from[Reindex(j, grid_.ny, smooth_grid_.ny)] * Real(scale) +
                                      spectrum[at] * Real(sharpen_x_[i] * sharpen_y_[j] / area));
    }
  }
  inverse_.Execute(spectrum.data());
  return spectrum;
}

Transmission::Gradient Transmission::Backward(size_t d, const ComplexBuffer& by_value) const {
  const RealBuffer& values = *slices_.distinct[d];
  Gradient out;
  out.smooth.resize(values.size());
  ComplexBuffer spectrum(by_value.begin(), by_value.end());
  forward_.Execute(spectrum.data());
  for (size_t i = 0; i < grid_.size(); ++i) spectrum[i] *= aperture_[i];
  // Towards the smooth grid: 2 Re(λ* iσ t) = 2σ Im(λ t*).
  ComplexBuffer smooth(smooth_grid_.size());
  const Real scale = Real(1 / double(smooth_grid_.size()));
  for (size_t i = 0; i < grid_.nx; ++i) {
    Complex* to = smooth.data() + Reindex(i, grid_.nx, smooth_grid_.nx) * smooth_grid_.ny;
    for (size_t j = 0; j < grid_.ny; ++j) {
      const size_t at = i * grid_.ny + j;
      if (aperture_[at] != 0) to[Reindex(j, grid_.ny, smooth_grid_.ny)] = spectrum[at] * scale;
    }
  }
  (exact_ ? smooth_inverse_ : inverse_).Execute(smooth.data());
  for (size_t i = 0; i < values.size(); ++i) {
    out.smooth[i] =
        Real(2 * interaction_) * (smooth[i] * std::conj(Value(Of::kPotential, values[i]))).imag();
  }
  if (!exact_) return out;
  // Towards the cores' points.
  const double area = grid_.lx_A * grid_.ly_A;
  for (size_t i = 0; i < grid_.nx; ++i) {
    for (size_t j = 0; j < grid_.ny; ++j) {
      spectrum[i * grid_.ny + j] *= Real(sharpen_x_[i] * sharpen_y_[j] / area);
    }
  }
  inverse_.Execute(spectrum.data());
  const CoreNodes cores(slices_, d);
  std::vector<CoreNodes::Node> nodes;
  out.terms.resize(cores.slice().terms.size());
  for (size_t c = 0; c < cores.cores(); ++c) {
    cores.Fill(c, &nodes);
    BackwardCore(cores, c, nodes, spectrum, &out);
  }
  return out;
}

namespace {

// Terms that reach a core, with their places.
std::vector<std::pair<uint32_t, std::array<double, 2>>> TermsAround(const CoreNodes& cores,
                                                                    size_t core) {
  std::vector<std::pair<uint32_t, std::array<double, 2>>> terms;
  const auto add = [&](size_t which, double x_A, double y_A) {
    const SliceCores::Core& c = cores.slice().cores[which];
    for (uint32_t t = c.first_term; t < c.first_term + c.terms; ++t) {
      terms.push_back({t, {x_A, y_A}});
    }
  };
  const SliceCores::Core& own = cores.slice().cores[core];
  add(core, own.x_A, own.y_A);
  for (const auto& near : cores.Overlapping(core)) add(near.core, near.x_A, near.y_A);
  return terms;
}

}  // namespace

void Transmission::BackwardCore(const CoreNodes& cores, size_t core,
                                std::span<const CoreNodes::Node> nodes,
                                const ComplexBuffer& by_spread, Gradient* out) const {
  const auto terms = TermsAround(cores, core);
  const auto add = [&](uint32_t term, const CoreNodes::Part& part, double by) {
    const double weight = cores.slice().terms[term].weight;
    out->terms[term].x_per_A += weight * by * part.by_x;
    out->terms[term].y_per_A += weight * by * part.by_y;
    out->terms[term].weight += by * part.value;
  };
  const Grid& g = smooth_grid_;
  const CoreNodes::Patch patch = cores.PatchOf(core);
  CoreNodes::PatchTerms by_fit = {};
  for (const CoreNodes::Node& n : nodes) {
    const Complex by_node = Gather(SpreadPoint(kernel_, grid_, n.x_A, n.y_A), kernel_.width(),
                                   grid_.ny, by_spread.data()) *
                            Real(n.weight_A2);
    const Complex whole = Value(Of::kPotential, n.whole_VA);
    const Complex lacking = whole - Value(Of::kPotential, n.smooth_VA);
    const double by_smooth = 2 * interaction_ * double((by_node * std::conj(lacking)).imag());
    const double by_whole = 2 * interaction_ * double((by_node * std::conj(whole)).imag());
    for (const auto& [term, at] : terms) {
      const CoreNodes::Parts parts = cores.PartsAt(term, n.x_A - at[0], n.y_A - at[1]);
      add(term, parts.lacking, by_whole);
      add(term, parts.smooth, by_smooth);
    }
    const PatchFit::Terms at_x = cores.fit_x().At(patch.x(g, n.x_A)),
                          at_y = cores.fit_y().At(patch.y(g, n.y_A));
    for (size_t s = 0; s < PatchFit::kTerms; ++s) {
      for (size_t t = 0; t < PatchFit::kTerms; ++t) by_fit[s][t] += by_smooth * at_x[s] * at_y[t];
    }
  }
  // The fit is of the grid's values less those of the terms here.
  for (size_t i = 0; i < cores.fit_x().count(); ++i) {
    for (size_t j = 0; j < cores.fit_y().count(); ++j) {
      double by = 0;
      for (size_t s = 0; s < PatchFit::kTerms; ++s) {
        for (size_t t = 0; t < PatchFit::kTerms; ++t) {
          by += cores.fit_x().AtPoint(i)[s] * by_fit[s][t] * cores.fit_y().AtPoint(j)[t];
        }
      }
      size_t ix, iy;
      WrapIndices(patch.first_x + int64_t(i), 1, g.nx, &ix);
      WrapIndices(patch.first_y + int64_t(j), 1, g.ny, &iy);
      out->smooth[ix * g.ny + iy] += Real(by);
      const double x_A = double(patch.first_x + int64_t(i)) * g.dx_A();
      const double y_A = double(patch.first_y + int64_t(j)) * g.dy_A();
      for (const auto& [term, at] : terms) {
        add(term, cores.PartsAt(term, x_A - at[0], y_A - at[1]).smooth, -by);
      }
    }
  }
}

}  // namespace ronchi::sim
