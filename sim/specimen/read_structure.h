// Structure files → Crystal or Specimen. Told apart by content; lengths in Å. What a file says is
// read right or refused; what is doubtful is told in Crystal::summary.
// - CIF: sim/specimen/read_cif.h.
// - Prismatic xyz: title line; "a b c"; then "Z x y z occupancy [rms]" lines, with blanks or
// commas;
//   end "-1". (Ophus, Adv. Struct. Chem. Imaging 3, 13 (2017); Kirkland's format, one-dimensional
//   rms.)
// - extended xyz: number of atoms; a comment with Lattice="ax ay az bx by bz cx cy cz" and
//   optionally Origin="x y z", where the cell begins; pbc="T T F"; occupancy=…, by
//   spacegroup_kinds, as ASE writes it; and Properties=species:S:1:pos:R:3 with, in any order and
//   case, occupancy:R:1; one of rms:R:1 (Å), B, biso or b_iso (Å², 8π² rms²), uiso or u_iso (Å²,
//   rms²); disp, displacement or displacements:R:3 (Å, added to pos); then one line an atom. Atoms
//   above or below a box are wrapped into it unless pbc says that it ends there.
// - POSCAR of VASP 5 and later; atoms above or below the cell are wrapped.
// - plain xyz, where the caller knows the cell.
#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// Any cell. `cell_A` is the box of a plain xyz file, whose format has none; InvalidArgument for any
// other file. NotFound: no such file. InvalidArgument: "file:line: format: what is wrong; what is
// allowed", also for a file that ends early or has an atom outside the box.
absl::StatusOr<Crystal> ReadCrystal(const std::string& path,
                                    const std::optional<Vector3>& cell_A = std::nullopt);

// The same from a file's text; `path` is for messages alone.
absl::StatusOr<Crystal> ParseCrystal(const std::string& path, const std::string& text,
                                     const std::optional<Vector3>& cell_A = std::nullopt);

// The same where the cell is a box along x, y, z; InvalidArgument where it is not.
absl::StatusOr<Specimen> ReadStructure(const std::string& path);

}  // namespace ronchi::sim
