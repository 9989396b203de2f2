#include "sim/specimen/space_group_names.h"

#include <algorithm>
#include <exception>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/specimen/cif_symmetry.h"

namespace ronchi::sim {
namespace {

using Words = std::vector<std::string>;

std::string Joined(const Words& words) { return absl::StrJoin(words, ""); }

// A monoclinic name without the axes that have no symmetry: "P 1 21/c 1" as P21/c.
std::string Short(const Words& words) {
  Words out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i == 0 || words[i] != "1") out.push_back(words[i]);
  }
  return Joined(out);
}

void Match(const std::string& hm, const gemmi::SpaceGroup& group, const std::string& compact,
           char ext, std::vector<const gemmi::SpaceGroup*>* out) {
  if (ext != 0 && group.ext != ext) return;
  const Words words = absl::StrSplit(absl::AsciiStrToLower(hm), ' ', absl::SkipEmpty());
  const bool monoclinic = group.number >= 3 && group.number <= 15;
  if (compact == Joined(words) || (monoclinic && compact == Short(words))) out->push_back(&group);
}

std::vector<const gemmi::SpaceGroup*> Lookup(const std::string& compact, char ext) {
  std::vector<const gemmi::SpaceGroup*> out;
  for (const gemmi::SpaceGroup& g : gemmi::spacegroup_tables::main) {
    Match(g.hm, g, compact, ext, &out);
  }
  for (const gemmi::SpaceGroupAltName& alt : gemmi::spacegroup_tables::alt_names) {
    const gemmi::SpaceGroup& g = gemmi::spacegroup_tables::main[alt.pos];
    if (out.empty() || out.front()->number == g.number) Match(alt.hm, g, compact, ext, &out);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// "f 4/d -3 2/m" as f d -3 m, "p 21/n 21/m 21/a" as p n m a, "p 6/m 2/m 2/m" as p 6/m m m: of an
// axis across a plane the plane is left, but for the first axis of the systems that have one.
Words WithoutAxes(Words words) {
  const auto plane = [](std::string* word) {
    const size_t slash = word->find('/');
    if (slash != std::string::npos) *word = word->substr(slash + 1);
  };
  const bool cubic = words.size() > 2 && words[2] == "-3";
  const bool orthorhombic = words.size() == 4 && words[1].size() > 2 && words[1][0] == '2' &&
                            words[2].find('/') != std::string::npos;
  for (size_t i = 1; i < words.size(); ++i) {
    if (i > 1 || cubic || orthorhombic) plane(&words[i]);
  }
  return words;
}

// The bar of m3 and m3m was not written before 1983: f d 3 m.
std::string WithBar(std::string compact) {
  if (compact.size() >= 3 && absl::ascii_isalpha(static_cast<unsigned char>(compact[1])) &&
      compact[2] == '3') {
    compact.insert(2, "-");
  }
  return compact;
}

// Takes the origin or axes off the end. 0: none there.
char TakeSetting(std::string* name) {
  std::string& s = *name;
  const size_t colon = s.find(':');
  const std::string behind = colon != std::string::npos ? s.substr(colon + 1) : "";
  if (colon != std::string::npos) s.resize(colon);
  const std::string word(absl::StripAsciiWhitespace(behind));
  if (word.empty()) return 0;
  const char first = word[0] == 'o' && word.size() > 1 ? word[1] : word[0];  // o1, o2
  switch (first) {
    case '1':
    case 's':
      return '1';
    case '2':
    case 'z':
      return '2';
    case 'h':
      return 'H';
    case 'r':
      return 'R';
    default:
      return 0;
  }
}

std::string Clean(const std::string& name) {
  std::string out;
  for (char c : name) {
    if (c == '_' || c == '\\' || c == '~' || c == '(' || c == ')' || c == '=' || c == '\'')
      continue;
    out += absl::ascii_isspace(static_cast<unsigned char>(c)) ? ' ' : c;
  }
  out = absl::AsciiStrToLower(out);
  // "(origin choice 2)"
  const size_t origin = out.find("origin");
  if (origin == std::string::npos) return out;
  const size_t digit = out.find_first_of("12", origin);
  return out.substr(0, origin) + (digit == std::string::npos ? "" : ":" + out.substr(digit, 1));
}

// gemmi's parser takes some texts that are no Hall symbols, and reads beyond its tables on others
// (a screw's number with an axis that is not one of x, y, z): these are kept from it.
bool IsSafeHall(const std::string& text) {
  const size_t bracket = text.find('(');
  const std::string body = text.substr(0, bracket);
  const Words words = absl::StrSplit(body, absl::ByAnyChar(" \t_"), absl::SkipEmpty());
  if (words.empty() || words.size() > 6) return false;
  if (body.find_first_not_of(" \t_-PABCIRSTFH123456abcdnuvwxyz'\"*") != std::string::npos) {
    return false;
  }
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& w = words[i];
    const size_t order = w[0] == '-' ? 1 : 0;
    const bool subscript = w.find_first_of("123456", order + 1) != std::string::npos;
    const bool has_axis = w.find_first_of("xyz") != std::string::npos;
    const bool is_diagonal = w.find_first_of("'\"*") != std::string::npos;
    if (subscript && (is_diagonal || !(has_axis || i == 1))) return false;
    if (w.find_first_of("23456", order) == order && w.find('6', order + 1) != std::string::npos) {
      return false;
    }
  }
  if (bracket == std::string::npos) return true;
  const size_t end = text.find(')', bracket);
  if (end == std::string::npos) return false;
  const std::string inside = text.substr(bracket + 1, end - bracket - 1);
  if (inside.find(',') != std::string::npos) return ParseOperation(inside).ok();
  const Words shifts = absl::StrSplit(inside, ' ', absl::SkipEmpty());
  return shifts.size() == 3 && std::all_of(shifts.begin(), shifts.end(), [](const std::string& s) {
           int value = 0;
           return absl::SimpleAtoi(s, &value) && std::abs(value) <= 12;
         });
}

}  // namespace

std::vector<const gemmi::SpaceGroup*> FindGroupsByName(const std::string& name) {
  std::string plain = Clean(name);
  char ext = TakeSetting(&plain);
  Words words = absl::StrSplit(plain, ' ', absl::SkipEmpty());
  if (words.empty()) return {};
  if (words[0] == "h") words[0] = "r", ext = 'H';
  const auto attempt = [&](const Words& w, char setting) {
    std::vector<const gemmi::SpaceGroup*> found;
    for (const std::string& compact :
         {Joined(w), WithBar(Joined(w)), Joined(WithoutAxes(w)), WithBar(Joined(WithoutAxes(w)))}) {
      found = Lookup(compact, setting);
      if (!found.empty()) break;
    }
    return found;
  };
  auto found = attempt(words, ext);
  if (!found.empty() || ext != 0) return found;
  // ICSD: "F d -3 m S" and "F d -3 m Z" are origins 1 and 2, "R -3 m H" and "R -3 m R" axes.
  std::string last = words.back();
  const char letter = last.back();
  const bool r = words[0][0] == 'r';
  const char setting = r && letter == 'h'   ? 'H'
                       : r && letter == 'r' ? 'R'
                       : letter == 's'      ? '1'
                       : letter == 'z'      ? '2'
                       : letter == '1'      ? '1'
                       : letter == '2'      ? '2'
                                            : 0;
  if (setting == 0 || Joined(words).size() < 3) return found;
  last.pop_back();
  if (!last.empty() && last.back() == 'o') last.pop_back();
  words.pop_back();
  if (!last.empty()) words.push_back(last);
  return attempt(words, setting);
}

std::optional<gemmi::GroupOps> ParseHall(const std::string& symbol) {
  try {
    std::string text = absl::AsciiStrToLower(absl::StripAsciiWhitespace(symbol));
    const size_t lattice = text.find_first_not_of("- \t");
    if (lattice == std::string::npos) return std::nullopt;
    text[lattice] = absl::ascii_toupper(static_cast<unsigned char>(text[lattice]));
    if (!IsSafeHall(text)) return std::nullopt;
    gemmi::GroupOps group = gemmi::symops_from_hall(text.c_str());
    // More than a space group has: 48 rotations with four centrings.
    if (group.sym_ops.size() > 48 || group.cen_ops.size() > 27) return std::nullopt;
    return group;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace ronchi::sim
