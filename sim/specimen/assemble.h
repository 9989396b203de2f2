// The last part of reading, the same for every format: the atoms of one cell become a Crystal, and
// what is impossible is refused, what is doubtful told.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/specimen/crystal.h"
#include "sim/specimen/structure_summary.h"

namespace ronchi::sim {

// Files round: an occupancy that is above 1 by less counts as 1.
inline constexpr double kOccupancySlack = 0.02;

// InvalidArgument: a value of the atom that is out of range, and what is allowed.
absl::Status CheckAtomValues(const Atom& atom);

struct RawStructure {
  std::string title;
  std::array<Vector3, 3> lattice_A = {};
  std::vector<Atom> atoms;
  StructureSummary summary;  // file, format, symmetry, periodic and the reader's warnings
  std::optional<Formula>
      formula;  // that the file states, and how many of it in a cell (0: not told)
  double formula_units = 0;
  std::function<std::string(size_t)>
      name;  // of an atom, in a message: "'Pb1'", "the atom in line 7"
  std::function<absl::Status(size_t, const std::string&)> error;  // about an atom, with its place
};

// - Atoms that are listed again a lattice vector away (on the opposite face) are taken once.
// To be called on atoms as they are listed, before symmetry makes more of them. Returns which are
// left.
std::vector<char> DropListedImages(RawStructure* raw);

// - Atoms with occupancy 0 are left out.
// - Atoms of one element at one place become one, with the sum of their occupancies; if all at a
//   place sum above 1, equal ones are first taken as one listed several times.
// - Warnings: a shortest distance below 0.5 Å, a formula that differs, large displacements.
// InvalidArgument: a value out of range, occupancies at a place that sum above 1, no atoms.
absl::StatusOr<Crystal> Assemble(RawStructure raw);

}  // namespace ronchi::sim
