#include "theory/forward/optics_names.h"

#include <array>
#include <utility>

#include "core/quantity.h"

namespace ronchi::theory {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 4> kUnits = {
    {{"_A", 1}, {"_nm", kAngstromPerNanometre}, {"_um", 1e4}, {"_mm", 1e7}}};

// "C12" and part "a", "b" or "".
std::optional<Coefficient> Named(std::string_view term, std::string_view part, double unit_A) {
  for (size_t t = 0; t < sim::kAberrationTerms.size(); ++t) {
    if (sim::kAberrationTerms[t].name != term) continue;
    const bool round = sim::kAberrationTerms[t].m == 0;
    if (round ? !part.empty() : part != "a" && part != "b") return std::nullopt;
    return Coefficient{t, part == "b", unit_A};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Coefficient> ParseCoefficient(std::string_view name) {
  for (const auto& [suffix, unit_A] : kUnits) {
    if (!name.ends_with(suffix)) continue;
    const std::string_view stem = name.substr(0, name.size() - suffix.size());
    if (stem.size() < 3) return std::nullopt;
    return Named(stem.substr(0, 3), stem.substr(3), unit_A);
  }
  return std::nullopt;
}

std::optional<Coefficient> ParseOpticsProperty(std::string_view property) {
  constexpr std::string_view kGroup = "optics.";
  if (!property.starts_with(kGroup)) return std::nullopt;
  const std::string_view rest = property.substr(kGroup.size());
  if (rest.size() == 3) return Named(rest, "", kAngstromPerMetre);
  if (rest.size() != 5 || rest[3] != '.') return std::nullopt;
  return Named(rest.substr(0, 3), rest.substr(4), kAngstromPerMetre);
}

sim::Aberrations SettingsOf(const Acquisition& acquisition) {
  sim::Aberrations out;
  for (const auto& [property, value] : acquisition.settings) {
    if (const auto c = ParseOpticsProperty(property)) c->Of(&out) += value * c->unit_A;
  }
  return out;
}

}  // namespace ronchi::theory
