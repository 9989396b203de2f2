// The precision that waves and matrices are kept in: single. The library is compiled a second time
// in double precision (RONCHI_DOUBLE) for tests alone, which then hold gradients to round-off of
// sixteen digits instead of seven.
#pragma once

namespace ronchi::sim {

#ifdef RONCHI_DOUBLE
using Real = double;
#else
using Real = float;
#endif

}  // namespace ronchi::sim
