// Where to start a fit: the grid of aberrations and lattice shifts whose images' Fourier
// coefficients correlate best with those observed. Needs no derivative and no luck.
#pragma once

#include <span>
#include <vector>

#include "theory/forward/column_model.h"

namespace ronchi::theory {

// The `count` best states, best first; parameters that are not searched are taken from `center`.
// The grid covers ±range_A of `center` in steps near 30 Å in each of C10, C12a, C12b.
std::vector<State> SearchStarts(const ColumnModel& model, std::span<const Acquisition> images,
                                const State& center, const std::array<double, 3>& range_A,
                                size_t count);

}  // namespace ronchi::theory
