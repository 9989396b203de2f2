#include "sim/specimen/elements.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/physics/element_symbols.h"

namespace ronchi::sim {
namespace {

// Beyond californium nothing has been seen as a crystal.
constexpr int kLastSeen = 98;

bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }
bool IsLower(char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); }

std::string_view Letters(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && IsAlpha(text[n])) ++n;
  return text.substr(0, n);
}

bool IsWater(std::string_view text) {
  while (!text.empty() && IsDigit(text.back())) text.remove_suffix(1);
  const std::string word = absl::AsciiStrToUpper(absl::string_view(text.data(), text.size()));
  return word == "OH" || word == "OW" || word == "WAT" || word == "O-H" || word == "OHW";
}

FoundElement Water(std::string_view text) {
  return {8, absl::StrCat("'", std::string(text),
                          "' is taken as the oxygen of water or hydroxyl; its hydrogen is another "
                          "atom, or not in the file")};
}

// "", "4+", "+4", "2-", "-", "0.5+": a charge; "1", "12": a number.
bool IsCharge(std::string_view rest) {
  if (rest.empty()) return true;
  const bool before = rest.front() == '+' || rest.front() == '-';
  const bool behind = rest.back() == '+' || rest.back() == '-';
  if (!before && !behind) return false;
  rest = before ? rest.substr(1) : rest.substr(0, rest.size() - 1);
  return std::all_of(rest.begin(), rest.end(), [](char c) { return IsDigit(c) || c == '.'; });
}
bool IsNumber(std::string_view rest) {
  return !rest.empty() && std::all_of(rest.begin(), rest.end(), IsDigit);
}

absl::Status GroupError(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "'", std::string(text), "' is not one element but a group of atoms; give each a line"));
}
absl::Status UnknownError(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("unknown element '", std::string(text), "'"));
}

}  // namespace

std::string ElementSymbol(int z) {
  return z > 0 && size_t(z) < kElementSymbols.size() ? kElementSymbols[size_t(z)] : absl::StrCat(z);
}

int AtomicNumberOf(std::string_view symbol) {
  if (symbol.empty() || symbol.size() > 2) return 0;
  std::string proper(symbol);
  proper[0] = absl::ascii_toupper(static_cast<unsigned char>(proper[0]));
  if (proper.size() == 2) proper[1] = absl::ascii_tolower(static_cast<unsigned char>(proper[1]));
  if (proper == "D" || proper == "T") return 1;
  for (size_t z = 1; z < kElementSymbols.size(); ++z) {
    if (proper == kElementSymbols[z]) return int(z);
  }
  return 0;
}

std::optional<Formula> ParseFormula(std::string_view text) {
  Formula sum;
  for (const absl::string_view word :
       absl::StrSplit(absl::string_view(text.data(), text.size()), absl::ByAnyChar(" \t\r\n,"),
                      absl::SkipEmpty())) {
    for (size_t i = 0; i < word.size();) {
      if (!IsAlpha(word[i])) return std::nullopt;
      size_t n = i + 1 < word.size() && IsLower(word[i + 1]) ? 2 : 1;
      // A word of two capitals alone, "NA", is one element where there is one.
      const std::string_view letters = Letters({word.data(), word.size()});
      if (i == 0 && letters.size() == 2 && AtomicNumberOf(letters) > 0) n = 2;
      const int z = AtomicNumberOf({word.data() + i, n});
      if (z == 0) return std::nullopt;
      i += n;
      size_t end = i;
      while (end < word.size() && (IsDigit(word[end]) || word[end] == '.')) ++end;
      double amount = 1;
      if (end > i && !absl::SimpleAtod(word.substr(i, end - i), &amount)) return std::nullopt;
      if (!(amount >= 0 && amount < 1e6)) return std::nullopt;
      if (amount > 0) sum[z] += amount;
      i = end;
    }
  }
  if (sum.empty()) return std::nullopt;
  return sum;
}

std::string FormulaText(const Formula& formula) {
  std::string out;
  for (auto it = formula.rbegin(); it != formula.rend(); ++it) {
    const auto& [z, amount] = *it;
    absl::StrAppend(&out, out.empty() ? "" : " ", ElementSymbol(z));
    if (std::abs(amount - 1) > 1e-9) absl::StrAppend(&out, absl::StrFormat("%.4g", amount));
  }
  return out;
}

absl::StatusOr<FoundElement> ElementOfType(std::string_view type, const Formula* formula) {
  if (IsWater(type)) return Water(type);
  const std::string_view letters = Letters(type);
  const std::string_view rest = type.substr(letters.size());
  if (letters == "Cval") return FoundElement{6, ""};
  if (letters == "Siva" || letters == "Sival") return FoundElement{14, ""};
  const int z = AtomicNumberOf(letters);
  const bool is_pair = letters.size() == 2 && IsUpper(letters[1]) &&
                       AtomicNumberOf(letters.substr(0, 1)) > 0 &&
                       AtomicNumberOf(letters.substr(1)) > 0;
  if (!IsCharge(rest) && !IsNumber(rest)) {
    return z > 0 || is_pair || letters.size() > 2 ? GroupError(type) : UnknownError(type);
  }
  if (z == 0) return is_pair ? GroupError(type) : UnknownError(type);
  if (!is_pair) return FoundElement{z, ""};
  // PO, CO, NO, SN …: one element or two.
  if (formula && formula->contains(z)) return FoundElement{z, ""};
  const auto has = [&](size_t at) {
    return formula->contains(AtomicNumberOf(letters.substr(at, 1)));
  };
  if (z > kLastSeen || IsNumber(rest) || (formula && has(0) && has(1))) return GroupError(type);
  return FoundElement{z, ""};
}

absl::StatusOr<FoundElement> ElementOfLabel(std::string_view label, const Formula* formula) {
  if (IsWater(label)) return Water(label);
  const std::string_view letters = Letters(label);
  if (letters.empty()) return UnknownError(label);
  // T is a tetrahedral site more often than tritium.
  const int one = letters[0] == 'T' ? 0 : AtomicNumberOf(letters.substr(0, 1));
  const int two = letters.size() > 1 ? AtomicNumberOf(letters.substr(0, 2)) : 0;
  if (one == 0 && two == 0) return UnknownError(label);
  if (one == 0 || two == 0) return FoundElement{one + two, ""};
  const bool proper = IsLower(letters[1]);
  const std::array<int, 2> order = proper ? std::array{two, one} : std::array{one, two};
  const auto choice = [&](int z, const char* why) {
    return FoundElement{z, absl::StrCat("the label '", std::string(label), "' is taken as ",
                                        ElementSymbol(z), why)};
  };
  if (formula) {
    for (int z : order) {
      if (!formula->contains(z)) continue;
      if (proper && z == two) return FoundElement{z, ""};
      return choice(z, ", which the formula has");
    }
  }
  if (proper) return FoundElement{two, ""};
  if (!formula && one == 1) {
    return choice(one, ", named by the atom that it is bound to: there is no type symbol");
  }
  return absl::InvalidArgumentError(absl::StrCat("the label '", std::string(label), "' may be ",
                                                 ElementSymbol(one), " or ", ElementSymbol(two),
                                                 "; give _atom_site_type_symbol"));
}

}  // namespace ronchi::sim
