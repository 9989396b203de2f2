// The beam of tests that need one.
#pragma once

namespace ronchi::sim {

inline constexpr double kEnergy_eV = 200e3;

}  // namespace ronchi::sim
