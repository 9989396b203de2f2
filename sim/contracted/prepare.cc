#include "sim/contracted/prepare.h"

#include <cmath>

#include "core/free_memory.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential.h"
#include "sim/specimen/translations.h"

namespace ronchi::sim {

ContractionOptions PlanContraction(const SimulationOptions& o) {
  ContractionOptions c{.grid = o.grid(), .energy_eV = o.beam.energy_eV, .tilt_rad = o.tilt_rad};
  c.semiangle_rad = o.beam.semiangle_rad + std::hypot(o.beam.tilt_rad[0], o.beam.tilt_rad[1]);
  // Finite projection repeats the cell along the beam and sums on the grid; leave it the box.
  if (!o.phonons && o.projection == Projection::kInfinite) {
    c.cells = CountEqualCells(o.specimen, o.grid_pixels);
  }
  return c;
}

absl::StatusOr<PreparedContraction> PrepareContraction(const SimulationOptions& o,
                                                       const std::vector<Detector>& detectors,
                                                       const FftEfforts& efforts,
                                                       std::array<size_t, 2> averaged_cells) {
  ContractionOptions plan = PlanContraction(o);
  if (o.phonons) plan.cells = averaged_cells;
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load(o.parametrization));
  RONCHI_ASSIGN_OR_RETURN(ContractedBuilder builder,
                          ContractedBuilder::Create(plan, detectors, FreeMemoryBytes()));
  PreparedContraction out;
  for (int c = 0; c < (o.phonons ? o.phonon_configurations : 1); ++c) {
    const Specimen specimen =
        o.phonons ? o.specimen.Displaced(o.phonon_rms_A, o.phonon_seed, uint64_t(c)) : o.specimen;
    RONCHI_ASSIGN_OR_RETURN(const PotentialSlices potential,
                            MakePotential(specimen, plan.grid, o.slice_thickness_A, *factors,
                                          o.projection, efforts.planes));
    out.slices = potential.order.size();
    out.distinct_slices = potential.distinct.size();
    out.slice_thickness_A = potential.thickness_A;
    const bool added =
        o.phonons ? builder.Add(Multislice(potential, o.beam.energy_eV, o.tilt_rad, efforts))
                  : builder.AddCell(potential, efforts);
    if (!added) return out;
  }
  out.engine = std::make_shared<const Contracted>(builder.Finish());
  return out;
}

}  // namespace ronchi::sim
