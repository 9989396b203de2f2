#pragma once
// Circle and angle units: mrad and degrees in files, rad inside (docs/conventions.md).
#include <numbers>

namespace ronchi {

inline constexpr double kPi = std::numbers::pi, kTwoPi = 2 * std::numbers::pi;
inline constexpr double kRadPerDeg = std::numbers::pi / 180;
inline constexpr double kRadPerMrad = 1e-3;

}  // namespace ronchi
