#include "sim/gradient/potential_gradient.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "sim/atoms_on_grid.h"

namespace ronchi::sim {

absl::StatusOr<std::vector<AtomGradient>> ToAtomGradient(const Specimen& specimen,
                                                         const PotentialSlices& potential,
                                                         const ScatteringFactors& factors,
                                                         Projection projection,
                                                         std::span<const RealBuffer> gradient) {
  if (projection == Projection::kFinite) {
    return absl::InvalidArgumentError(
        "derivatives by atoms are not there for a finite projection; allowed: infinite");
  }
  const size_t count = potential.order.size();
  const bool by_slice = gradient.size() == count;
  if (!by_slice && gradient.size() != potential.distinct.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("derivatives by ", gradient.size(), " planes; allowed: ", count,
                     ", one a slice, or ", potential.distinct.size(), ", one a distinct slice"));
  }
  const Grid& g = potential.grid;
  std::map<int, RealBuffer> filters;
  // The atoms by plane, then by element.
  std::vector<std::map<int, std::vector<size_t>>> atoms(gradient.size());
  for (size_t a = 0; a < specimen.atoms.size(); ++a) {
    const Atom& atom = specimen.atoms[a];
    if (!factors.Has(atom.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", atom.z));
    }
    if (!filters.contains(atom.z)) filters[atom.z] = ElementFilter(atom.z, g, factors);
    const size_t slice = SliceOf(atom.z_A, potential.thickness_A, count);
    atoms[by_slice ? slice : potential.order[slice]][atom.z].push_back(a);
  }
  const Fft forward =
      Fft::Plane(int(g.nx), int(g.ny), Fft::Direction::kForward, Fft::Effort::kEstimate);
  const Fft inverse =
      Fft::Plane(int(g.nx), int(g.ny), Fft::Direction::kInverse, Fft::Effort::kEstimate);
  std::vector<AtomGradient> out(specimen.atoms.size());
  ParallelFor(gradient.size(), 1, [&](size_t begin, size_t end) {
    ComplexBuffer transform(g.size()), plane(g.size());
    for (size_t p = begin; p < end; ++p) {
      std::copy(gradient[p].begin(), gradient[p].end(), transform.begin());
      forward.Execute(transform.data());
      for (const auto& [z, here] : atoms[p]) {
        const RealBuffer& filter = filters.at(z);
        for (size_t i = 0; i < g.size(); ++i) plane[i] = transform[i] * filter[i];
        inverse.Execute(plane.data());
        for (size_t a : here) {
          const Atom& atom = specimen.atoms[a];
          const GridShares at = ShareOnGrid(atom, g);
          const GridShareSlopes slopes = ShareSlopes(at, g);
          for (int q = 0; q < 4; ++q) {
            const double value = plane[at.index[q]].real();
            out[a].x_per_A += atom.occupancy * slopes.by_x_A[q] * value;
            out[a].y_per_A += atom.occupancy * slopes.by_y_A[q] * value;
            out[a].occupancy += at.share[q] * value;
          }
        }
      }
    }
  });
  return out;
}

}  // namespace ronchi::sim
