#include "core/quantity.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi {
namespace {

struct Unit {
  std::string_view name;
  Dimension dimension;
  double si;
};
constexpr Unit kUnits[] = {
    {"m", Dimension::kLength, 1},       {"mm", Dimension::kLength, 1e-3},
    {"um", Dimension::kLength, 1e-6},   {"nm", Dimension::kLength, 1e-9},
    {"pm", Dimension::kLength, 1e-12},  {"Å", Dimension::kLength, 1e-10},
    {"rad", Dimension::kAngle, 1},      {"mrad", Dimension::kAngle, 1e-3},
    {"urad", Dimension::kAngle, 1e-6},  {"deg", Dimension::kAngle, M_PI / 180},
    {"s", Dimension::kTime, 1},         {"ms", Dimension::kTime, 1e-3},
    {"us", Dimension::kTime, 1e-6},     {"ns", Dimension::kTime, 1e-9},
    {"A", Dimension::kCurrent, 1},      {"nA", Dimension::kCurrent, 1e-9},
    {"pA", Dimension::kCurrent, 1e-12}, {"V", Dimension::kVoltage, 1},
    {"kV", Dimension::kVoltage, 1e3},   {"1/m^2", Dimension::kDose, 1},
    {"e/A^2", Dimension::kDose, 1e20},
};

}  // namespace

std::string_view UnitName(Dimension d) {
  switch (d) {
    case Dimension::kLength:
      return "m";
    case Dimension::kAngle:
      return "rad";
    case Dimension::kTime:
      return "s";
    case Dimension::kCurrent:
      return "A";
    case Dimension::kVoltage:
      return "V";
    case Dimension::kDose:
      return "1/m^2";
    case Dimension::kSpeed:
      return "m/s";
    case Dimension::kNone:
      break;
  }
  return "";
}

std::string_view DimensionName(Dimension d) {
  switch (d) {
    case Dimension::kLength:
      return "length";
    case Dimension::kAngle:
      return "angle";
    case Dimension::kTime:
      return "time";
    case Dimension::kCurrent:
      return "current";
    case Dimension::kVoltage:
      return "voltage";
    case Dimension::kDose:
      return "dose";
    case Dimension::kSpeed:
      return "speed";
    case Dimension::kNone:
      break;
  }
  return "number";
}

absl::StatusOr<Quantity> ParseQuantity(std::string_view text) {
  std::string number(text), unit;
  absl::StripAsciiWhitespace(&number);
  if (const size_t end = number.find_first_of(" \t"); end != std::string::npos) {
    unit = number.substr(end);
    number.resize(end);
    absl::StripAsciiWhitespace(&unit);
  }
  double value = 0;
  if (!absl::SimpleAtod(number, &value) || !std::isfinite(value)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", std::string(text), "' is not a finite number with a unit, such as 10 nm"));
  }
  if (unit.empty()) return Number(value);
  std::string known;
  for (const Unit& u : kUnits) {
    if (unit == u.name) return Quantity{value * u.si, u.dimension};
    absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(u.name));
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown unit '", unit, "'; known: ", known));
}

std::string Format(const Quantity& q) {
  const std::string unit(UnitName(q.dimension));
  if (q.si == 0) {  // in the unit that instruments speak of, beside which it is read
    for (const auto& [dimension, name] : {std::pair(Dimension::kLength, "nm"),
                                          {Dimension::kAngle, "mrad"},
                                          {Dimension::kCurrent, "pA"}}) {
      if (q.dimension == dimension) return absl::StrCat("0 ", name);
    }
  }
  if (q.si == 0 || q.dimension == Dimension::kNone || q.dimension == Dimension::kDose ||
      !std::isfinite(q.si)) {
    return absl::StrFormat("%.4g%s%s", q.si, unit.empty() ? "" : " ", unit);
  }
  static constexpr const char* kPrefix[] = {"p", "n", "u", "m", "", "k"};
  int index = int(std::floor(std::log10(std::fabs(q.si)) / 3 + 1e-12)) + 4;
  index = std::max(0, std::min(5, index));
  return absl::StrFormat("%.4g %s%s", q.si / std::pow(1000.0, index - 4), kPrefix[index], unit);
}

}  // namespace ronchi
