#include "sim/potential.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "sim/physics/electron.h"
#include "sim/potential/atoms_on_grid.h"
#include "sim/potential/finite_projection.h"
#include "sim/potential/potential_maker.h"

namespace ronchi::sim {
namespace {

constexpr double kCorePixels = 3;      // radius of a core
constexpr double kSmoothFiner = 1.25;  // the smooth part's grid

// Equal lists give equal slices.
std::vector<ProjectedAtom> Projected(const std::vector<const Atom*>& atoms, const Grid& grid) {
  std::vector<ProjectedAtom> list;
  for (const Atom* a : atoms) list.push_back(ProjectAtom(*a, grid));
  std::sort(list.begin(), list.end());
  return list;
}

// Elements two by two: the second of the last pair may be 0, none.
std::vector<std::pair<int, int>> Pairs(const std::vector<int>& elements) {
  std::vector<std::pair<int, int>> pairs;
  for (size_t e = 0; e < elements.size(); e += 2) {
    pairs.emplace_back(elements[e], e + 1 < elements.size() ? elements[e + 1] : 0);
  }
  return pairs;
}

}  // namespace

size_t SliceOf(double z_A, double thickness_A, size_t count) {
  const double index = std::floor(z_A / thickness_A + 1e-6);
  return size_t(std::clamp(index, 0.0, double(count - 1)));
}

double CoreRadius_A(const Grid& g) { return kCorePixels * std::max(g.dx_A(), g.dy_A()); }

Grid SmoothGrid(const Grid& g) {
  Grid smooth = g;
  smooth.nx = FastPixels(1, kSmoothFiner * double(g.nx));
  smooth.ny = FastPixels(1, kSmoothFiner * double(g.ny));
  return smooth;
}

size_t PotentialSlices::bytes() const {
  size_t bytes = distinct.size() * smooth_grid.size() * sizeof(Real);
  for (const auto& slice : cores) {
    bytes += slice->cores.size() * sizeof(SliceCores::Core) +
             slice->terms.size() * sizeof(SliceCores::Term);
  }
  return bytes;
}

std::vector<int> ElementsOf(const std::vector<const Atom*>& atoms) {
  std::set<int> elements;
  for (const Atom* a : atoms) elements.insert(a->z);
  return {elements.begin(), elements.end()};
}

namespace {

std::unique_ptr<PotentialMaker::Impl> MakeImpl(const Grid& grid, double slice_thickness_A,
                                               std::shared_ptr<const ScatteringFactors> factors,
                                               const PotentialOptions& options, int fineness) {
  Grid smooth = grid;
  if (options.placement == Placement::kExact) {
    smooth =
        SmoothGrid({grid.nx * size_t(fineness), grid.ny * size_t(fineness), grid.lx_A, grid.ly_A});
  }
  // The finite projection needs hundreds of transforms, for which measured plans are worth it.
  const auto effort =
      options.projection == Projection::kFinite ? Fft::Effort::kMeasure : options.effort;
  const int nx = int(smooth.nx), ny = int(smooth.ny);
  return std::unique_ptr<PotentialMaker::Impl>(
      new PotentialMaker::Impl{fineness,
                               grid,
                               smooth,
                               CoreRadius_A(grid) / fineness,
                               slice_thickness_A,
                               std::move(factors),
                               options,
                               Deposit(smooth, options.placement),
                               Fft::Plane(nx, ny, Fft::Direction::kForward, effort),
                               Fft::Plane(nx, ny, Fft::Direction::kInverse, effort),
                               {},
                               {},
                               {},
                               {}});
}

// Where many cores overlap, smaller ones on a finer smooth grid are quicker: the fineness that
// costs least by the times of the parts, measured on one machine; their ratio is what counts.
int Fineness(const std::vector<std::vector<const Atom*>>& slices, const Grid& g) {
  constexpr double kLonely_s = 15e-6, kCrowded_s = 40e-6, kNeighbour_s = 10e-6, kPoint_s = 50e-9;
  size_t most = 0;
  for (const auto& slice : slices) most = std::max(most, slice.size());
  const double per_A2 = double(most) / (g.lx_A * g.ly_A);
  int best = 1;
  double least_s = std::numeric_limits<double>::infinity();
  for (int fineness = 1; fineness <= 6; ++fineness) {
    const double reach_A = 2 * CoreRadius_A(g) / fineness;
    const double neighbours = std::numbers::pi * reach_A * reach_A * per_A2;
    const double lonely = std::exp(-neighbours);
    const double seconds =
        double(most) *
            (lonely * kLonely_s + (1 - lonely) * (kCrowded_s + neighbours * kNeighbour_s)) +
        double(SmoothGrid(g).size()) * fineness * fineness * kPoint_s;
    if (seconds < 0.8 * least_s) best = fineness, least_s = seconds;
  }
  return best;
}

}  // namespace

PotentialMaker::PotentialMaker(const Grid& grid, double slice_thickness_A,
                               std::shared_ptr<const ScatteringFactors> factors,
                               const PotentialOptions& options)
    : impl_(MakeImpl(grid, slice_thickness_A, std::move(factors), options, 1)) {}

PotentialMaker::~PotentialMaker() = default;
PotentialMaker::PotentialMaker(PotentialMaker&&) noexcept = default;

double PotentialMaker::Impl::highest_frequency_per_A() const {
  return std::hypot(0.5 / smooth_grid.dx_A(), 0.5 / smooth_grid.dy_A());
}

CoreProfile::Options PotentialMaker::Impl::ProfileOptions() const {
  // Atoms as far as two radii off are summed in place, within a core and two pixels around it.
  const double radius_A = core_radius_A;
  const double reach_A = 3 * radius_A + 2 * std::hypot(smooth_grid.dx_A(), smooth_grid.dy_A());
  return {radius_A, reach_A, highest_frequency_per_A()};
}

std::function<double(double)> PotentialMaker::Impl::Shape(int z) const {
  if (z == 0) return [](double) { return 0.0; };
  if (options.placement == Placement::kExact) {
    return [profile = profiles[whole.at(z)]](double k) { return profile->Transform(k); };
  }
  return [this, z](double k) { return PotentialPerScatteringFactor() * factors->At(z, k * k); };
}

void PotentialMaker::Impl::Prepare(const std::vector<std::vector<int>>& elements_of_slices) {
  const double scale = PotentialPerScatteringFactor();
  std::set<int> fresh;
  std::set<std::pair<int, int>> pairs;
  for (const auto& elements : elements_of_slices) {
    for (int z : elements) {
      if (options.placement == Placement::kExact && !whole.contains(z)) fresh.insert(z);
    }
    for (const auto& pair : Pairs(elements)) {
      if (!filters.contains(pair)) pairs.insert(pair);
    }
  }
  const std::vector<int> elements(fresh.begin(), fresh.end());
  for (int z : elements) whole[z] = uint32_t(profiles.size()), profiles.emplace_back();
  ParallelFor(elements.size(), 1, [&](size_t begin, size_t end) {
    for (size_t e = begin; e < end; ++e) {
      const int z = elements[e];
      profiles[whole.at(z)] = std::make_shared<CoreProfile>(
          ProfileOptions(), [&](double r_A) { return scale * factors->Projected(z, r_A); },
          [&](double k2) { return scale * factors->At(z, k2); });
    }
  });
  const std::vector<std::pair<int, int>> wanted(pairs.begin(), pairs.end());
  for (const auto& pair : wanted) filters[pair];
  ParallelFor(wanted.size(), 1, [&](size_t begin, size_t end) {
    for (size_t p = begin; p < end; ++p) {
      const auto [z, other] = wanted[p];
      filters.at(wanted[p]) = MakePairFilter(smooth_grid, deposit, Shape(z), Shape(other));
    }
  });
}

RealBuffer PotentialMaker::Impl::Project(const std::vector<const Atom*>& atoms) const {
  const Grid& g = smooth_grid;
  ComplexBuffer sum, plane(g.size());
  for (const auto& pair : Pairs(ElementsOf(atoms))) {
    std::fill(plane.begin(), plane.end(), Complex(0));
    for (const Atom* a : atoms) {
      if (a->z == pair.first) deposit.Add(*a, Complex(Real(a->occupancy), 0), plane.data());
      if (a->z == pair.second) deposit.Add(*a, Complex(0, Real(a->occupancy)), plane.data());
    }
    forward.Execute(plane.data());
    const ComplexBuffer& filter = filters.at(pair);
    if (sum.empty()) {
      for (size_t i = 0; i < g.size(); ++i) plane[i] *= filter[i];
      sum.swap(plane);
      plane.resize(g.size());
    } else {
      for (size_t i = 0; i < g.size(); ++i) sum[i] += plane[i] * filter[i];
    }
  }
  RealBuffer values(g.size());
  if (sum.empty()) return values;
  inverse.Execute(sum.data());
  for (size_t i = 0; i < g.size(); ++i) values[i] = sum[i].real();
  return values;
}

namespace {

// Atoms at one place (to 1e-6 Å, as equal slices are told) make one core.
SliceCores WholeCores(const std::vector<const Atom*>& atoms, const Grid& grid,
                      const std::map<int, uint32_t>& profiles) {
  std::map<std::pair<int64_t, int64_t>, std::vector<const Atom*>> places;
  for (const Atom* a : atoms) {
    const auto [z, x, y, occupancy] = ProjectAtom(*a, grid);
    places[{x, y}].push_back(a);
  }
  SliceCores out;
  for (const auto& [place, here] : places) {
    out.cores.push_back(
        {here.front()->x_A, here.front()->y_A, uint32_t(out.terms.size()), uint32_t(here.size())});
    for (const Atom* a : here) out.terms.push_back({a->z, profiles.at(a->z), a->occupancy});
  }
  return out;
}

}  // namespace

absl::StatusOr<PotentialSlices> PotentialMaker::Make(const Specimen& specimen) {
  const bool exact = impl_->options.placement == Placement::kExact;
  PotentialSlices out;
  const double height = specimen.cell_A[2];
  const size_t count =
      std::max<size_t>(1, size_t(std::ceil(height / impl_->slice_thickness_A - 1e-6)));
  out.thickness_A = height / double(count);
  std::vector<std::vector<const Atom*>> slices(count);
  for (const Atom& a : specimen.atoms) {
    if (!impl_->factors->Has(a.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", a.z));
    }
    slices[SliceOf(a.z_A, out.thickness_A, count)].push_back(&a);
  }
  if (const int fineness = exact ? Fineness(slices, impl_->grid) : 1; fineness != impl_->fineness) {
    impl_ =
        MakeImpl(impl_->grid, impl_->slice_thickness_A, impl_->factors, impl_->options, fineness);
  }
  Impl& m = *impl_;
  out.grid = m.grid;
  out.smooth_grid = m.smooth_grid;
  std::map<std::vector<ProjectedAtom>, size_t> known;
  std::vector<size_t> first;  // a slice that shows each distinct projection
  for (size_t s = 0; s < count; ++s) {
    const auto [it, is_new] = known.try_emplace(Projected(slices[s], m.grid), first.size());
    if (is_new) first.push_back(s);
    out.order.push_back(it->second);
  }
  std::vector<std::vector<int>> elements;
  for (size_t s : first) elements.push_back(ElementsOf(slices[s]));
  m.Prepare(elements);
  out.distinct.resize(first.size());
  if (exact) out.cores.resize(first.size());
  ParallelFor(first.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) {
      const auto& atoms = slices[first[d]];
      out.distinct[d] = std::make_shared<RealBuffer>(m.Project(atoms));
      if (exact) out.cores[d] = std::make_shared<SliceCores>(WholeCores(atoms, m.grid, m.whole));
    }
  });
  if (m.options.projection == Projection::kFinite) MakeProjectionFinite(slices, &m, &out);
  if (exact) {
    out.profiles = m.profiles;
    out.core_radius_A = m.core_radius_A;
  }
  return out;
}

absl::StatusOr<PotentialSlices> MakePotential(const Specimen& specimen, const Grid& grid,
                                              double slice_thickness_A,
                                              const ScatteringFactors& factors,
                                              const PotentialOptions& options) {
  // The factors outlive the maker: no owner is needed.
  return PotentialMaker(grid, slice_thickness_A,
                        std::shared_ptr<const ScatteringFactors>(std::shared_ptr<void>(), &factors),
                        options)
      .Make(specimen);
}

}  // namespace ronchi::sim
