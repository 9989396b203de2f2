// Aberration coefficients by the names of hidden numbers ("C12a_nm", "C30_um") and of instruments'
// properties ("optics.C12.a"), to fifth order.
#pragma once

#include <optional>
#include <string_view>

#include "sim/physics/aberrations.h"
#include "theory/forward/forward_model.h"

namespace ronchi::theory {

struct Coefficient {
  size_t term = 0;    // of sim::kAberrationTerms
  bool sine = false;  // part b
  double unit_A = 1;  // of the name's unit

  double& Of(sim::Aberrations* a) const { return sine ? a->b_A[term] : a->a_A[term]; }
};
// Of a parameter's name; none if it is no coefficient's.
std::optional<Coefficient> ParseCoefficient(std::string_view name);
// Of an instrument's property, which is in metres.
std::optional<Coefficient> ParseOpticsProperty(std::string_view property);

// What all settings of an acquisition that are coefficients amount to.
sim::Aberrations SettingsOf(const Acquisition& acquisition);

}  // namespace ronchi::theory
