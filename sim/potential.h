// The specimen cut into slices of equal thickness, each projected along the beam:
//   V(k) = (h²/2πm₀e) Σ_Z f_Z(k) S_Z(k) / (area of a pixel)            [V Å]
// built in Fourier space. Infinite projection: an atom belongs whole to the slice of its centre.
// Finite projection (sim/finite_projection.h): a slice gets what lies between its faces.
// Atoms between grid points are shared bilinearly among four neighbours, and the blur of that is
// divided out by sin(κ)/κ, κ² = (kx dx)² + (ky dy)², as abTEM does (Madsen & Susi 2021): with the
// same recipe two programs agree to round-off. Slices with the same atoms are computed once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/fft.h"
#include "sim/grid.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

enum class Projection { kInfinite, kFinite };

struct PotentialSlices {
  Grid grid;
  double thickness_A = 0;                                   // of one slice
  std::vector<std::shared_ptr<const RealBuffer>> distinct;  // [nx, ny], V Å
  std::vector<size_t> order;  // slice i, from the entrance, is distinct[order[i]]
};

// The slice, of `count`, that an atom belongs to.
size_t SliceOf(double z_A, double thickness_A, size_t count);
// What the transform of element z's atoms, shared on the grid, is multiplied by: [nx, ny], with the
// 1/N of the transform back. Real and even, so that it is its own adjoint.
RealBuffer ElementFilter(int z, const Grid& grid, const ScatteringFactors& factors);

// The number of slices is the cell's height over slice_thickness_A, rounded up.
// InvalidArgument: an element that the table lacks.
absl::StatusOr<PotentialSlices> MakePotential(const Specimen& specimen, const Grid& grid,
                                              double slice_thickness_A,
                                              const ScatteringFactors& factors,
                                              Projection projection = Projection::kInfinite,
                                              Fft::Effort effort = Fft::Effort::kEstimate);

}  // namespace ronchi::sim
