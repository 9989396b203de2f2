// What a data block of a CIF says of its atoms, site by site. Only for sources that include gemmi.
#pragma once

#include <gemmi/cifdoc.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/specimen/crystal.h"
#include "sim/specimen/elements.h"

namespace ronchi::sim {

// "4.078(2)", "1/3"; nullopt: no number, or nothing ('?', '.').
std::optional<double> CifNumber(const std::string& text);

// Values by tag, upper or lower case, as text without quotes; "" stands for '?' and '.'.
class CifBlock {
 public:
  explicit CifBlock(gemmi::cif::Block* block) : block_(block) {}  // borrowed
  const std::string& name() const { return block_->name; }
  bool Has(const std::string& tag) const { return block_->has_tag(tag); }
  // As CIF or as mmCIF (PDBx) writes them.
  bool HasCell() const { return Has("_cell_length_a") || Has("_cell.length_a"); }
  const char* CellCategory() const { return Has("_cell_length_a") ? "_cell_" : "_cell."; }
  bool HasSites() const { return HasFractionalSites() || HasCartesianSites(); }
  bool HasFractionalSites() const { return Has("_atom_site_fract_x") || Has("_atom_site.fract_x"); }
  bool HasCartesianSites() const {
    return !HasFractionalSites() && (Has("_atom_site_Cartn_x") || Has("_atom_site.Cartn_x"));
  }
  // The first of the tags that has a value.
  std::string Value(const std::vector<std::string>& tags) const;
  // All values of the first of the tags that is there; empty where none is.
  std::vector<std::string> Column(const std::vector<std::string>& tags) const;

 private:
  gemmi::cif::Block* block_;
};

struct CifSite {
  std::string label;
  Atom atom;  // z, occupancy and rms; its place is `at`
  Vector3 at = {0, 0, 0};
  // Within this of each other, images of the site are one: what its digits leave open, at least
  // 0.01 Å and at most 0.1 Å.
  double precision_A = 0.01;
  int multiplicity = 0;  // as the file has it; 0: not told
};

// InvalidArgument: "site 'Pb1': …". Images of sites on opposite faces are left out, with a warning.
// Cartesian coordinates, where there are no fractions, are those of the lattice's own axes, or by
// the file's matrix, where it has one. Of several models the first is read. Alternatives that have
// no occupancy of their own share one atom equally.
absl::StatusOr<std::vector<CifSite>> ReadCifSites(const CifBlock& block,
                                                  const std::array<Vector3, 3>& lattice_A,
                                                  const Formula* formula,
                                                  std::vector<std::string>* warnings);

}  // namespace ronchi::sim
