// How many equal cells a specimen's box holds.
#pragma once

#include <array>
#include <cstddef>

#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// The most equal parts, along x and along y, that the box falls into, among the divisors of
// `divisible` (a grid's pixels): moved by one part every atom lies on one of its kind, to 1e-6 Å.
std::array<size_t, 2> CountEqualCells(const Specimen& specimen, std::array<size_t, 2> divisible);

// One of the equal parts that the box falls into, as a box of its own.
Specimen FirstCell(const Specimen& specimen, std::array<size_t, 2> cells);

}  // namespace ronchi::sim
