#include "sim/specimen/monolayer.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/random.h"
#include "sim/specimen/zone_axis.h"

namespace ronchi::sim {
namespace {

// Moves the atoms so that the widest gap between them, going round along z, lies outside; then
// makes the box as high as they are, with vacuum.
void CutAtWidestGap(Specimen* s, double vacuum_A) {
  std::vector<double> z;
  for (const Atom& a : s->atoms) z.push_back(a.z_A);
  std::sort(z.begin(), z.end());
  double gap = z.front() + s->cell_A[2] - z.back(), first = z.front();
  for (size_t i = 1; i < z.size(); ++i) {
    if (z[i] - z[i - 1] > gap + 1e-9) gap = z[i] - z[i - 1], first = z[i];
  }
  double top = 0;
  for (Atom& a : s->atoms) {
    const double depth = a.z_A - first;
    a.z_A = depth < -1e-9 ? depth + s->cell_A[2] : std::max(0.0, depth);
    top = std::max(top, a.z_A);
  }
  for (Atom& a : s->atoms) a.z_A += vacuum_A;
  // A layer one atom thick without vacuum still needs a box.
  s->cell_A[2] = std::max(top + 2 * vacuum_A, 0.1);
}

// Empties (z = 0) and substitutes sites of one element of the pristine layer: a guest of one host
// is not a host in turn.
absl::Status Alter(int element, const Specimen& pristine, const MonolayerOptions& options,
                   Specimen* s) {
  std::vector<size_t> sites;
  for (size_t i = 0; i < pristine.atoms.size(); ++i) {
    if (pristine.atoms[i].z == element) sites.push_back(i);
  }
  if (sites.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the layer has no atoms of atomic number ", element));
  }
  std::vector<std::pair<int, size_t>> changes;  // to which element (0: none), how many
  double sum = 0;
  const auto want = [&](int guest, double share) {
    sum += share;
    changes.emplace_back(guest, size_t(std::llround(share * double(sites.size()))));
  };
  const auto empty = options.vacancies.find(element);
  if (empty != options.vacancies.end()) want(0, empty->second);
  const auto hosts = options.dopants.find(element);
  if (hosts != options.dopants.end()) {
    for (const auto& [guest, share] : hosts->second) want(guest, share);
  }
  if (sum > 1 + 1e-12) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "vacancies and dopants of atomic number %d sum to %g; allowed: up to 1", element, sum));
  }
  const std::string name = absl::StrCat("sim.monolayer/", element);
  RandomStream random({.seed = options.seed, .name = name});
  size_t drawn = 0;
  for (const auto& [guest, count] : changes) {
    for (size_t n = 0; n < count && drawn < sites.size(); ++n, ++drawn) {
      std::swap(sites[drawn], sites[drawn + random.Below(sites.size() - drawn)]);
      s->atoms[sites[drawn]].z = guest;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Specimen> MakeMonolayer(const Crystal& crystal, const MonolayerOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(ZoneCell cut, CutZone(crystal, {0, 0, 1}, options.max_strain));
  CutAtWidestGap(&cut.specimen, options.vacuum_A);
  double copies[2];
  for (size_t a : {0, 1}) {
    copies[a] = std::max(1.0, std::ceil(options.size_A[a] / cut.specimen.cell_A[a] - 1e-6));
  }
  const double atoms = copies[0] * copies[1] * double(cut.specimen.atoms.size());
  if (atoms > kMostAtoms) {
    return absl::InvalidArgumentError(
        absl::StrFormat("makes %.3g atoms; allowed: up to %g", atoms, kMostAtoms));
  }
  const Specimen pristine = cut.specimen.Repeated(int(copies[0]), int(copies[1]), 1);
  Specimen altered = pristine;
  std::set<int> elements;
  for (const auto& [z, share] : options.vacancies) elements.insert(z);
  for (const auto& [z, guests] : options.dopants) elements.insert(z);
  for (int z : elements) RONCHI_RETURN_IF_ERROR(Alter(z, pristine, options, &altered));
  std::erase_if(altered.atoms, [](const Atom& a) { return a.z == 0; });
  if (altered.atoms.empty()) return absl::InvalidArgumentError("no atoms are left");
  return altered;
}

}  // namespace ronchi::sim
