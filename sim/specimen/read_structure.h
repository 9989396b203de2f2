// Structure files → Crystal or Specimen. Told apart by content:
// - Prismatic xyz: title line; "a b c" cell in Å; then "Z x y z occupancy [rms]" lines; end "-1".
//   (Ophus, Adv. Struct. Chem. Imaging 3, 13 (2017); Kirkland's format, one-dimensional rms in Å.)
// - extended xyz: number of atoms; a comment with Lattice="ax ay az bx by bz cx cy cz" and
//   optionally Properties=species:S:1:pos:R:3 and, in any order and case, occupancy:R:1; one of
//   rms:R:1 (Å), B, biso or b_iso (Å², 8π² rms²), uiso or u_iso (Å², rms²); disp, displacement or
//   displacements:R:3 (Å, added to pos); then one line an atom. Atoms above or below a box are
//   wrapped into it unless pbc="… … F".
// - CIF: sim/read_cif.h.
#pragma once

#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// Any cell. NotFound: no such file. InvalidArgument: "file:line: what is wrong; what is allowed",
// also for a file that ends early or has an atom far outside the box.
absl::StatusOr<Crystal> ReadCrystal(const std::string& path);

// The same where the cell is a box along x, y, z; InvalidArgument where it is not.
absl::StatusOr<Specimen> ReadStructure(const std::string& path);

}  // namespace ronchi::sim
