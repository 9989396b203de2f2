#include "sim/specimen/expand_sites.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::sim {
namespace {

constexpr double kTooNearEquivalents_A = 0.4;
constexpr size_t kMostAtomsOfCell = 10'000'000;

Vector3 Apply(const SymmetryOperation& op, const Vector3& f) {
  Vector3 out;
  for (size_t i = 0; i < 3; ++i) {
    out[i] = op.rotation[i][0] * f[0] + op.rotation[i][1] * f[1] + op.rotation[i][2] * f[2] +
             op.shift[i];
    out[i] = std::max(0.0, out[i] - std::floor(out[i] + 1e-9));
  }
  return out;
}

// Of two places that are near each other, up to lattice vectors.
double Distance_A(const std::array<Vector3, 3>& l, const Vector3& p, const Vector3& q) {
  Vector3 r = {0, 0, 0};
  for (size_t a = 0; a < 3; ++a) {
    const double d = p[a] - q[a], nearest = d - std::round(d);
    for (size_t c = 0; c < 3; ++c) r[c] += nearest * l[a][c];
  }
  return std::hypot(r[0], r[1], r[2]);
}

// The first of each group of places that hang together by distances below `reach_A`, and the size
// of the largest group.
std::vector<Vector3> FirstOfGroups(const std::array<Vector3, 3>& l, const std::vector<Vector3>& p,
                                   double reach_A, size_t* largest, double* nearest_A) {
  std::vector<size_t> group(p.size());
  for (size_t i = 0; i < p.size(); ++i) {
    group[i] = i;
    for (size_t j = 0; j < i; ++j) {
      const double d = Distance_A(l, p[i], p[j]);
      if (d >= reach_A) continue;
      *nearest_A = std::min(*nearest_A, d);
      const size_t from = std::max(group[i], group[j]), into = std::min(group[i], group[j]);
      for (size_t k = 0; k <= i; ++k) {
        if (group[k] == from) group[k] = into;
      }
    }
  }
  std::vector<Vector3> first;
  for (size_t i = 0; i < p.size(); ++i) {
    if (group[i] == i) first.push_back(p[i]);
    *largest = std::max(*largest, size_t(std::count(group.begin(), group.end(), i)));
  }
  return first;
}

}  // namespace

absl::StatusOr<ExpandedSites> ExpandSites(const std::vector<CifSite>& sites,
                                          const std::vector<SymmetryOperation>& operations,
                                          RawStructure* raw) {
  ExpandedSites out;
  raw->atoms.clear();
  auto labels = std::make_shared<std::vector<std::string>>();
  auto site_of = std::make_shared<std::vector<size_t>>();
  const auto& l = raw->lattice_A;
  for (size_t n = 0; n < sites.size(); ++n) {
    const CifSite& site = sites[n];
    labels->push_back(absl::StrCat("'", site.label, "'"));
    std::vector<Vector3> places;
    for (const SymmetryOperation& op : operations) {
      const Vector3 f = Apply(op, site.at);
      const bool known = std::any_of(places.begin(), places.end(), [&](const Vector3& other) {
        return Distance_A(l, f, other) < site.precision_A;
      });
      if (!known) places.push_back(f);
    }
    size_t largest = 1;
    double nearest_A = kTooNearEquivalents_A;
    const std::vector<Vector3> first =
        FirstOfGroups(l, places, kTooNearEquivalents_A, &largest, &nearest_A);
    if (largest > 1 && site.atom.occupancy * double(largest) > 1 + kOccupancySlack) {
      raw->summary.warnings.push_back(absl::StrFormat(
          "%s lies %.2g Å from its own images; taken as one atom on a special position",
          labels->back(), nearest_A));
      places = first;
    }
    if (site.multiplicity > 0 && size_t(site.multiplicity) != places.size()) {
      out.wrong_multiplicities.push_back(
          absl::StrFormat("%s stands %u times in the cell, its multiplicity in the file is %d",
                          labels->back(), places.size(), site.multiplicity));
    }
    if (raw->atoms.size() + places.size() > kMostAtomsOfCell) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMostAtomsOfCell, " atoms in a cell"));
    }
    for (const Vector3& f : places) {
      Atom a = site.atom;
      a.x_A = f[0] * l[0][0] + f[1] * l[1][0] + f[2] * l[2][0];
      a.y_A = f[0] * l[0][1] + f[1] * l[1][1] + f[2] * l[2][1];
      a.z_A = f[0] * l[0][2] + f[1] * l[1][2] + f[2] * l[2][2];
      raw->atoms.push_back(a);
      site_of->push_back(n);
    }
  }
  raw->name = [labels, site_of](size_t i) { return (*labels)[(*site_of)[i]]; };
  if (!out.wrong_multiplicities.empty()) {
    const size_t more = out.wrong_multiplicities.size() - 1;
    raw->summary.warnings.push_back(
        absl::StrCat(out.wrong_multiplicities.front(),
                     more ? absl::StrCat(" (and ", more, " more sites)") : ""));
  }
  return out;
}

}  // namespace ronchi::sim
