// Chemical elements as structure files write them. Nothing is taken by its first letters alone:
// what could be two things is refused, or decided by the file's own formula, and said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi::sim {

// Atomic number → amount.
using Formula = std::map<int, double>;

// "Sr"; the number as text where there is no such element (1 … 118 there are).
std::string ElementSymbol(int z);
// Of a symbol and nothing else, any case; D and T are hydrogen. 0: no element.
int AtomicNumberOf(std::string_view symbol);

// "O3 Pb Ti", "SrTiO3", "Fe0.64 Ni0.36". nullopt: not a plain sum of elements.
std::optional<Formula> ParseFormula(std::string_view text);
// "Pb Ti O3", in the order of atomic numbers, falling.
std::string FormulaText(const Formula& formula);

struct FoundElement {
  int z = 0;
  std::string warning;  // what was decided, where it is not plain from the text; else empty
};
// A type symbol: an element, any case, with a charge or a number behind it ("Sr2+", "O-2", "Fe1").
// Two capitals that are two elements as well as one (PO, CO) are one where the formula, if there is
// any, has it; with a number behind them (NO3) only then. OH, OW, Wat, O-H are the oxygen of water
// or hydroxyl. InvalidArgument: a group of atoms, or no element.
absl::StatusOr<FoundElement> ElementOfType(std::string_view type, const Formula* formula);
// A label whose type is not told: the symbol that it begins with. "Fe1" is iron; of "HO1", "CA2",
// whose second letter is a capital, the shortest match that the formula has. InvalidArgument where
// that does not decide. Without a formula H before a capital is hydrogen, named by its neighbour.
absl::StatusOr<FoundElement> ElementOfLabel(std::string_view label, const Formula* formula);

}  // namespace ronchi::sim
