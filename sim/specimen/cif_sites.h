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
  bool HasSites() const;
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
absl::StatusOr<std::vector<CifSite>> ReadCifSites(const CifBlock& block,
                                                  const std::array<Vector3, 3>& lattice_A,
                                                  const Formula* formula,
                                                  std::vector<std::string>* warnings);

}  // namespace ronchi::sim
