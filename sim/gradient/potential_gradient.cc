#include "sim/gradient/potential_gradient.h"

#include <cmath>
#include <map>
#include <numbers>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "sim/physics/electron.h"
#include "sim/potential/atoms_on_grid.h"
#include "sim/potential/deposit.h"

namespace ronchi::sim {
namespace {

// The atoms of one plane, by element.
using AtomsOfPlane = std::map<int, std::vector<size_t>>;

class Backward {
 public:
  Backward(const Specimen& specimen, const PotentialSlices& potential,
           const ScatteringFactors& factors, std::vector<AtomGradient>* out)
      : specimen_(specimen),
        potential_(potential),
        factors_(factors),
        g_(potential.smooth_grid),
        exact_(!potential.cores.empty()),
        deposit_(g_, exact_ ? Placement::kExact : Placement::kBilinear),
        forward_(
            Fft::Plane(int(g_.nx), int(g_.ny), Fft::Direction::kForward, Fft::Effort::kEstimate)),
        inverse_(
            Fft::Plane(int(g_.nx), int(g_.ny), Fft::Direction::kInverse, Fft::Effort::kEstimate)),
        out_(*out) {}

  // `distinct`: the slice that the plane belongs to.
  void Plane(size_t distinct, const RealBuffer& by_value,
             std::span<const Transmission::Gradient::Term> by_term, const AtomsOfPlane& atoms) {
    ComplexBuffer transform(by_value.begin(), by_value.end()), plane(g_.size());
    forward_.Execute(transform.data());
    for (const auto& [z, here] : atoms) {
      exact_ ? Exact(z, transform, here, &plane) : Bilinear(z, transform, here, &plane);
    }
    if (exact_) Terms(*potential_.cores[distinct], by_term, atoms);
  }

 private:
  double Shape(int z, double k) const {
    if (!exact_) return PotentialPerScatteringFactor() * factors_.At(z, k * k);
    for (const auto& slice : potential_.cores) {
      for (const SliceCores::Term& t : slice->terms) {
        if (t.z == z) return potential_.profiles[t.profile]->Transform(k);
      }
    }
    return 0;
  }

  // plane = transform back of (transform · filter of the element · more(kx, ky)).
  template <class More>
  void Filter(int z, const ComplexBuffer& transform, const More& more, ComplexBuffer* plane) const {
    const double scale = 1 / (g_.lx_A * g_.ly_A);
    for (size_t i = 0; i < g_.nx; ++i) {
      for (size_t j = 0; j < g_.ny; ++j) {
        const double kx = g_.kx_per_A(i), ky = g_.ky_per_A(j);
        const double filter =
            scale * deposit_.Sharpening(i, j) * Shape(z, std::hypot(kx, ky)) * more(kx, ky);
        (*plane)[i * g_.ny + j] = transform[i * g_.ny + j] * Real(filter);
      }
    }
    inverse_.Execute(plane->data());
  }

  void Bilinear(int z, const ComplexBuffer& transform, const std::vector<size_t>& here,
                ComplexBuffer* plane) {
    Filter(
        z, transform, [](double, double) { return 1.0; }, plane);
    for (size_t a : here) {
      const Atom& atom = specimen_.atoms[a];
      const GridShares at = ShareOnGrid(atom, g_);
      const GridShareSlopes slopes = ShareSlopes(at, g_);
      for (int q = 0; q < 4; ++q) {
        const double value = (*plane)[at.index[q]].real();
        out_[a].x_per_A += atom.occupancy * slopes.by_x_A[q] * value;
        out_[a].y_per_A += atom.occupancy * slopes.by_y_A[q] * value;
        out_[a].occupancy += at.share[q] * value;
      }
    }
  }

  // What an atom's smooth part does: the field h = Σ by_value S at the atom's place in the real
  // part and ∂h/∂x in the imaginary one, i · 2πi kx = −2πkx; then ∂h/∂y.
  void Exact(int z, const ComplexBuffer& transform, const std::vector<size_t>& here,
             ComplexBuffer* plane) {
    constexpr double kTwoPi = 2 * std::numbers::pi;
    Filter(
        z, transform, [](double kx, double) { return 1 - kTwoPi * kx; }, plane);
    for (size_t a : here) {
      const Complex h = deposit_.Read(specimen_.atoms[a], plane->data());
      out_[a].occupancy += h.real();
      out_[a].x_per_A += specimen_.atoms[a].occupancy * h.imag();
    }
    Filter(
        z, transform, [](double, double ky) { return -kTwoPi * ky; }, plane);
    for (size_t a : here) {
      out_[a].y_per_A +=
          specimen_.atoms[a].occupancy * deposit_.Read(specimen_.atoms[a], plane->data()).imag();
    }
  }

  // What an atom's core does.
  void Terms(const SliceCores& cores, std::span<const Transmission::Gradient::Term> by_term,
             const AtomsOfPlane& atoms) {
    std::map<ProjectedAtom, size_t> terms;
    for (const SliceCores::Core& c : cores.cores) {
      for (uint32_t t = c.first_term; t < c.first_term + c.terms; ++t) {
        const SliceCores::Term& term = cores.terms[t];
        terms[ProjectAtom({term.z, c.x_A, c.y_A, 0, term.weight}, potential_.grid)] = t;
      }
    }
    for (const auto& [z, here] : atoms) {
      for (size_t a : here) {
        const auto& by = by_term[terms.at(ProjectAtom(specimen_.atoms[a], potential_.grid))];
        out_[a].x_per_A += by.x_per_A;
        out_[a].y_per_A += by.y_per_A;
        out_[a].occupancy += by.weight;
      }
    }
  }

  const Specimen& specimen_;
  const PotentialSlices& potential_;
  const ScatteringFactors& factors_;
  const Grid& g_;
  bool exact_;
  Deposit deposit_;
  Fft forward_, inverse_;
  std::vector<AtomGradient>& out_;
};

}  // namespace

absl::StatusOr<std::vector<AtomGradient>> ToAtomGradient(const Specimen& specimen,
                                                         const PotentialSlices& potential,
                                                         const ScatteringFactors& factors,
                                                         Projection projection,
                                                         const MultisliceGradient& gradient) {
  if (projection == Projection::kFinite) {
    return absl::InvalidArgumentError(
        "derivatives by atoms are not there for a finite projection; allowed: infinite");
  }
  const size_t count = potential.order.size(), planes = gradient.potential.size();
  const bool by_slice = planes == count;
  if (!by_slice && planes != potential.distinct.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("derivatives by ", planes, " planes; allowed: ", count, ", one a slice, or ",
                     potential.distinct.size(), ", one a distinct slice"));
  }
  std::vector<AtomsOfPlane> atoms(planes);
  for (size_t a = 0; a < specimen.atoms.size(); ++a) {
    const Atom& atom = specimen.atoms[a];
    if (!factors.Has(atom.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", atom.z));
    }
    const size_t slice = SliceOf(atom.z_A, potential.thickness_A, count);
    atoms[by_slice ? slice : potential.order[slice]][atom.z].push_back(a);
  }
  std::vector<AtomGradient> out(specimen.atoms.size());
  Backward backward(specimen, potential, factors, &out);
  ParallelFor(planes, 1, [&](size_t begin, size_t end) {
    for (size_t p = begin; p < end; ++p) {
      backward.Plane(by_slice ? potential.order[p] : p, gradient.potential[p],
                     gradient.terms.empty() ? std::span<const Transmission::Gradient::Term>()
                                            : gradient.terms[p],
                     atoms[p]);
    }
  });
  return out;
}

}  // namespace ronchi::sim
