#include "sim/contracted/prepare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/content_cache.h"
#include "core/free_memory.h"
#include "core/hash.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential.h"
#include "sim/specimen/translations.h"

namespace ronchi::sim {
namespace {

// The stack that M was made from, before the engine's own bytes.
struct Stack {
  uint64_t slices = 0, distinct_slices = 0;
  double thickness_A = 0;
  std::byte padding[40] = {};  // to a cache line
};
static_assert(sizeof(Stack) == 64);

class NumberHash {
 public:
  void Add(double v) { hasher_.Update(std::as_bytes(std::span(&v, 1))); }
  std::string Hex() const { return hasher_.Digest().Hex(); }

 private:
  Hasher hasher_;
};

std::string AtomsHash(const Specimen& s) {
  NumberHash hash;
  for (double v : s.cell_A) hash.Add(v);
  for (const Atom& a : s.atoms) {
    for (double v : {double(a.z), a.x_A, a.y_A, a.z_A, a.occupancy, a.rms_A}) hash.Add(v);
  }
  return hash.Hex();
}

// Of the scattering factors as they are used, so that a changed table is another key.
std::string FactorsHash(const Specimen& s, const ScatteringFactors& factors) {
  NumberHash hash;
  std::set<int> elements;
  for (const Atom& a : s.atoms) elements.insert(a.z);
  for (int z : elements) {
    hash.Add(z);
    for (double k2 : {0.0, 0.1, 0.5, 2.0, 8.0, 30.0}) hash.Add(factors.At(z, k2));
  }
  return hash.Hex();
}

// Everything that determines M. Numbers in full: %a.
std::string KeyOf(const SimulationOptions& o, const ContractionOptions& plan,
                  const std::vector<Detector>& detectors, const ScatteringFactors& factors) {
  std::string key = absl::StrFormat(
      "contracted %d, %u bytes\natoms %s\nbox %u x %u of %u x %u cells\nbeam %a eV, %a rad\ntilt "
      "%a "
      "%a\nslices %a\nprojection %d, placement %d\nfactors %s %s\n",
      Contracted::kFormatVersion, sizeof(Real), AtomsHash(o.specimen), plan.grid.nx, plan.grid.ny,
      plan.cells[0], plan.cells[1], plan.energy_eV, plan.semiangle_rad, o.tilt_rad[0],
      o.tilt_rad[1], o.slice_thickness_A, int(o.projection), int(o.placement), o.parametrization,
      FactorsHash(o.specimen, factors));
  if (o.phonons) {
    absl::StrAppendFormat(&key, "phonons %d, seed %u", o.phonon_configurations, o.phonon_seed);
    for (const auto& [z, rms] : o.phonon_rms_A) absl::StrAppendFormat(&key, ", %d: %a", z, rms);
    const auto partly = [](const Atom& a) { return a.occupancy < 1; };
    if (std::any_of(o.specimen.atoms.begin(), o.specimen.atoms.end(), partly)) {
      key += ", occupants drawn";
    }
    key += "\n";
  }
  for (const Detector& d : detectors) {
    const DetectorOptions& ring = d.options();
    absl::StrAppendFormat(&key, "detector %d, %a to %a rad, %d x %d from %a\n", int(ring.type),
                          ring.inner_rad, ring.outer_rad, ring.radial, ring.azimuthal,
                          ring.rotation_rad);
  }
  return key;
}

std::string Describe(const SimulationOptions& o, const ContractionOptions& plan,
                     const std::vector<Detector>& detectors) {
  std::string rings;
  for (const Detector& d : detectors) absl::StrAppend(&rings, ", ", d.options().name);
  const std::string& title = o.specimen.title;
  return absl::StrFormat(
      "%s%u atoms, %.4g x %.4g x %.4g A, %.4g keV, %.3g mrad%s%s",
      title.empty() ? "" : title.substr(0, title.find(',')) + ", ", o.specimen.atoms.size(),
      plan.grid.lx_A, plan.grid.ly_A, o.specimen.cell_A[2], plan.energy_eV / 1e3,
      plan.semiangle_rad * 1e3,
      o.phonons ? absl::StrFormat(", %d configurations", o.phonon_configurations) : "", rings);
}

absl::StatusOr<Contracted> Make(const SimulationOptions& o, const ContractionOptions& plan,
                                const std::vector<Detector>& detectors,
                                const std::shared_ptr<const ScatteringFactors>& factors,
                                const FftEfforts& efforts, Stack* stack) {
  RONCHI_ASSIGN_OR_RETURN(ContractedBuilder builder,
                          ContractedBuilder::Create(plan, detectors, FreeMemoryBytes()));
  // A crystal at rest is prepared from its first cell.
  const Grid grid = o.phonons ? plan.grid : CellGrid(plan.grid, plan.cells);
  PotentialMaker maker(grid, o.slice_thickness_A, factors,
                       {o.projection, o.placement, efforts.planes});
  for (int c = 0; c < (o.phonons ? o.phonon_configurations : 1); ++c) {
    const Specimen specimen = o.phonons
                                  ? o.specimen.Displaced(o.phonon_rms_A, o.phonon_seed, uint64_t(c))
                                  : FirstCell(o.specimen, plan.cells);
    RONCHI_ASSIGN_OR_RETURN(const PotentialSlices potential, maker.Make(specimen));
    stack->slices = potential.order.size();
    stack->distinct_slices = potential.distinct.size();
    stack->thickness_A = potential.thickness_A;
    const bool added =
        o.phonons ? builder.Add(Multislice(potential, o.beam.energy_eV, o.tilt_rad, efforts))
                  : builder.AddCell(potential, efforts);
    if (!added) return absl::CancelledError("interrupted");
  }
  return builder.Finish();
}

ContractionOptions Plan(const SimulationOptions& o, std::array<size_t, 2> averaged_cells) {
  ContractionOptions plan = PlanContraction(o);
  if (o.phonons) plan.cells = averaged_cells;
  return plan;
}

ContentCache Cache() { return ContentCache({.kind = "contracted"}); }

}  // namespace

ContractionOptions PlanContraction(const SimulationOptions& o) {
  ContractionOptions c{.grid = o.grid(), .energy_eV = o.beam.energy_eV, .tilt_rad = o.tilt_rad};
  c.semiangle_rad = o.beam.semiangle_rad + std::hypot(o.beam.tilt_rad[0], o.beam.tilt_rad[1]);
  if (!o.phonons) c.cells = CountEqualCells(o.specimen, o.grid_pixels);
  return c;
}

bool IsPrepared(const SimulationOptions& o, const std::vector<Detector>& detectors) {
  const auto factors = ScatteringFactors::Load(o.parametrization);
  return factors.ok() && Cache().Contains(KeyOf(o, PlanContraction(o), detectors, **factors));
}

absl::StatusOr<PreparedContraction> PrepareContraction(const SimulationOptions& o,
                                                       const std::vector<Detector>& detectors,
                                                       const FftEfforts& efforts,
                                                       std::array<size_t, 2> averaged_cells) {
  const ContractionOptions plan = Plan(o, averaged_cells);
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load(o.parametrization));
  for (const Atom& a : o.specimen.atoms) {
    if (!factors->Has(a.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", a.z));
    }
  }
  RONCHI_ASSIGN_OR_RETURN(
      const ContentCache::Entry entry,
      Cache().GetOrMake(
          KeyOf(o, plan, detectors, *factors), Describe(o, plan, detectors),
          [&](CacheWriter& out) -> absl::Status {
            Stack stack;
            RONCHI_ASSIGN_OR_RETURN(const Contracted made,
                                    Make(o, plan, detectors, factors, efforts, &stack));
            RONCHI_RETURN_IF_ERROR(out.Append(std::as_bytes(std::span(&stack, 1))));
            return made.Append([&](std::span<const std::byte> more) { return out.Append(more); });
          }));
  PreparedContraction out;
  Stack stack;
  const auto bytes = entry->payload();
  RONCHI_CHECK(bytes.size() > sizeof(stack));
  std::memcpy(&stack, bytes.data(), sizeof(stack));
  out.slices = size_t(stack.slices);
  out.distinct_slices = size_t(stack.distinct_slices);
  out.slice_thickness_A = stack.thickness_A;
  RONCHI_ASSIGN_OR_RETURN(Contracted engine,
                          Contracted::FromBytes(bytes.subspan(sizeof(stack)), entry));
  out.engine = std::make_shared<const Contracted>(std::move(engine));
  return out;
}

}  // namespace ronchi::sim
