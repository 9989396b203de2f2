#include "sim/specimen/assemble.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/specimen/periodic_points.h"

namespace ronchi::sim {
namespace {

// Occupants of one place, refined or rounded apart, lie within this; no two atoms do.
constexpr double kSamePlace_A = 0.05;
// Nothing is bound nearer than this (H2: 0.74 Å).
constexpr double kTooNear_A = 0.5;
// Above this an atom hardly belongs to a crystal; U in place of B gives such numbers.
constexpr double kLargeRms_A = 0.5;
constexpr double kMostRms_A = 2;
// Sums of occupancies as published agree with the formula to a few tenths of a per cent.
constexpr double kFormulaTolerance = 0.02;
constexpr size_t kMostWarnings = 20;

std::vector<Vector3> Places(const std::vector<Atom>& atoms) {
  std::vector<Vector3> places;
  places.reserve(atoms.size());
  for (const Atom& a : atoms) places.push_back({a.x_A, a.y_A, a.z_A});
  return places;
}

double Separation_A(const Atom& a, const Atom& b) {
  return std::hypot(a.x_A - b.x_A, a.y_A - b.y_A, a.z_A - b.z_A);
}

void KeepOnly(const std::vector<char>& keep, RawStructure* raw) {
  std::vector<size_t> from;
  for (size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    raw->atoms[from.size()] = raw->atoms[i];
    from.push_back(i);
  }
  raw->atoms.resize(from.size());
  const auto shared = std::make_shared<const std::vector<size_t>>(std::move(from));
  raw->name = [shared, name = raw->name](size_t i) { return name((*shared)[i]); };
  raw->error = [shared, error = raw->error](size_t i, const std::string& what) {
    return error((*shared)[i], what);
  };
}

// Atoms that stand at one place, by the first of them; alone ones are left out.
std::vector<std::vector<size_t>> SharedPlaces(const RawStructure& raw) {
  const PeriodicPoints points(raw.lattice_A, raw.summary.periodic, Places(raw.atoms), kSamePlace_A);
  std::vector<std::vector<size_t>> out;
  std::vector<char> taken(raw.atoms.size(), 0);
  for (size_t i = 0; i < raw.atoms.size(); ++i) {
    if (taken[i]) continue;
    std::vector<size_t> here = {i};
    points.Any(i, [&](size_t j, double) {
      if (j > i && !taken[j]) {
        taken[j] = 1;
        here.push_back(j);
      }
      return false;
    });
    if (here.size() < 2) continue;
    std::sort(here.begin(), here.end());
    out.push_back(std::move(here));
  }
  return out;
}

// Of the atoms `here`, at one place: what is left of each element. Marks the others.
absl::Status MergePlace(std::vector<size_t> here, RawStructure* raw, std::vector<char>* keep,
                        size_t* repeated) {
  const auto total = [&] {
    return std::accumulate(here.begin(), here.end(), 0.0,
                           [&](double sum, size_t i) { return sum + raw->atoms[i].occupancy; });
  };
  if (total() > 1 + kOccupancySlack) {  // the same atom again?
    for (size_t k = 1; k < here.size();) {
      const Atom& a = raw->atoms[here[k]];
      const bool again = std::any_of(here.begin(), here.begin() + int64_t(k), [&](size_t i) {
        return raw->atoms[i].z == a.z && std::fabs(raw->atoms[i].occupancy - a.occupancy) < 1e-3;
      });
      if (!again) {
        ++k;
        continue;
      }
      (*keep)[here[k]] = 0;
      ++*repeated;
      here.erase(here.begin() + int64_t(k));
    }
    if (total() > 1 + kOccupancySlack) {
      return raw->error(here[1], absl::StrFormat("stands where %s does, and their occupancies sum "
                                                 "to %.4g; allowed: up to 1",
                                                 raw->name(here[0]), total()));
    }
  }
  std::map<int, size_t> first;  // of each element
  for (size_t i : here) {
    const auto [it, is_new] = first.try_emplace(raw->atoms[i].z, i);
    if (is_new) continue;
    Atom& into = raw->atoms[it->second];
    const Atom& a = raw->atoms[i];
    const double sum = into.occupancy + a.occupancy;
    into.rms_A = std::sqrt(
        (into.occupancy * into.rms_A * into.rms_A + a.occupancy * a.rms_A * a.rms_A) / sum);
    into.occupancy = sum;
    (*keep)[i] = 0;
  }
  for (const auto& [z, i] : first) {  // one place, to the digit
    Atom& a = raw->atoms[i];
    const Atom& at = raw->atoms[here[0]];
    if (Separation_A(a, at) <= kSamePlace_A) a.x_A = at.x_A, a.y_A = at.y_A, a.z_A = at.z_A;
  }
  return absl::OkStatus();
}

absl::Status MergePlaces(RawStructure* raw) {
  std::vector<char> keep(raw->atoms.size(), 1);
  size_t repeated = 0;
  const std::vector<std::vector<size_t>> shared = SharedPlaces(*raw);
  for (const auto& here : shared) RONCHI_RETURN_IF_ERROR(MergePlace(here, raw, &keep, &repeated));
  if (repeated > 0) {
    raw->summary.warnings.push_back(
        absl::StrCat(repeated, repeated == 1 ? " atom is" : " atoms are",
                     " listed again where another of the same element and occupancy stands; taken "
                     "once"));
  }
  // Sums that rounding took beyond 1 are brought back to it.
  for (Atom& a : raw->atoms) a.occupancy = std::min(a.occupancy, 1.0);
  KeepOnly(keep, raw);
  return absl::OkStatus();
}

// 20.4 Si against 8 Si: as the ratio of elements, and where the number of units is told, as
// numbers.
void CompareFormula(RawStructure* raw) {
  if (!raw->formula) return;
  const Formula& stated = *raw->formula;
  const Formula& found = raw->summary.elements;
  double stated_sum = 0, found_sum = 0;
  for (const auto& [z, n] : stated) stated_sum += n;
  for (const auto& [z, n] : found) found_sum += n;
  const auto share = [](const Formula& f, int z, double sum) {
    const auto it = f.find(z);
    return it == f.end() ? 0 : it->second / sum;
  };
  bool differs = false;
  for (const Formula* f : {&stated, &found}) {
    for (const auto& [z, n] : *f) {
      const double a = share(stated, z, stated_sum), b = share(found, z, found_sum);
      differs |= std::fabs(a - b) > kFormulaTolerance * std::max(a, b);
    }
  }
  const double units = raw->formula_units;
  const std::string text = absl::StrCat("'", raw->summary.formula_in_file, "'");
  if (differs) {
    raw->summary.warnings.push_back(absl::StrCat("the atoms of a cell are ", FormulaText(found),
                                                 ", _chemical_formula_sum is ", text));
  } else if (units > 0 && std::fabs(found_sum / (stated_sum * units) - 1) > kFormulaTolerance) {
    raw->summary.warnings.push_back(
        absl::StrFormat("the atoms of a cell are %s, _chemical_formula_sum is %s and "
                        "_cell_formula_units_Z %g",
                        FormulaText(found), text, units));
  }
}

void CheckDistances(RawStructure* raw, Crystal* crystal) {
  StructureSummary& s = raw->summary;
  std::array<size_t, 2> pair = {0, 0};
  s.shortest_distance_A = ShortestDistance_A(crystal->lattice_A, s.periodic, Places(crystal->atoms),
                                             kSamePlace_A, &pair);
  if (s.shortest_distance_A == 0 || s.shortest_distance_A >= kTooNear_A) return;
  const Atom &a = crystal->atoms[pair[0]], &b = crystal->atoms[pair[1]];
  const bool alternatives = pair[0] != pair[1] && a.occupancy + b.occupancy <= 1 + kOccupancySlack;
  s.warnings.push_back(absl::StrFormat(
      "the shortest distance is %.3g Å, between %s (%s) and %s (%s)%s", s.shortest_distance_A,
      raw->name(pair[0]), ElementSymbol(a.z), pair[0] == pair[1] ? "its image" : raw->name(pair[1]),
      ElementSymbol(b.z), alternatives ? ": partly occupied, taken as one or the other" : ""));
}

void CheckThermal(RawStructure* raw) {
  StructureSummary& s = raw->summary;
  for (size_t i = 0; i < raw->atoms.size(); ++i) {
    const Atom& a = raw->atoms[i];
    const auto [it, is_new] =
        s.thermal.try_emplace(a.z, StructureSummary::Thermal{a.rms_A, a.rms_A});
    it->second.least_rms_A = std::min(it->second.least_rms_A, a.rms_A);
    it->second.most_rms_A = std::max(it->second.most_rms_A, a.rms_A);
  }
  for (size_t i = 0; i < raw->atoms.size(); ++i) {
    if (raw->atoms[i].rms_A <= kLargeRms_A) continue;
    s.warnings.push_back(
        absl::StrFormat("%s has a thermal displacement of %.3g Å (rms, along one "
                        "axis), which is large for a crystal",
                        raw->name(i), raw->atoms[i].rms_A));
    break;
  }
}

}  // namespace

absl::Status CheckAtomValues(const Atom& a) {
  const auto error = [](const std::string& what) { return absl::InvalidArgumentError(what); };
  if (a.z < 1 || a.z > 103) {
    return error(absl::StrCat("atomic number ", a.z, " is not allowed; allowed: 1 … 103"));
  }
  if (!(a.occupancy >= 0 && a.occupancy <= 1 + kOccupancySlack)) {
    return error(absl::StrCat("occupancy ", a.occupancy, " is not allowed; allowed: 0 … 1"));
  }
  if (!(a.rms_A >= 0 && a.rms_A <= kMostRms_A)) {
    return error(
        absl::StrCat("rms displacement ", a.rms_A, " Å is not allowed; allowed: 0 … ", kMostRms_A));
  }
  for (double x : {a.x_A, a.y_A, a.z_A}) {
    if (!(std::fabs(x) <= 1e6)) {  // 0.1 mm; further out positions lose their picometres
      return error(absl::StrCat("coordinate ", x, " Å is not allowed; allowed: ±1e6"));
    }
  }
  return absl::OkStatus();
}

std::vector<char> DropListedImages(RawStructure* raw) {
  const PeriodicPoints points(raw->lattice_A, raw->summary.periodic, Places(raw->atoms),
                              kSamePlace_A);
  std::vector<char> keep(raw->atoms.size(), 1);
  size_t dropped = 0;
  for (size_t i = 0; i < raw->atoms.size(); ++i) {
    const Atom& a = raw->atoms[i];
    const bool image = points.Any(i, [&](size_t j, double) {
      const Atom& b = raw->atoms[j];
      return j < i && keep[j] && a.z == b.z && std::fabs(a.occupancy - b.occupancy) < 1e-3 &&
             Separation_A(a, b) > 2 * kSamePlace_A;
    });
    if (!image) continue;
    keep[i] = 0;
    ++dropped;
  }
  if (dropped == 0) return keep;
  raw->summary.warnings.push_back(
      absl::StrCat(dropped, dropped == 1 ? " atom is an image" : " atoms are images",
                   " of others, a lattice vector away (on an opposite face); taken once"));
  KeepOnly(keep, raw);
  return keep;
}

absl::StatusOr<Crystal> Assemble(RawStructure raw) {
  for (size_t i = 0; i < raw.atoms.size(); ++i) {
    const absl::Status status = CheckAtomValues(raw.atoms[i]);
    if (!status.ok()) return raw.error(i, std::string(status.message()));
  }
  std::vector<char> keep;
  for (const Atom& a : raw.atoms) keep.push_back(a.occupancy > 0);
  if (const auto empty = std::count(keep.begin(), keep.end(), 0); empty > 0) {
    raw.summary.warnings.push_back(
        absl::StrCat(empty, empty == 1 ? " atom has" : " atoms have", " occupancy 0; left out"));
    KeepOnly(keep, &raw);
  }
  if (raw.atoms.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(raw.summary.file, ": ", raw.summary.format, ": no atoms"));
  }
  RONCHI_RETURN_IF_ERROR(MergePlaces(&raw));
  Crystal out;
  out.lattice_A = raw.lattice_A;
  out.atoms = raw.atoms;
  out.title = raw.title;
  StructureSummary& s = raw.summary;
  s.cell_A = out.Lengths_A();
  s.angles_deg = out.Angles_deg();
  s.atoms = s.places = out.atoms.size();
  for (const Atom& a : out.atoms) {
    s.elements[a.z] += a.occupancy;
    s.partly_occupied += a.occupancy < 1;
  }
  for (const auto& here : SharedPlaces(raw)) s.places -= here.size() - 1;
  CheckDistances(&raw, &out);
  CompareFormula(&raw);
  CheckThermal(&raw);
  if (s.warnings.size() > kMostWarnings) {
    const size_t more = s.warnings.size() - kMostWarnings;
    s.warnings.resize(kMostWarnings);
    s.warnings.push_back(absl::StrCat("and ", more, " more"));
  }
  out.summary = std::make_shared<const StructureSummary>(std::move(s));
  return out;
}

}  // namespace ronchi::sim
