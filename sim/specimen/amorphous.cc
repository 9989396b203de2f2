#include "sim/specimen/amorphous.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <gemmi/elem.hpp>
#include <mutex>
#include <numbers>

#include "absl/strings/str_format.h"
#include "core/random.h"
#include "sim/specimen/carbon_network.h"
#include "sim/specimen/cell_list.h"

namespace ronchi::sim {
namespace {

using Point = CellList::Point;

constexpr double kMostAtomsOfFilm = 1e7;
constexpr double kMostNetworkAtoms = 5e5;  // half a minute
// g/cm³ to u/Å³ (CODATA 2018: 1 u = 1.66053906660e-24 g).
constexpr double kUnitsPerA3 = 1 / 1.66053906660;
// Random close packing is 0.64; pushing comes to rest within seconds up to here.
constexpr double kDensest = 0.55;
// At a packing fraction of 0.2 one try in five succeeds at the end, at 0.3 one in a hundred.
constexpr int kTries = 100;
constexpr int kSweeps = 1000;
// Atoms are pushed a little further apart than asked for, else they only approach the distance.
constexpr double kTarget = 1.01;

double AtomsOf(const AmorphousOptions& o) {
  const double mass = gemmi::Element(o.element).weight();
  RONCHI_CHECK(mass > 0);
  const double volume = o.size_A[0] * o.size_A[1] * o.thickness_A;
  return std::round(o.density_g_cm3 * kUnitsPerA3 * volume / mass);
}

std::string OutOfReach(const AmorphousOptions& o, double packing) {
  return absl::StrFormat(
      "%g g/cm³ at a least distance of %g Å is a packing fraction of %.3g, out of reach; allowed: "
      "less, up to about %g",
      o.density_g_cm3, o.min_distance_A, packing, kDensest);
}

// Every atom has a place; false when some overlap.
bool Add(const AmorphousOptions& o, const Point& box, size_t count, std::vector<Point>* points) {
  RandomStream random({.seed = o.seed, .name = "sim.amorphous"});
  const double least2 = o.min_distance_A * o.min_distance_A;
  CellList list(box, o.min_distance_A);
  bool apart = true;
  for (size_t n = 0; n < count; ++n) {
    Point p;
    bool fits = false;
    for (int t = 0; t < kTries && !fits; ++t) {
      for (size_t a = 0; a < 3; ++a) p[a] = random.Uniform(0, box[a]);
      fits = !list.Any(p, [&](size_t, const Point&, double d2) { return d2 < least2; });
    }
    apart &= fits;
    list.Add(p);
  }
  *points = list.points();
  return apart;
}

// Each of an overlapping pair moves by half the overlap, all at once; until none overlaps.
bool PushApart(const AmorphousOptions& o, const Point& box, std::vector<Point>* points) {
  const double least = o.min_distance_A, target = kTarget * least;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    CellList list(box, target);
    for (const Point& p : *points) list.Add(p);
    bool apart = true;
    for (size_t n = 0; n < points->size(); ++n) {
      Point move = {0, 0, 0};
      list.Any(list.points()[n], [&](size_t m, const Point& d, double d2) {
        if (m == n || d2 >= target * target) return false;
        apart &= d2 >= least * least;
        const double distance = std::sqrt(d2), by = (target - distance) / 2;
        if (distance == 0) {
          move[0] += m < n ? by : -by;
        } else {
          for (size_t a = 0; a < 3; ++a) move[a] += d[a] / distance * by;
        }
        return false;
      });
      Point& p = (*points)[n];
      for (size_t a : {0, 1}) {
        p[a] += move[a];
        p[a] -= box[a] * std::floor(p[a] / box[a]);
      }
      p[2] = std::clamp(p[2] + move[2], 0.0, box[2]);
    }
    if (apart) {
      *points = list.points();  // as they were before this sweep
      return true;
    }
  }
  return false;
}

std::string NoNetwork(const AmorphousOptions& o) {
  return absl::StrFormat(
      "no network of %g atoms of element %d at %g g/cm³ in a box of %g x %g Å; allowed: carbon, up "
      "to %.0f atoms, %g … %g g/cm³, sides from %g Å",
      AtomsOf(o), o.element, o.density_g_cm3, o.size_A[0], o.size_A[1], kMostNetworkAtoms,
      kLeastNetworkDensity_g_cm3, kMostNetworkDensity_g_cm3, kLeastNetworkSide_A);
}

// A config's film is made several times: by whoever checks it, by each environment of a vector.
std::vector<Point> NetworkOf(const CarbonNetworkOptions& o) {
  struct Kept {
    CarbonNetworkOptions options;
    std::vector<Point> points;
  };
  constexpr size_t kMost = 4;
  constexpr size_t kMostKeptAtoms = 1 << 18;  // 6 MB each
  static std::mutex mutex;
  static std::deque<Kept> kept;
  const std::lock_guard<std::mutex> lock(mutex);
  for (const Kept& k : kept) {
    if (k.options == o) return k.points;
  }
  std::vector<Point> points = MakeCarbonNetwork(o);
  if (o.atoms <= kMostKeptAtoms) {
    if (kept.size() == kMost) kept.pop_front();
    kept.push_back({o, points});
  }
  return points;
}

absl::StatusOr<std::vector<Point>> SpheresOf(const AmorphousOptions& o, const Point& box,
                                             double atoms) {
  for (double side : o.size_A) {
    if (side < 2 * kTarget * o.min_distance_A) {
      return absl::InvalidArgumentError(
          absl::StrFormat("a side of %g Å is not allowed; allowed: above twice the least distance "
                          "of %g Å",
                          side, o.min_distance_A));
    }
  }
  // Centres reach the faces, so spheres stick out by a radius on either side.
  const double packing = atoms * std::numbers::pi / 6 * std::pow(o.min_distance_A, 3) /
                         (box[0] * box[1] * (box[2] + o.min_distance_A));
  if (packing > kDensest) return absl::InvalidArgumentError(OutOfReach(o, packing));
  std::vector<Point> points;
  if (!Add(o, box, size_t(atoms), &points) && !PushApart(o, box, &points)) {
    return absl::InvalidArgumentError(OutOfReach(o, packing));
  }
  return points;
}

}  // namespace

bool CanBeNetwork(const AmorphousOptions& o) {
  return o.element == 6 && AtomsOf(o) <= kMostNetworkAtoms &&
         o.density_g_cm3 >= kLeastNetworkDensity_g_cm3 &&
         o.density_g_cm3 <= kMostNetworkDensity_g_cm3 &&
         std::min(o.size_A[0], o.size_A[1]) >= kLeastNetworkSide_A;
}

absl::StatusOr<Specimen> MakeAmorphous(const AmorphousOptions& o) {
  const Point box = {o.size_A[0], o.size_A[1], o.thickness_A};
  RONCHI_CHECK(o.min_distance_A > 0 && o.thickness_A > 0);
  const double atoms = AtomsOf(o);
  if (!(atoms >= 1 && atoms <= kMostAtomsOfFilm)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("makes %.3g atoms; allowed: 1 … %g", atoms, kMostAtomsOfFilm));
  }
  std::vector<Point> points;
  if (o.structure == AmorphousOptions::Structure::kNetwork) {
    if (!CanBeNetwork(o)) return absl::InvalidArgumentError(NoNetwork(o));
    points = NetworkOf({.box_A = box,
                        .atoms = size_t(atoms),
                        .fourfold_share = FourfoldShare(o.density_g_cm3),
                        .seed = o.seed});
  } else {
    RONCHI_ASSIGN_OR_RETURN(points, SpheresOf(o, box, atoms));
  }
  Specimen out;
  out.cell_A = box;
  for (const Point& p : points) {
    out.atoms.push_back({.z = o.element, .x_A = p[0], .y_A = p[1], .z_A = p[2]});
  }
  return out;
}

}  // namespace ronchi::sim
