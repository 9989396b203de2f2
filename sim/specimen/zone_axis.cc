#include "sim/specimen/zone_axis.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::sim {
namespace {

// What lattice constants with seven digits leave of an exact right angle.
constexpr double kRoundOff = 1e-6;
constexpr double kMostAtomsOfBox = 1e6;
// Longer sides are not tried, unless the cell itself has them: a box 0.1 µm wide fits no wave.
constexpr double kLongestPeriod_A = 1000;
// Bounds on the work, about a tenth of a second: vectors looked at, and those compared in pairs.
// Planes across directions up to [20, 20, 20] of usual cells hold fewer out to 1000 Å.
constexpr double kMostTried = 2e6;
constexpr size_t kMostCandidates = 3000;

// A lattice vector that may become a side of the box.
struct Side {
  LatticeDirection n;
  Eigen::Vector3d v;
  double length;
  // Shortest first; among equally long ones (to 1e-6 Å) the one nearer to a, then to b.
  std::tuple<int64_t, int64_t, int64_t, LatticeDirection> order;
};

class Search {
 public:
  Search(const Crystal& crystal, const LatticeDirection& zone)
      : lattice_(Eigen::Map<const Eigen::Matrix3d>(crystal.lattice_A[0].data())),
        beam_(Vector(zone)),
        volume_(crystal.Volume_A3()),
        atoms_(double(crystal.atoms.size())) {}

  struct Found {
    Side p, q;
    double strain, atoms;
  };
  // The pair with the smallest area, widening the search until a better one cannot exist.
  std::optional<Found> Smallest(double max_strain) const;
  Eigen::Vector3d Vector(const LatticeDirection& n) const {
    return lattice_ * Eigen::Vector3d(n[0], n[1], n[2]);
  }

 private:
  double Tried(double radius, double max_cosine) const;
  std::vector<Side> Across(double radius, double max_cosine) const;
  std::optional<Found> Best(const std::vector<Side>& sides, double max_strain) const;
  double Strain(const Side& p, const Side& q) const;

  Eigen::Matrix3d lattice_;  // columns a, b, c
  Eigen::Vector3d beam_;
  double volume_, atoms_;
};

// The number of vectors that Across() looks at.
double Search::Tried(double radius, double max_cosine) const {
  const Eigen::Matrix3d reciprocal = lattice_.inverse();
  const Eigen::Vector3d along = lattice_.transpose() * beam_.normalized();
  int k;
  const double height = along.cwiseAbs().maxCoeff(&k);
  double tried = 1 + 2 * max_cosine * radius / height;
  for (int i : {(k + 1) % 3, (k + 2) % 3}) tried *= 1 + 2 * radius * reciprocal.row(i).norm();
  return tried;
}

// Lattice vectors within `radius` and nearly across the beam, half of each ± pair.
std::vector<Side> Search::Across(double radius, double max_cosine) const {
  const Eigen::Matrix3d reciprocal = lattice_.inverse();                    // rows a*, b*, c*
  const Eigen::Vector3d along = lattice_.transpose() * beam_.normalized();  // heights of a, b, c
  int k;  // the index that the condition n·along ≈ 0 is solved for
  along.cwiseAbs().maxCoeff(&k);
  const int i = (k + 1) % 3, j = (k + 2) % 3;
  const int most_i = int(radius * reciprocal.row(i).norm());
  const int most_j = int(radius * reciprocal.row(j).norm());
  const Eigen::Vector3d a = lattice_.col(0).normalized(), b = lattice_.col(1).normalized();
  std::vector<Side> out;
  for (int ni = -most_i; ni <= most_i; ++ni) {
    for (int nj = -most_j; nj <= most_j; ++nj) {
      const double height = ni * along[i] + nj * along[j];
      const double slack = max_cosine * radius / std::fabs(along[k]);
      const int low = int(std::ceil(-height / along[k] - slack));
      const int high = int(std::floor(-height / along[k] + slack));
      for (int nk = low; nk <= high; ++nk) {
        Side s;
        s.n[size_t(i)] = ni, s.n[size_t(j)] = nj, s.n[size_t(k)] = nk;
        if (s.n <= LatticeDirection{0, 0, 0}) continue;
        s.v = Vector(s.n);
        s.length = s.v.norm();
        if (s.length > radius || std::fabs(s.v.dot(beam_)) > max_cosine * s.length * beam_.norm()) {
          continue;
        }
        const auto rank = [&](double value) { return std::llround(value * 1e6); };
        s.order = {rank(s.length), -rank(std::fabs(s.v.dot(a) / s.length)),
                   -rank(std::fabs(s.v.dot(b) / s.length)), s.n};
        out.push_back(s);
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const Side& s, const Side& t) { return s.order < t.order; });
  if (out.size() > kMostCandidates) out.resize(kMostCandidates);
  return out;
}

// Of the map that takes p, q and the beam to perpendicular vectors of the same lengths.
double Search::Strain(const Side& p, const Side& q) const {
  Eigen::Matrix3d sides;
  sides << p.v.normalized(), q.v.normalized(), beam_.normalized();
  const Eigen::Vector3d stretch = sides.inverse().jacobiSvd().singularValues();
  return (stretch.array() - 1).abs().maxCoeff();
}

std::optional<Search::Found> Search::Best(const std::vector<Side>& sides, double max_strain) const {
  std::optional<Found> best;
  double area = kMostAtomsOfBox / std::max(1.0, atoms_) * volume_ / beam_.norm();
  // Strain of a pair of unit vectors with cosine c is at least 1 - 1/√(1 + c), about c/2.
  const double max_cosine = 2.2 * (max_strain + kRoundOff);
  for (size_t s = 0; s < sides.size(); ++s) {
    if (sides[s].length * sides[s].length >= area) break;
    for (size_t t = s + 1; t < sides.size(); ++t) {
      const double product = sides[s].length * sides[t].length;
      if (product >= area * (1 - 1e-9)) break;
      if (std::fabs(sides[s].v.dot(sides[t].v)) > max_cosine * product) continue;
      const double strain = Strain(sides[s], sides[t]);
      if (strain > max_strain + kRoundOff) continue;
      area = product;
      best = Found{sides[s], sides[t], strain, 0};
    }
  }
  if (best) {
    best->atoms = std::round(std::fabs(best->p.v.cross(best->q.v).dot(beam_)) / volume_) * atoms_;
  }
  return best;
}

std::optional<Search::Found> Search::Smallest(double max_strain) const {
  const double max_cosine = 2.2 * (max_strain + kRoundOff);
  double radius = 2 * std::max(lattice_.colwise().norm().maxCoeff(), beam_.norm());
  double longest = std::max(kLongestPeriod_A, radius);
  while (Tried(longest, max_cosine) > kMostTried) longest /= 1.2;
  for (;; radius *= 2) {
    const std::vector<Side> sides = Across(std::min(radius, longest), max_cosine);
    if (const auto found = Best(sides, max_strain)) {
      // A smaller box has a longer side of at most area/(shortest vector).
      const double enough = found->p.length * found->q.length / sides.front().length;
      if (enough <= radius) return found;
      const auto better = Best(Across(std::min(enough * 1.001, longest), max_cosine), max_strain);
      return better ? better : found;
    }
    if (radius >= longest || sides.size() == kMostCandidates) return std::nullopt;
  }
}

using IntegerMatrix = std::array<LatticeDirection, 3>;

// Rows to upper triangular form by whole-number row operations (Hermite): the same lattice.
IntegerMatrix Triangular(IntegerMatrix m) {
  for (size_t c = 0; c < 3; ++c) {
    for (size_t r = c + 1; r < 3; ++r) {
      while (m[r][c] != 0) {
        const int times = m[c][c] / m[r][c];
        for (size_t k = 0; k < 3; ++k) m[c][k] -= times * m[r][k];
        std::swap(m[c], m[r]);
      }
    }
  }
  return m;
}

// Every cell of the crystal that is not a copy of another under the box's translations is entered
// once: the counts are right by construction, and no atom depends on which side of a face it lies.
Specimen Fill(const Crystal& crystal, const IntegerMatrix& axes, const Search& search) {
  Eigen::Matrix3d box;
  Specimen out;
  for (int a = 0; a < 3; ++a) {
    box.col(a) = search.Vector(axes[size_t(a)]);
    out.cell_A[size_t(a)] = box.col(a).norm();
  }
  out.title = crystal.title;
  out.summary = crystal.summary;
  const Eigen::Matrix3d into_box = box.inverse();
  const IntegerMatrix h = Triangular(axes);
  const int ni = std::abs(h[0][0]), nj = std::abs(h[1][1]), nk = std::abs(h[2][2]);
  out.atoms.reserve(crystal.atoms.size() * size_t(ni) * size_t(nj) * size_t(nk));
  for (int i = 0; i < ni; ++i) {
    for (int j = 0; j < nj; ++j) {
      for (int k = 0; k < nk; ++k) {
        const Eigen::Vector3d shift = search.Vector({i, j, k});
        for (Atom a : crystal.atoms) {
          const Eigen::Vector3d s = into_box * (Eigen::Vector3d(a.x_A, a.y_A, a.z_A) + shift);
          double* const place[3] = {&a.x_A, &a.y_A, &a.z_A};
          for (size_t c = 0; c < 3; ++c) {
            // An atom on a face, up to round-off, belongs to the lower one.
            const double f = s[int(c)] - std::floor(s[int(c)] + 1e-9);
            *place[c] = std::max(0.0, f) * out.cell_A[c];
          }
          out.atoms.push_back(a);
        }
      }
    }
  }
  return out;
}

LatticeDirection Negative(const LatticeDirection& n) { return {-n[0], -n[1], -n[2]}; }

// x nearer to a (to b if a runs along the beam), pointing its way; then y makes it right-handed.
IntegerMatrix Ordered(const Search& search, LatticeDirection p, LatticeDirection q,
                      const LatticeDirection& zone) {
  const auto cosine = [&](const LatticeDirection& n, const LatticeDirection& axis) {
    return search.Vector(n).normalized().dot(search.Vector(axis).normalized());
  };
  LatticeDirection axis = {1, 0, 0};
  if (std::fabs(cosine(p, axis)) < 1e-6 && std::fabs(cosine(q, axis)) < 1e-6) axis = {0, 1, 0};
  if (std::fabs(cosine(q, axis)) > std::fabs(cosine(p, axis)) + 1e-6) std::swap(p, q);
  if (cosine(p, axis) < 0) p = Negative(p);
  if (search.Vector(p).cross(search.Vector(q)).dot(search.Vector(zone)) < 0) q = Negative(q);
  return {p, q, zone};
}

std::string Text(const LatticeDirection& n) {
  return absl::StrCat("[", n[0], ", ", n[1], ", ", n[2], "]");
}

}  // namespace

absl::StatusOr<ZoneCell> CutZone(const Crystal& crystal, LatticeDirection zone, double max_strain) {
  RONCHI_RETURN_IF_ERROR(CheckLattice(crystal.lattice_A));
  const int divisor = std::gcd(std::gcd(zone[0], zone[1]), zone[2]);
  if (divisor == 0) return absl::InvalidArgumentError("[0, 0, 0] is no direction");
  for (int& n : zone) n /= divisor;
  const Search search(crystal, zone);
  const auto found = search.Smallest(max_strain);
  if (!found) {
    std::string offer = "; nor does any up to 0.1";
    for (double strain : {0.001, 0.003, 0.01, 0.03, 0.1}) {
      if (strain <= max_strain) continue;
      if (const auto other = search.Smallest(strain)) {
        offer = absl::StrFormat("; %.2g would give one of %.0f atoms", other->strain * 1.01,
                                other->atoms);
        break;
      }
    }
    return absl::InvalidArgumentError(
        absl::StrFormat("a strain of %g makes no orthogonal box along %s with up to %g atoms%s",
                        max_strain, Text(zone), kMostAtomsOfBox, offer));
  }
  ZoneCell out;
  out.axes = Ordered(search, found->p.n, found->q.n, zone);
  out.specimen = Fill(crystal, out.axes, search);
  out.specimen.strain = found->strain;
  return out;
}

}  // namespace ronchi::sim
