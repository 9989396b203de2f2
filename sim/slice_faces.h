// Where the faces of slices lie between a crystal's planes of atoms.
#pragma once

#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// How far atoms are moved along the beam so that the widest gap between their planes, modulo the
// slices, lies at the slices' faces: thermal motion then moves no atom to another slice, or from
// one end of the crystal to the other. At most half a slice;
// half a slice goes down the beam, so that a plane on the entrance face stays in the stack. Å.
double OffFaces_A(const Specimen& specimen, double slice_A);

// By how much slices, which act in their entrance planes, act before the depths that the atoms have
// in `specimen`, on the mean, once these are moved by off_A: what is to be added to C10 for depths
// and defocus to count from the crystal's entrance face. Å.
double EarlyBy_A(const Specimen& specimen, double slice_A, double off_A);

}  // namespace ronchi::sim
