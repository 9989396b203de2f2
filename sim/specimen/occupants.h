// Partly occupied sites, as a frozen configuration sees them: at every site one of its occupants
// stands, or none, with the probabilities that their occupancies say.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// The site of every atom, a number from 0 in the order of first atoms. Atoms with occupancy 1 are a
// site each. Partly occupied ones at one place (to 0.05 Å) share a site; so do, after that, those
// within 0.5 Å, nearer than any two atoms can be: positions of one split atom. No site's
// occupancies sum above 1.02: an atom that would make them begins a new one.
std::vector<size_t> FindSites(const Specimen& specimen);

// A number in [0, 1) for site and configuration, uniform and independent from site to site. For one
// site, configurations 8n … 8n + 7 fall one into each eighth, and every half and quarter of them
// likewise into halves and quarters: over few configurations a site is occupied as often as it
// should be (a Latin hypercube: McKay, Beckman & Conover, Technometrics 21, 239 (1979)). The mean
// over configurations is that of independent draws, its variance smaller.
double OccupancyDraw(uint64_t seed, size_t site, uint64_t configuration);

}  // namespace ronchi::sim
