// Space groups by the names that files give them. Only for sources that include gemmi.
#pragma once

#include <gemmi/symmetry.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ronchi::sim {

// Every setting in gemmi's table that a Hermann-Mauguin name may mean, in the table's order: short
// and full names, with or without blanks, in any case; old ones (F d 3 m for F d -3 m); origin or
// axes behind a colon or a blank (:1, :2, :H, :R, and S, Z, H, R as the ICSD has it). Of a name
// that tells no axes ("P 21/c") all that it fits.
std::vector<const gemmi::SpaceGroup*> FindGroupsByName(const std::string& name);

// nullopt: not a Hall symbol (Hall, Acta Cryst. A37, 517 (1981)).
std::optional<gemmi::GroupOps> ParseHall(const std::string& symbol);

}  // namespace ronchi::sim
