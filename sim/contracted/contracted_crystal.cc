#include "sim/contracted/contracted_crystal.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "absl/strings/str_format.h"
#include "core/content_cache.h"
#include "core/free_memory.h"
#include "core/hash.h"
#include "core/progress.h"
#include "core/random.h"
#include "sim/contracted/builder.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential.h"
#include "sim/slice_faces.h"

namespace ronchi::sim {
namespace {

// Where a ring's centre stands, in units of the largest tilt: a quadratic form's six places.
constexpr std::array<std::array<int, 2>, 6> kPlaces = {
    {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}}};

std::array<double, 6> PlaceWeights(double x, double y) {
  return {1 - x * x - y * y + x * y, (x + x * x) / 2 - x * y, (x * x - x) / 2,
          (y + y * y) / 2 - x * y,   (y * y - y) / 2,         x * y};
}

size_t Places(double largest_tilt_rad) { return largest_tilt_rad > 0 ? kPlaces.size() : 1; }

bool Moves(const Specimen& s) {
  return std::ranges::any_of(s.atoms, [](const Atom& a) { return a.rms_A > 0; });
}

// Everything that the options amount to.
struct Plan {
  ContractionOptions contraction;
  Grid small;                      // of the boxes of displaced atoms
  std::array<size_t, 2> in_small;  // cells of such a box
  size_t slices = 0;               // of the whole thickness
  Specimen cell;                   // its planes off the slices' faces
  size_t layer_slices = 0;         // of the amorphous layer, before the crystal's
  double slice_A = 0;
  double early_A = 0;  // by which its slices act before its atoms' depths
  int configurations = 1;
  std::vector<std::vector<size_t>> pixels;  // [ring][place], of the large grid
};

std::vector<size_t> RingPixels(const Grid& g, double wavelength_A, const CrystalRing& ring,
                               std::array<double, 2> center_rad) {
  std::vector<size_t> pixels;
  for (size_t i = 0; i < g.nx; ++i) {
    const double x = g.kx_per_A(i) * wavelength_A - center_rad[0];
    for (size_t j = 0; j < g.ny; ++j) {
      const double angle = std::hypot(x, g.ky_per_A(j) * wavelength_A - center_rad[1]);
      if (angle >= ring.inner_rad && angle < ring.outer_rad) pixels.push_back(i * g.ny + j);
    }
  }
  return pixels;
}

Plan MakePlan(const ContractedCrystalOptions& o, const std::vector<int>& exits) {
  Plan p;
  const double wavelength_A = Wavelength_A(o.energy_eV);
  const double tilt = o.largest_tilt_rad;
  double outer_rad = std::max(o.semiangle_rad, o.least_reach_per_A * wavelength_A / o.reach);
  for (const CrystalRing& r : o.rings) outer_rad = std::max(outer_rad, r.outer_rad);
  const double reach_rad =
      std::min(o.reach * outer_rad, outer_rad + o.most_beyond_per_A * wavelength_A);
  const double finest_A = wavelength_A / (3 * (reach_rad + tilt));
  const bool moves = Moves(o.cell);
  ContractionOptions& c = p.contraction;
  c.energy_eV = o.energy_eV;
  std::array<size_t, 2> points = {0, 0};
  for (size_t a : {0, 1}) {
    const double cell_A = o.cell.cell_A[a];
    const auto least = [&](double width_A) {
      return std::max<size_t>(1, size_t(std::ceil(width_A / cell_A - 1e-9)));
    };
    p.in_small[a] = moves ? least(o.least_displaced_A) : 1;
    const double small_A = double(p.in_small[a]) * cell_A;
    c.sets[a] = std::max<size_t>(1, size_t(std::ceil(o.least_box_A / small_A - 1e-9)));
    c.cells[a] = c.sets[a] * p.in_small[a];
    points[a] = FastPixels(p.in_small[a], small_A / finest_A);
  }
  p.small = {points[0], points[1], double(p.in_small[0]) * o.cell.cell_A[0],
             double(p.in_small[1]) * o.cell.cell_A[1]};
  c.grid = {points[0] * c.sets[0], points[1] * c.sets[1], p.small.lx_A * double(c.sets[0]),
            p.small.ly_A * double(c.sets[1])};
  // A tilt puts the aperture's axis anywhere between the beams: half a beam more, either way.
  const double step_rad = wavelength_A / std::min(c.grid.lx_A, c.grid.ly_A);
  c.semiangle_rad = o.semiangle_rad + (tilt > 0 ? tilt + 1.5 * step_rad : 0);
  const double period_A = o.cell.cell_A[2] / o.periods;
  const size_t each = std::max<size_t>(1, size_t(std::ceil(period_A / o.slice_thickness_A - 1e-6)));
  p.slice_A = period_A / double(each);
  if (o.layer.thickness_A > 0) {
    p.layer_slices = std::max<size_t>(1, size_t(std::lround(o.layer.thickness_A / p.slice_A)));
  }
  p.slices = p.layer_slices + each * size_t(o.periods);
  for (int e : exits) c.exit_slices.push_back(p.layer_slices + each * size_t(e));
  p.cell = o.cell;
  const double layer_A = double(p.layer_slices) * p.slice_A;
  const double off_A = OffFaces_A(o.cell, p.slice_A);
  p.early_A = EarlyBy_A(o.cell, p.slice_A, off_A);
  for (Atom& a : p.cell.atoms) a.z_A += off_A + layer_A;
  p.early_A -= layer_A;
  p.cell.cell_A[2] += layer_A;
  p.configurations = moves || p.layer_slices > 0 ? o.configurations : 1;
  for (const CrystalRing& ring : o.rings) {
    for (size_t n = 0; n < Places(tilt); ++n) {
      p.pixels.push_back(
          RingPixels(c.grid, wavelength_A, ring, {kPlaces[n][0] * tilt, kPlaces[n][1] * tilt}));
    }
  }
  return p;
}

// Everything that determines M. Numbers in full: %a.
std::string KeyOf(const ContractedCrystalOptions& o, const Plan& p,
                  const ScatteringFactors& factors) {
  Hasher hasher;
  const auto add = [&](double v) { hasher.Update(std::as_bytes(std::span(&v, 1))); };
  std::set<int> elements;
  for (double v : o.cell.cell_A) add(v);
  for (const Atom& a : o.cell.atoms) {
    for (double v : {double(a.z), a.x_A, a.y_A, a.z_A, a.occupancy, a.rms_A}) add(v);
    elements.insert(a.z);
  }
  for (int z : elements) {
    for (double k2 : {0.0, 0.1, 0.5, 2.0, 8.0, 30.0}) add(factors.At(z, k2));
  }
  for (double v : {o.layer.thickness_A, double(o.layer.element), o.layer.atoms_per_A3}) add(v);
  const ContractionOptions& c = p.contraction;
  std::string key = absl::StrFormat(
      "crystal 4, contracted %d, %u bytes\natoms and factors %s\nbox %u x %u, sets %u x %u of %u x "
      "%u cells\nbeam %a eV, %a rad of %a, tilt %a\nslices %u, configurations %d, seed %u\nexits",
      Contracted::kFormatVersion, sizeof(Real), hasher.Digest().Hex(), c.grid.nx, c.grid.ny,
      c.sets[0], c.sets[1], c.cells[0], c.cells[1], c.energy_eV, o.semiangle_rad, c.semiangle_rad,
      o.largest_tilt_rad, p.slices, p.configurations, o.phonon_seed);
  for (size_t e : c.exit_slices) absl::StrAppendFormat(&key, " %u", e);
  for (const CrystalRing& r : o.rings) {
    absl::StrAppendFormat(&key, "\nring %a to %a rad", r.inner_rad, r.outer_rad);
  }
  return key;
}

std::string Describe(const ContractedCrystalOptions& o, const Plan& p) {
  const std::string& title = o.cell.title;
  std::string text = absl::StrFormat(
      "%scrystal, %.4g A thick, %.4g keV, %.3g mrad, box %.4g x %.4g A of %u x %u pixels, %d "
      "configurations",
      title.empty() ? "" : title.substr(0, title.find(',')) + ", ", o.cell.cell_A[2],
      o.energy_eV / 1e3, o.semiangle_rad * 1e3, p.contraction.grid.lx_A, p.contraction.grid.ly_A,
      p.contraction.grid.nx, p.contraction.grid.ny, p.configurations);
  for (const CrystalRing& r : o.rings) {
    absl::StrAppendFormat(&text, ", ring %.4g to %.4g mrad", r.inner_rad * 1e3, r.outer_rad * 1e3);
  }
  return text;
}

constexpr FftEfforts kEfforts = {Fft::Effort::kMeasure, Fft::Effort::kEstimate};

// Atoms of the layer in one box: as many as its volume holds on the mean.
void AddLayer(const AmorphousSlab& layer, const Plan& p, uint64_t seed, uint64_t box,
              Specimen* to) {
  RandomStream random({.seed = seed, .name = "contracted.layer", .step = box});
  const double mean = layer.atoms_per_A3 * layer.thickness_A * to->cell_A[0] * to->cell_A[1];
  const double depth_A = double(p.layer_slices) * p.slice_A;
  for (int left = int(mean + random.Uniform()); left > 0; --left) {
    const double x = random.Uniform(), y = random.Uniform(), z = random.Uniform();
    to->atoms.push_back({layer.element, x * to->cell_A[0], y * to->cell_A[1], z * depth_A});
  }
}

absl::StatusOr<Contracted> Make(const ContractedCrystalOptions& o, const Plan& p,
                                const std::shared_ptr<const ScatteringFactors>& factors) {
  RONCHI_ASSIGN_OR_RETURN(ContractedBuilder builder,
                          ContractedBuilder::Create(p.contraction, p.pixels, FreeMemoryBytes()));
  const Specimen box = p.cell.Repeated(int(p.in_small[0]), int(p.in_small[1]), 1);
  const bool moves = Moves(o.cell);
  const auto& c = p.contraction;
  Progress progress(
      "plane waves of the image engine",
      MakeApertureRows(c.grid, c.energy_eV, c.semiangle_rad).beams * size_t(p.configurations));
  PotentialMaker maker(p.small, p.slice_A * (1 + 1e-9), factors, {});
  uint64_t configuration = 0;
  for (size_t sx = 0; sx < c.sets[0]; ++sx) {
    for (size_t sy = 0; sy < c.sets[1]; ++sy) {
      for (int n = 0; n < p.configurations; ++n, ++configuration) {
        Specimen atoms = moves ? box.Displaced({}, o.phonon_seed, configuration) : box;
        AddLayer(o.layer, p, o.phonon_seed, configuration, &atoms);
        RONCHI_ASSIGN_OR_RETURN(const PotentialSlices potential, maker.Make(atoms));
        const Multislice engine(potential, o.energy_eV, {0, 0}, kEfforts,
                                {double(sx) / c.grid.lx_A, double(sy) / c.grid.ly_A});
        if (!builder.AddSet({sx, sy}, engine, &progress))
          return absl::CancelledError("interrupted");
      }
    }
  }
  return builder.Finish();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ContractedCrystal>> ContractedCrystal::Create(
    const ContractedCrystalOptions& o) {
  std::shared_ptr<ContractedCrystal> out(new ContractedCrystal);
  out->exits_ = o.exits;
  for (int e = 1; o.exits.empty() && e <= o.periods; ++e) out->exits_.push_back(e);
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load("kirkland"));
  std::set<int> elements;
  for (const Atom& a : o.cell.atoms) elements.insert(a.z);
  if (o.layer.thickness_A > 0) elements.insert(o.layer.element);
  for (int z : elements) {
    if (factors->Has(z)) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("no scattering factor for atomic number %d", z));
  }
  const Plan plan = MakePlan(o, out->exits_);
  static const ContentCache cache({.kind = "contracted"});
  RONCHI_ASSIGN_OR_RETURN(
      const ContentCache::Entry entry,
      cache.GetOrMake(
          KeyOf(o, plan, *factors), Describe(o, plan), [&](CacheWriter& to) -> absl::Status {
            RONCHI_ASSIGN_OR_RETURN(const Contracted made, Make(o, plan, factors));
            return made.Append([&](std::span<const std::byte> more) { return to.Append(more); });
          }));
  RONCHI_ASSIGN_OR_RETURN(Contracted engine, Contracted::FromBytes(entry->payload(), entry));
  out->engine_ = std::make_shared<const Contracted>(std::move(engine));
  out->cells_ = plan.contraction.cells;
  out->cell_A_ = {o.cell.cell_A[0], o.cell.cell_A[1]};
  out->semiangle_rad_ = o.semiangle_rad;
  out->early_A_ = plan.early_A;
  out->largest_tilt_rad_ = o.largest_tilt_rad;
  out->rings_ = o.rings;
  return out;
}

ContractedCrystal::View ContractedCrystal::Look(size_t ring, size_t exit,
                                                std::array<double, 2> tilt_rad) const {
  const size_t places = Places(largest_tilt_rad_);
  const size_t first = (exit * rings_.size() + ring) * places;
  const Grid& g = engine_->grid();
  const double wavelength_A = Wavelength_A(engine_->energy_eV());
  std::array<double, 2> center = {-tilt_rad[0], -tilt_rad[1]};
  if (rings_[ring].inner_rad < semiangle_rad_ + largest_tilt_rad_) center = {0, 0};
  const double length = std::hypot(center[0], center[1]);
  if (length > largest_tilt_rad_) {
    for (double& c : center) c *= largest_tilt_rad_ / length;
  }
  std::vector<Contracted::Part> parts;
  if (places == 1) {
    parts = {{first, 1}};
  } else {
    const auto weights = PlaceWeights(center[0] / largest_tilt_rad_, center[1] / largest_tilt_rad_);
    for (size_t n = 0; n < places; ++n) parts.push_back({first + n, weights[n]});
  }
  const double step_x = wavelength_A / g.lx_A, step_y = wavelength_A / g.ly_A;
  const std::array<int, 2> axis = {int(std::lround(center[0] / step_x)),
                                   int(std::lround(center[1] / step_y))};
  View view;
  view.beam_tilt_rad = {center[0] - axis[0] * step_x, center[1] - axis[1] * step_y};
  const double lean = std::hypot(view.beam_tilt_rad[0], view.beam_tilt_rad[1]);
  view.engine =
      std::make_shared<const Contracted>(engine_->Select(parts, axis, semiangle_rad_ + lean));
  return view;
}

}  // namespace ronchi::sim
