// Structure files → Specimen. Told apart by content:
// - Prismatic xyz: title line; "a b c" cell in Å; then "Z x y z occupancy [rms]" lines; end "-1".
//   (Ophus, Adv. Struct. Chem. Imaging 3, 13 (2017); Kirkland's format, one-dimensional rms in Å.)
// - extended xyz: number of atoms; a comment with Lattice="ax 0 0 0 by 0 0 0 cz" and optionally
//   Properties=species:S:1:pos:R:3[:occupancy:R:1][:rms:R:1]; then one line an atom.
// - CIF: sim/read_cif.h.
#pragma once

#include <string>

#include "core/status.h"
#include "sim/specimen.h"

namespace ronchi::sim {

// NotFound: no such file. InvalidArgument: "file:line: what is wrong; what is allowed", also for a
// file that ends early or has an atom far outside the box.
absl::StatusOr<Specimen> ReadStructure(const std::string& path);

}  // namespace ronchi::sim
