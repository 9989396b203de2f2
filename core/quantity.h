// Quantities at the instrument boundary carry their dimension; values are SI inside. Conversions
// between a unit's name and SI live here and nowhere else.
#pragma once

#include <string>
#include <string_view>

#include "core/angle.h"
#include "core/status.h"

namespace ronchi {

// Dose: e⁻/m².
enum class Dimension { kNone, kLength, kAngle, kTime, kCurrent, kVoltage, kDose, kSpeed };

struct Quantity {
  double si = 0;
  Dimension dimension = Dimension::kNone;
  bool operator==(const Quantity&) const = default;
};

inline Quantity Metres(double v) { return {v, Dimension::kLength}; }
inline Quantity Nanometres(double v) { return {v * 1e-9, Dimension::kLength}; }
inline Quantity Radians(double v) { return {v, Dimension::kAngle}; }
inline Quantity Seconds(double v) { return {v, Dimension::kTime}; }
inline Quantity Amperes(double v) { return {v, Dimension::kCurrent}; }
inline Quantity Volts(double v) { return {v, Dimension::kVoltage}; }
inline Quantity Number(double v) { return {v, Dimension::kNone}; }

constexpr double kMetresPerAngstrom = 1e-10;
constexpr double kAngstromPerMetre = 1e10;
constexpr double kAngstromPerNanometre = 10;
constexpr double kElementaryCharge_C = 1.602176634e-19;  // exact, SI 2019

// The SI unit's name: "m", "rad", "s", "A", "V", "1/m^2", "m/s", "" for kNone.
std::string_view UnitName(Dimension dimension);
std::string_view DimensionName(Dimension dimension);

// "10 nm", "2.5 mrad", "30 pA", "1e4 e/A^2"; a bare number has no dimension.
// InvalidArgument names the text and the units that are known.
absl::StatusOr<Quantity> ParseQuantity(std::string_view text);
// With an engineering prefix and four significant digits: "-12.5 nm".
std::string Format(const Quantity& quantity);

}  // namespace ronchi
