#include "sim/potential.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "sim/atoms_on_grid.h"
#include "sim/finite_projection.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

// Equal lists give equal slices.
std::vector<ProjectedAtom> Projected(const std::vector<const Atom*>& atoms, const Grid& grid) {
  std::vector<ProjectedAtom> list;
  for (const Atom* a : atoms) list.push_back(ProjectAtom(*a, grid));
  std::sort(list.begin(), list.end());
  return list;
}

void Deposit(const Atom& a, const Grid& g, Complex* plane) {
  const GridShares at = ShareOnGrid(a, g);
  for (int q = 0; q < 4; ++q) plane[at.index[q]] += Real(at.share[q] * a.occupancy);
}

std::shared_ptr<const RealBuffer> Project(const std::vector<const Atom*>& atoms, const Grid& g,
                                          const std::map<int, RealBuffer>& filters,
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
  auto values = std::make_shared<RealBuffer>(g.size());
  for (size_t i = 0; i < g.size(); ++i) (*values)[i] = sum[i].real();
  return values;
}

}  // namespace

size_t SliceOf(double z_A, double thickness_A, size_t count) {
  const double index = std::floor(z_A / thickness_A + 1e-6);
  return size_t(std::clamp(index, 0.0, double(count - 1)));
}

RealBuffer ElementFilter(int z, const Grid& g, const ScatteringFactors& factors) {
  RealBuffer filter(g.size());
  const double scale = PotentialPerScatteringFactor() / (g.dx_A() * g.dy_A()) / double(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const double kx = g.kx_per_A(i), ky = g.ky_per_A(j);
      const double blur = SharingBlur(g, kx, ky);
      filter[i * g.ny + j] = Real(scale * factors.At(z, kx * kx + ky * ky) / blur);
    }
  }
  return filter;
}

absl::StatusOr<PotentialSlices> MakePotential(const Specimen& specimen, const Grid& grid,
                                              double slice_thickness_A,
                                              const ScatteringFactors& factors,
                                              Projection projection, Fft::Effort effort) {
  PotentialSlices out;
  out.grid = grid;
  const double height = specimen.cell_A[2];
  const size_t count = std::max<size_t>(1, size_t(std::ceil(height / slice_thickness_A - 1e-6)));
  out.thickness_A = height / double(count);
  std::map<int, RealBuffer> filters;
  std::vector<std::vector<const Atom*>> slices(count);
  for (const Atom& a : specimen.atoms) {
    if (!factors.Has(a.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", a.z));
    }
    if (!filters.contains(a.z)) filters[a.z] = ElementFilter(a.z, grid, factors);
    slices[SliceOf(a.z_A, out.thickness_A, count)].push_back(&a);
  }
  std::map<std::vector<ProjectedAtom>, size_t> known;
  std::vector<size_t> first;  // a slice that shows each distinct projection
  for (size_t s = 0; s < count; ++s) {
    const auto [it, is_new] = known.try_emplace(Projected(slices[s], grid), first.size());
    if (is_new) first.push_back(s);
    out.order.push_back(it->second);
  }
  // The finite projection needs hundreds of transforms, for which measured plans are worth it.
  if (projection == Projection::kFinite) effort = Fft::Effort::kMeasure;
  const int nx = int(grid.nx), ny = int(grid.ny);
  const Fft forward = Fft::Plane(nx, ny, Fft::Direction::kForward, effort);
  const Fft inverse = Fft::Plane(nx, ny, Fft::Direction::kInverse, effort);
  out.distinct.resize(first.size());
  ParallelFor(first.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) {
      out.distinct[d] = Project(slices[first[d]], grid, filters, forward, inverse);
    }
  });
  if (projection == Projection::kFinite) MakeProjectionFinite(slices, factors, &out);
  return out;
}

}  // namespace ronchi::sim
