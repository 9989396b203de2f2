// The names of CEOS correctors for what Ronchi calls optics.C12.a: Haider's complex coefficients
// against Krivanek's pairs, a + ib = factor · coefficient, both in metres (docs/conventions.md,
// "Haider's notation"; Uhlemann & Haider, Ultramicroscopy 72, 109 (1998)).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace ronchi::hw::wire {

struct HaiderTerm {
  std::string_view name;      // "B2"
  std::string_view krivanek;  // "C21"
  int factor;
  bool round;  // a real number: no part b
};

// In the order in which correctors list them.
inline constexpr std::array<HaiderTerm, 14> kHaiderTerms = {{{"C1", "C10", 1, true},
                                                             {"A1", "C12", 1, false},
                                                             {"A2", "C23", 1, false},
                                                             {"B2", "C21", 3, false},
                                                             {"C3", "C30", 1, true},
                                                             {"A3", "C34", 1, false},
                                                             {"S3", "C32", 4, false},
                                                             {"A4", "C45", 1, false},
                                                             {"D4", "C43", 5, false},
                                                             {"B4", "C41", 5, false},
                                                             {"C5", "C50", 1, true},
                                                             {"A5", "C56", 1, false},
                                                             {"R5", "C54", 6, false},
                                                             {"S5", "C52", 6, false}}};

// The index into the table; its size: no such name.
constexpr size_t HaiderIndex(std::string_view name) {
  size_t i = 0;
  while (i < kHaiderTerms.size() && kHaiderTerms[i].name != name) ++i;
  return i;
}
constexpr size_t PartsOf(const HaiderTerm& term) { return term.round ? 1 : 2; }

// "C12.a", "C12.b", "C10": what an estimate is named.
inline std::string PartName(const HaiderTerm& term, size_t part) {
  return std::string(term.krivanek) + (term.round ? "" : part == 0 ? ".a" : ".b");
}
inline std::string PropertyOf(const HaiderTerm& term, size_t part) {
  return "optics." + PartName(term, part);
}

// There and back is the same double where the factor is 1 or 4. Where it is 3, 5 or 6, a fifth of
// all doubles or so have no counterpart that is multiplied to them; they come back as a neighbour,
// and that one comes back as itself: |f h − k| of the nearest h is half a spacing of one side or of
// the other, so what has gone there and back once is the same ever after.
constexpr double ToHaider(const HaiderTerm& term, double krivanek) {
  return krivanek / term.factor;
}
constexpr double ToKrivanek(const HaiderTerm& term, double haider) { return haider * term.factor; }

}  // namespace ronchi::hw::wire
