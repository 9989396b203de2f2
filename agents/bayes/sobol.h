// Sobol points with a random digital shift: every binary digit of every coordinate is flipped or
// not, alike for all points, which keeps the net's even filling of the cube and makes each point
// uniform (L'Ecuyer & Lemieux 2002). Directions: Boost.Random (Joe & Kuo 2008).
#pragma once

#include <Eigen/Core>

#include "core/random.h"

namespace ronchi::agents {

// [count, dimension] in [0, 1); a function of the key alone. dimension <= 3667 (Boost's table).
Eigen::MatrixXd SobolPoints(size_t count, size_t dimension, const StreamKey& shift);

}  // namespace ronchi::agents
