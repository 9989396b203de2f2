#include "sim/potential/finite_projection.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/parallel.h"
#include "sim/physics/electron.h"
#include "sim/potential/atoms_on_grid.h"
#include "sim/potential/deposit.h"

namespace ronchi::sim {
namespace {

// How far an element reaches across a boundary, as functions of (k, distance) of low rank:
//   Beyond(k, d) ≈ Σ_r Beyond(k, depth_r) weight_r(d),
// the depths chosen by a pivoted QR (an interpolative decomposition: Cheng, Gimbutas, Martinsson &
// Rokhlin, SIAM J. Sci. Comput. 26, 1389 (2005)).
class Reach {
 public:
  // Over the distances from `from_A` to `to_A`, for frequencies up to k_max.
  Reach(int z, double from_A, double to_A, double k_max, const ScatteringFactors& factors)
      : from_A_(from_A), log_reach_(std::log1p((to_A - from_A) / kFinest_A)) {
    const double f0 = factors.At(z, 0);
    Eigen::MatrixXd shape(kFrequencies, kDepths);
    for (int i = 0; i < kFrequencies; ++i) {
      // Frequencies too are graded; the first is 0.
      const double k2 = std::pow(k_max * std::pow(double(i) / (kFrequencies - 1), 2), 2);
      // Each against f(k) itself, but where a Gaussian table has died out.
      const double scale = std::max(factors.At(z, k2), 1e-4 * f0);
      for (int m = 0; m < kDepths; ++m) shape(i, m) = factors.Beyond(z, k2, Depth_A(m)) / scale;
    }
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(shape);
    const Eigen::MatrixXd r = qr.matrixR().triangularView<Eigen::Upper>();
    Eigen::Index rank = 1;
    while (rank < kFrequencies && std::fabs(r(rank, rank)) > kResidual) ++rank;
    weights_ = r.topLeftCorner(rank, rank).triangularView<Eigen::Upper>().solve(r.topRows(rank)) *
               qr.colsPermutation().transpose();
    for (Eigen::Index i = 0; i < rank; ++i) {
      depths_A_.push_back(Depth_A(int(qr.colsPermutation().indices()[i])));
    }
  }

  const std::vector<double>& depths_A() const { return depths_A_; }

  // The weights for an atom `distance_A` off, within reach.
  Eigen::VectorXd Weights(double distance_A) const {
    const double at = std::log1p((distance_A - from_A_) / kFinest_A) / log_reach_ * (kDepths - 1);
    const int m = std::clamp(int(at), 0, kDepths - 2);
    return (1 - (at - m)) * weights_.col(m) + (at - m) * weights_.col(m + 1);
  }

 private:
  // The residual at which depths are enough.
  static constexpr double kResidual = 5e-5;
  static constexpr int kFrequencies = 64;
  // Distances are tabulated in steps of 1 % of themselves (from some 0.05 Å on): linear
  // interpolation of e^{−2πκd} is then off by at most 0.034 · (1 %)², whatever κ.
  static constexpr int kDepths = 512;
  static constexpr double kFinest_A = 0.05;

  double Depth_A(int m) const {
    return from_A_ + kFinest_A * std::expm1(log_reach_ * m / (kDepths - 1));
  }

  double from_A_, log_reach_;
  std::vector<double> depths_A_;
  Eigen::MatrixXd weights_;  // [depths_A_, kDepths]
};

// An atom near a boundary; `distance_A` is positive for atoms below it.
struct NearAtom {
  const Atom* atom;
  double distance_A;
};

// What atoms within one range of distances reach across with.
struct Range {
  Reach reach;
  std::vector<uint32_t> profiles;  // by depth; near the boundary, with exact placement, alone
  // Two depths in one: see MakePairFilter.
  std::vector<ComplexBuffer> filters;

  size_t pairs() const { return (reach.depths_A().size() + 1) / 2; }
};

struct Element {
  double reach_A = 0;         // where 1e-5 of f(0) is left
  double near_A = 0;          // atoms nearer than this have cusps that the grid cannot hold
  std::vector<Range> ranges;  // near (if any), far

  const Range& At(double distance_A) const {
    return distance_A < near_A ? ranges.front() : ranges.back();
  }
};

using Maker = PotentialMaker::Impl;

Element MakeElement(int z, const Maker& m) {
  constexpr double kTail = 1e-5;
  // A core's transform goes on beyond the grid's frequencies: this much further it is weighed, too.
  constexpr double kBeyondGrid = 8;
  const ScatteringFactors& factors = *m.factors;
  Element e;
  const double f0 = factors.At(z, 0), k_max = m.highest_frequency_per_A();
  while (factors.Beyond(z, 0, e.reach_A) > kTail * f0) e.reach_A += 0.1;
  if (m.options.placement == Placement::kExact) {
    e.near_A = std::min(m.core_radius_A, 0.5 * e.reach_A);
    e.ranges.push_back({Reach(z, 0, e.near_A, kBeyondGrid * k_max, factors), {}, {}});
  }
  e.ranges.push_back({Reach(z, e.near_A, e.reach_A, k_max, factors), {}, {}});
  return e;
}

std::shared_ptr<const CoreProfile> ProfileBeyond(int z, double depth_A, const Maker& m) {
  const double scale = PotentialPerScatteringFactor();
  return std::make_shared<CoreProfile>(
      m.ProfileOptions(),
      [&](double r_A) { return scale * m.factors->ProjectedBeyond(z, r_A, depth_A); },
      [&](double k2) { return scale * m.factors->Beyond(z, k2, depth_A); });
}

// The profiles of elements that the maker has not met in a finite projection yet.
void MakeNearProfiles(const std::map<int, Element>& elements, Maker* m) {
  std::vector<std::tuple<int, double, uint32_t>> wanted;
  for (const auto& [z, e] : elements) {
    if (e.near_A == 0 || m->near.contains(z)) continue;
    for (double depth_A : e.ranges.front().reach.depths_A()) {
      wanted.emplace_back(z, depth_A, uint32_t(m->profiles.size()));
      m->near[z].push_back(uint32_t(m->profiles.size()));
      m->profiles.emplace_back();
    }
  }
  ParallelFor(wanted.size(), 1, [&](size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) {
      const auto [z, depth_A, profile] = wanted[n];
      m->profiles[profile] = ProfileBeyond(z, depth_A, *m);
    }
  });
}

std::map<int, Element> MakeElements(const std::vector<std::vector<const Atom*>>& atoms, Maker* m) {
  std::map<int, Element> elements;
  for (const auto& slice : atoms) {
    for (const Atom* a : slice) {
      if (!elements.contains(a->z)) elements.try_emplace(a->z, MakeElement(a->z, *m));
    }
  }
  MakeNearProfiles(elements, m);
  std::vector<std::tuple<int, Range*, size_t>> filters;  // element, range, pair
  for (auto& [z, e] : elements) {
    if (e.near_A > 0) e.ranges.front().profiles = m->near.at(z);
    for (Range& range : e.ranges) {
      range.filters.resize(range.pairs());
      for (size_t p = 0; p < range.pairs(); ++p) filters.emplace_back(z, &range, p);
    }
  }
  ParallelFor(filters.size(), 1, [&](size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) {
      const auto [z, range, p] = filters[n];
      const auto shape = [&, z = z, range = range](size_t depth) {
        return [&, z, range, depth](double k) {
          if (depth >= range->reach.depths_A().size()) return 0.0;
          if (!range->profiles.empty()) return m->profiles[range->profiles[depth]]->Transform(k);
          return PotentialPerScatteringFactor() *
                 m->factors->Beyond(z, k * k, range->reach.depths_A()[depth]);
        };
      };
      range->filters[p] =
          MakePairFilter(m->smooth_grid, m->deposit, shape(2 * p), shape(2 * p + 1));
    }
  });
  return elements;
}

Eigen::VectorXd SignedWeights(const NearAtom& a, const Range& range) {
  return range.reach.Weights(std::fabs(a.distance_A)) * (std::signbit(a.distance_A) ? -1 : 1) *
         a.atom->occupancy;
}

// Adds to `sum` the transform of what the atoms of one range reach across with.
void AddTransform(const std::vector<NearAtom>& atoms, const Range& range, const Maker& m,
                  ComplexBuffer* plane, ComplexBuffer* sum) {
  std::vector<Eigen::VectorXd> weights;
  for (const NearAtom& a : atoms) weights.push_back(SignedWeights(a, range));
  for (size_t p = 0; !atoms.empty() && p < range.filters.size(); ++p) {
    std::fill(plane->begin(), plane->end(), Complex(0));
    for (size_t n = 0; n < atoms.size(); ++n) {
      const Eigen::Index first = Eigen::Index(2 * p);
      const Complex w(Real(weights[n][first]),
                      first + 1 < weights[n].size() ? Real(weights[n][first + 1]) : 0);
      m.deposit.Add(*atoms[n].atom, w, plane->data());
    }
    m.forward.Execute(plane->data());
    const ComplexBuffer& filter = range.filters[p];
    for (size_t i = 0; i < sum->size(); ++i) (*sum)[i] += (*plane)[i] * filter[i];
  }
}

// Q of a boundary, V Å.
RealBuffer Across(const std::vector<NearAtom>& atoms, const Maker& m,
                  const std::map<int, Element>& elements) {
  const size_t size = m.smooth_grid.size();
  ComplexBuffer sum(size), plane(size);
  for (const auto& [z, element] : elements) {
    for (const Range& range : element.ranges) {
      std::vector<NearAtom> here;
      for (const NearAtom& a : atoms) {
        if (a.atom->z == z && &element.At(std::fabs(a.distance_A)) == &range) here.push_back(a);
      }
      AddTransform(here, range, m, &plane, &sum);
    }
  }
  m.inverse.Execute(sum.data());
  RealBuffer values(size);
  for (size_t i = 0; i < size; ++i) values[i] = sum[i].real();
  return values;
}

// A slice's cores while they are put together, by place (to 1e-6 Å).
using Places = std::map<std::pair<int64_t, int64_t>,
                        std::pair<std::array<double, 2>, std::vector<SliceCores::Term>>>;

void AddWhole(const SliceCores& from, const Grid& grid, Places* places) {
  for (const SliceCores::Core& c : from.cores) {
    const auto [z, x, y, occupancy] = ProjectAtom({.x_A = c.x_A, .y_A = c.y_A}, grid);
    auto& [at, terms] = (*places)[{x, y}];
    at = {c.x_A, c.y_A};
    terms.insert(terms.end(), from.terms.begin() + c.first_term,
                 from.terms.begin() + c.first_term + c.terms);
  }
}

// `sign`: +1 for the slice above the boundary, −1 for the one below.
void AddAcross(const std::vector<NearAtom>& atoms, double sign, const Grid& grid,
               const std::map<int, Element>& elements, Places* places) {
  for (const NearAtom& a : atoms) {
    const Element& element = elements.at(a.atom->z);
    const Range& range = element.At(std::fabs(a.distance_A));
    if (range.profiles.empty()) continue;
    const auto [z, x, y, occupancy] = ProjectAtom(*a.atom, grid);
    auto& [at, terms] = (*places)[{x, y}];
    at = {a.atom->x_A, a.atom->y_A};
    const Eigen::VectorXd weights = SignedWeights(a, range);
    for (Eigen::Index d = 0; d < weights.size(); ++d) {
      terms.push_back({a.atom->z, range.profiles[size_t(d)], sign * weights[d]});
    }
  }
}

SliceCores Collect(const Places& places) {
  SliceCores out;
  for (const auto& [key, place] : places) {
    const auto& [at, terms] = place;
    out.cores.push_back({at[0], at[1], uint32_t(out.terms.size()), uint32_t(terms.size())});
    out.terms.insert(out.terms.end(), terms.begin(), terms.end());
  }
  return out;
}

// The atoms within reach of the boundary between slices b − 1 and b.
std::vector<NearAtom> AtomsNear(size_t b, const std::vector<std::vector<const Atom*>>& atoms,
                                double thickness_A, const std::map<int, Element>& elements) {
  double reach_A = 0;
  for (const auto& [z, e] : elements) reach_A = std::max(reach_A, e.reach_A);
  const size_t slices = size_t(std::ceil(reach_A / thickness_A)) + 1;
  std::vector<NearAtom> near;
  for (size_t s = b - std::min(b, slices); s < std::min(atoms.size(), b + slices); ++s) {
    for (const Atom* a : atoms[s]) {
      // An atom on the boundary belongs to the slice below.
      const double distance_A = std::fabs(a->z_A - double(b) * thickness_A);
      if (distance_A > elements.at(a->z).reach_A) continue;
      near.push_back({a, s >= b ? distance_A : -distance_A});
    }
  }
  return near;
}

// Equal keys: equal atoms at equal distances (to 1e-6 Å).
using BoundaryKey = std::vector<std::tuple<ProjectedAtom, int64_t>>;

BoundaryKey BoundaryKeyOf(const std::vector<NearAtom>& near, const Grid& g) {
  BoundaryKey key;
  for (const NearAtom& a : near) {
    key.emplace_back(ProjectAtom(*a.atom, g), std::llround(a.distance_A * 1e6));
  }
  std::sort(key.begin(), key.end());
  return key;
}

}  // namespace

void MakeProjectionFinite(const std::vector<std::vector<const Atom*>>& atoms,
                          PotentialMaker::Impl* maker, PotentialSlices* slices) {
  const Grid& g = slices->grid;
  const size_t count = slices->order.size(), size = slices->smooth_grid.size();
  const std::map<int, Element> elements = MakeElements(atoms, maker);
  std::map<BoundaryKey, size_t> known;
  std::vector<std::vector<NearAtom>> distinct;
  std::vector<size_t> boundary(count + 1, 0);  // of distinct; of those inside
  for (size_t b = 1; b < count; ++b) {
    std::vector<NearAtom> near = AtomsNear(b, atoms, slices->thickness_A, elements);
    const auto [it, is_new] = known.try_emplace(BoundaryKeyOf(near, g), distinct.size());
    if (is_new) distinct.push_back(std::move(near));
    boundary[b] = it->second;
  }
  std::vector<RealBuffer> across(distinct.size());
  ParallelFor(distinct.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) across[d] = Across(distinct[d], *maker, elements);
  });

  constexpr size_t kFace = SIZE_MAX;
  std::map<std::array<size_t, 3>, size_t> combinations;  // infinite slice, upper, lower boundary
  std::vector<std::shared_ptr<const RealBuffer>> finite;
  std::vector<std::shared_ptr<const SliceCores>> cores;
  for (size_t s = 0; s < count; ++s) {
    const size_t upper = s > 0 ? boundary[s] : kFace,
                 lower = s + 1 < count ? boundary[s + 1] : kFace;
    const auto [it, is_new] =
        combinations.try_emplace({slices->order[s], upper, lower}, finite.size());
    if (is_new) {
      auto v = std::make_shared<RealBuffer>(*slices->distinct[slices->order[s]]);
      for (size_t i = 0; i < size; ++i) {
        (*v)[i] +=
            (lower != kFace ? across[lower][i] : 0) - (upper != kFace ? across[upper][i] : 0);
      }
      finite.push_back(std::move(v));
      if (!slices->cores.empty()) {
        Places places;
        AddWhole(*slices->cores[slices->order[s]], g, &places);
        if (lower != kFace) AddAcross(distinct[lower], 1, g, elements, &places);
        if (upper != kFace) AddAcross(distinct[upper], -1, g, elements, &places);
        cores.push_back(std::make_shared<SliceCores>(Collect(places)));
      }
    }
    slices->order[s] = it->second;
  }
  slices->distinct = std::move(finite);
  slices->cores = std::move(cores);
}

}  // namespace ronchi::sim
