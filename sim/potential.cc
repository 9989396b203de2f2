#include "sim/potential.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

// An atom as far as its slice's projection goes; equal lists give equal slices. Positions are
// compared to 1e-6 Å, far below any effect on an image, so that repeated cells are recognised.
using ProjectedAtom = std::tuple<int, int64_t, int64_t, int64_t>;  // Z, x, y, occupancy

std::vector<ProjectedAtom> Projection(const std::vector<const Atom*>& atoms, const Grid& grid) {
  std::vector<ProjectedAtom> list;
  const int64_t period_x = std::llround(grid.lx_A * 1e6), period_y = std::llround(grid.ly_A * 1e6);
  auto wrap = [](int64_t v, int64_t period) { return ((v % period) + period) % period; };
  for (const Atom* a : atoms) {
    list.emplace_back(a->z, wrap(std::llround(a->x_A * 1e6), period_x),
                      wrap(std::llround(a->y_A * 1e6), period_y), std::llround(a->occupancy * 1e9));
  }
  std::sort(list.begin(), list.end());
  return list;
}

void Deposit(const Atom& a, const Grid& g, Complex* plane) {
  const double x = a.x_A / g.dx_A(), y = a.y_A / g.dy_A();
  // Atoms within 1e-6 of a grid point stand on it: files write 1.9525 for 32 pixels exactly.
  auto split = [](double v, double* fraction) {
    double base = std::floor(v + 1e-6);
    *fraction = std::max(0.0, v - base);
    return int64_t(base);
  };
  double fx, fy;
  const int64_t ix = split(x, &fx), iy = split(y, &fy);
  auto wrap = [](int64_t v, size_t n) {
    return size_t(((v % int64_t(n)) + int64_t(n)) % int64_t(n));
  };
  const size_t x0 = wrap(ix, g.nx), x1 = wrap(ix + 1, g.nx);
  const size_t y0 = wrap(iy, g.ny), y1 = wrap(iy + 1, g.ny);
  plane[x0 * g.ny + y0] += float((1 - fx) * (1 - fy) * a.occupancy);
  plane[x1 * g.ny + y0] += float(fx * (1 - fy) * a.occupancy);
  plane[x0 * g.ny + y1] += float((1 - fx) * fy * a.occupancy);
  plane[x1 * g.ny + y1] += float(fx * fy * a.occupancy);
}

// What multiplies the transform of the deposited atoms of element z.
FloatBuffer ElementFilter(int z, const Grid& g, const ScatteringFactors& factors) {
  FloatBuffer filter(g.size());
  const double scale = PotentialPerScatteringFactor() / (g.dx_A() * g.dy_A()) / double(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const double kx = g.kx_per_A(i), ky = g.ky_per_A(j);
      const double kappa = std::hypot(kx * g.dx_A(), ky * g.dy_A());
      const double sinc = kappa > 0 ? std::sin(kappa) / kappa : 1;
      filter[i * g.ny + j] = float(scale * factors.At(z, kx * kx + ky * ky) / sinc);
    }
  }
  return filter;
}

std::shared_ptr<const FloatBuffer> Project(const std::vector<const Atom*>& atoms, const Grid& g,
                                           const std::map<int, FloatBuffer>& filters,
                                           const Fft& forward, const Fft& inverse) {
  ComplexBuffer sum(g.size()), plane(g.size());
  for (const auto& [z, filter] : filters) {
    std::fill(plane.begin(), plane.end(), Complex(0));
    bool any = false;
    for (const Atom* a : atoms) {
      if (a->z == z) Deposit(*a, g, plane.data()), any = true;
    }
    if (!any) continue;
    forward.Execute(plane.data());
    for (size_t i = 0; i < g.size(); ++i) sum[i] += plane[i] * filter[i];
  }
  inverse.Execute(sum.data());
  auto values = std::make_shared<FloatBuffer>(g.size());
  for (size_t i = 0; i < g.size(); ++i) (*values)[i] = sum[i].real();
  return values;
}

}  // namespace

absl::StatusOr<PotentialSlices> MakePotential(const Specimen& specimen, const Grid& grid,
                                              double slice_thickness_A,
                                              const ScatteringFactors& factors) {
  PotentialSlices out;
  out.grid = grid;
  const double height = specimen.cell_A[2];
  const size_t count = std::max<size_t>(1, size_t(std::ceil(height / slice_thickness_A - 1e-6)));
  out.thickness_A = height / double(count);
  std::map<int, FloatBuffer> filters;
  std::vector<std::vector<const Atom*>> slices(count);
  for (const Atom& a : specimen.atoms) {
    if (!factors.Has(a.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", a.z));
    }
    if (!filters.contains(a.z)) filters[a.z] = ElementFilter(a.z, grid, factors);
    const double index = std::floor(a.z_A / out.thickness_A + 1e-6);
    slices[size_t(std::clamp(index, 0.0, double(count - 1)))].push_back(&a);
  }
  std::map<std::vector<ProjectedAtom>, size_t> known;
  std::vector<size_t> first;  // a slice that shows each distinct projection
  for (size_t s = 0; s < count; ++s) {
    const auto [it, is_new] = known.try_emplace(Projection(slices[s], grid), first.size());
    if (is_new) first.push_back(s);
    out.order.push_back(it->second);
  }
  const Fft forward =
      Fft::Plane(int(grid.nx), int(grid.ny), Fft::Direction::kForward, Fft::Effort::kEstimate);
  const Fft inverse =
      Fft::Plane(int(grid.nx), int(grid.ny), Fft::Direction::kInverse, Fft::Effort::kEstimate);
  out.distinct.resize(first.size());
  ParallelFor(first.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) {
      out.distinct[d] = Project(slices[first[d]], grid, filters, forward, inverse);
    }
  });
  return out;
}

}  // namespace ronchi::sim
