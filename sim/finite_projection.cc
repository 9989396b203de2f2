#include "sim/finite_projection.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/parallel.h"
#include "sim/atoms_on_grid.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

// How far an element reaches across a boundary, as functions of (k, distance) of low rank:
//   Beyond(k, d) ≈ Σ_r Beyond(k, depth_r) weight_r(d),
// the depths chosen by a pivoted QR (an interpolative decomposition: Cheng, Gimbutas, Martinsson &
// Rokhlin, SIAM J. Sci. Comput. 26, 1389 (2005)).
class Reach {
 public:
  Reach(int z, double k_max, const ScatteringFactors& factors) {
    const double f0 = factors.At(z, 0);
    while (factors.Beyond(z, 0, reach_A_) > kTail * f0) reach_A_ += 0.1;
    log_reach_ = std::log1p(reach_A_ / kFinest_A);
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

  double reach_A() const { return reach_A_; }
  const std::vector<double>& depths_A() const { return depths_A_; }

  // The weights for an atom `distance_A` off, within reach.
  Eigen::VectorXd Weights(double distance_A) const {
    const double at = std::log1p(distance_A / kFinest_A) / log_reach_ * (kDepths - 1);
    const int m = std::clamp(int(at), 0, kDepths - 2);
    return (1 - (at - m)) * weights_.col(m) + (at - m) * weights_.col(m + 1);
  }

 private:
  // What is left of f(0) where an atom ends, and the residual at which depths are enough.
  static constexpr double kTail = 1e-5, kResidual = 5e-5;
  static constexpr int kFrequencies = 64;
  // Distances are tabulated in steps of 1 % of themselves (from some 0.05 Å on): linear
  // interpolation of e^{−2πκd} is then off by at most 0.034 · (1 %)², whatever κ.
  static constexpr int kDepths = 512;
  static constexpr double kFinest_A = 0.05;

  double Depth_A(int m) const { return kFinest_A * std::expm1(log_reach_ * m / (kDepths - 1)); }

  double reach_A_ = 0, log_reach_ = 0;
  std::vector<double> depths_A_;
  Eigen::MatrixXd weights_;  // [depths_A_, kDepths]
};

// An atom near a boundary; `distance_A` is positive for atoms below it.
struct NearAtom {
  const Atom* atom;
  double distance_A;
};

struct Element {
  Reach reach;
  // Two depths in one: real and negative imaginary part multiply the transform of planes that hold
  // the atoms of one depth in their real and of the next in their imaginary part. The real part of
  // the transform back is then the sum of both, as either filter is even.
  std::vector<ComplexBuffer> filters;
};

ComplexBuffer PairFilter(int z, double depth_A, const double* next_depth_A, const Grid& g,
                         const ScatteringFactors& factors) {
  ComplexBuffer filter(g.size());
  const double scale = PotentialPerScatteringFactor() / (g.dx_A() * g.dy_A()) / double(g.size());
  for (size_t i = 0; i <= g.nx / 2; ++i) {
    for (size_t j = 0; j <= g.ny / 2; ++j) {
      const double kx = g.kx_per_A(i), ky = g.ky_per_A(j), k2 = kx * kx + ky * ky;
      const double sharpened = scale / SharingBlur(g, kx, ky);
      const Complex value(
          Real(sharpened * factors.Beyond(z, k2, depth_A)),
          next_depth_A ? -Real(sharpened * factors.Beyond(z, k2, *next_depth_A)) : 0);
      const size_t mirror_i = (g.nx - i) % g.nx, mirror_j = (g.ny - j) % g.ny;
      filter[i * g.ny + j] = filter[mirror_i * g.ny + j] = value;
      filter[i * g.ny + mirror_j] = filter[mirror_i * g.ny + mirror_j] = value;
    }
  }
  return filter;
}

std::map<int, Element> MakeElements(const std::vector<std::vector<const Atom*>>& atoms,
                                    const Grid& g, const ScatteringFactors& factors) {
  const double k_max = std::hypot(0.5 / g.dx_A(), 0.5 / g.dy_A());
  std::map<int, Element> elements;
  std::vector<std::pair<int, size_t>> filters;  // element, pair
  for (const auto& slice : atoms) {
    for (const Atom* a : slice) {
      if (elements.contains(a->z)) continue;
      Element& e =
          elements.try_emplace(a->z, Element{Reach(a->z, k_max, factors), {}}).first->second;
      e.filters.resize((e.reach.depths_A().size() + 1) / 2);
      for (size_t p = 0; p < e.filters.size(); ++p) filters.emplace_back(a->z, p);
    }
  }
  ParallelFor(filters.size(), 1, [&](size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) {
      const auto [z, p] = filters[n];
      Element& e = elements.at(z);
      const std::vector<double>& depths = e.reach.depths_A();
      e.filters[p] = PairFilter(
          z, depths[2 * p], 2 * p + 1 < depths.size() ? &depths[2 * p + 1] : nullptr, g, factors);
    }
  });
  return elements;
}

// Q of a boundary, V Å.
RealBuffer Across(const std::vector<NearAtom>& atoms, const Grid& g,
                  const std::map<int, Element>& elements, const Fft& forward, const Fft& inverse) {
  ComplexBuffer sum(g.size()), plane(g.size());
  for (const auto& [z, element] : elements) {
    std::vector<GridShares> shares;
    std::vector<Eigen::VectorXd> weights;
    for (const NearAtom& a : atoms) {
      if (a.atom->z != z) continue;
      shares.push_back(ShareOnGrid(*a.atom, g));
      weights.push_back(element.reach.Weights(std::fabs(a.distance_A)) *
                        (std::signbit(a.distance_A) ? -1 : 1) * a.atom->occupancy);
    }
    if (shares.empty()) continue;
    for (size_t p = 0; p < element.filters.size(); ++p) {
      std::fill(plane.begin(), plane.end(), Complex(0));
      for (size_t n = 0; n < shares.size(); ++n) {
        const Eigen::Index first = Eigen::Index(2 * p);
        const Complex w(Real(weights[n][first]),
                        first + 1 < weights[n].size() ? Real(weights[n][first + 1]) : 0);
        for (int q = 0; q < 4; ++q) plane[shares[n].index[q]] += Real(shares[n].share[q]) * w;
      }
      forward.Execute(plane.data());
      const ComplexBuffer& filter = element.filters[p];
      for (size_t i = 0; i < g.size(); ++i) sum[i] += plane[i] * filter[i];
    }
  }
  inverse.Execute(sum.data());
  RealBuffer values(g.size());
  for (size_t i = 0; i < g.size(); ++i) values[i] = sum[i].real();
  return values;
}

// The atoms within reach of the boundary between slices b − 1 and b.
std::vector<NearAtom> AtomsNear(size_t b, const std::vector<std::vector<const Atom*>>& atoms,
                                double thickness_A, const std::map<int, Element>& elements) {
  double reach_A = 0;
  for (const auto& [z, e] : elements) reach_A = std::max(reach_A, e.reach.reach_A());
  const size_t slices = size_t(std::ceil(reach_A / thickness_A)) + 1;
  std::vector<NearAtom> near;
  for (size_t s = b - std::min(b, slices); s < std::min(atoms.size(), b + slices); ++s) {
    for (const Atom* a : atoms[s]) {
      // An atom on the boundary belongs to the slice below.
      const double distance_A = std::fabs(a->z_A - double(b) * thickness_A);
      if (distance_A > elements.at(a->z).reach.reach_A()) continue;
      near.push_back({a, s >= b ? distance_A : -distance_A});
    }
  }
  return near;
}

// Equal keys: equal atoms at equal distances (to 1e-6 Å).
using BoundaryKey = std::vector<std::tuple<ProjectedAtom, int64_t>>;

BoundaryKey Key(const std::vector<NearAtom>& near, const Grid& g) {
  BoundaryKey key;
  for (const NearAtom& a : near) {
    key.emplace_back(ProjectAtom(*a.atom, g), std::llround(a.distance_A * 1e6));
  }
  std::sort(key.begin(), key.end());
  return key;
}

}  // namespace

void MakeProjectionFinite(const std::vector<std::vector<const Atom*>>& atoms,
                          const ScatteringFactors& factors, PotentialSlices* slices) {
  const Grid& g = slices->grid;
  const size_t count = slices->order.size();
  const std::map<int, Element> elements = MakeElements(atoms, g, factors);
  std::map<BoundaryKey, size_t> known;
  std::vector<std::vector<NearAtom>> distinct;
  std::vector<size_t> boundary(count + 1, 0);  // of distinct; of those inside
  for (size_t b = 1; b < count; ++b) {
    std::vector<NearAtom> near = AtomsNear(b, atoms, slices->thickness_A, elements);
    const auto [it, is_new] = known.try_emplace(Key(near, g), distinct.size());
    if (is_new) distinct.push_back(std::move(near));
    boundary[b] = it->second;
  }
  const Fft forward =
      Fft::Plane(int(g.nx), int(g.ny), Fft::Direction::kForward, Fft::Effort::kMeasure);
  const Fft inverse =
      Fft::Plane(int(g.nx), int(g.ny), Fft::Direction::kInverse, Fft::Effort::kMeasure);
  std::vector<RealBuffer> across(distinct.size());
  ParallelFor(distinct.size(), 1, [&](size_t begin, size_t end) {
    for (size_t d = begin; d < end; ++d) {
      across[d] = Across(distinct[d], g, elements, forward, inverse);
    }
  });

  constexpr size_t kFace = SIZE_MAX;
  std::map<std::array<size_t, 3>, size_t> combinations;  // infinite slice, upper, lower boundary
  std::vector<std::shared_ptr<const RealBuffer>> finite;
  for (size_t s = 0; s < count; ++s) {
    const size_t upper = s > 0 ? boundary[s] : kFace,
                 lower = s + 1 < count ? boundary[s + 1] : kFace;
    const auto [it, is_new] =
        combinations.try_emplace({slices->order[s], upper, lower}, finite.size());
    if (is_new) {
      auto v = std::make_shared<RealBuffer>(*slices->distinct[slices->order[s]]);
      for (size_t i = 0; i < g.size(); ++i) {
        (*v)[i] +=
            (lower != kFace ? across[lower][i] : 0) - (upper != kFace ? across[upper][i] : 0);
      }
      finite.push_back(std::move(v));
    }
    slices->order[s] = it->second;
  }
  slices->distinct = std::move(finite);
}

}  // namespace ronchi::sim
