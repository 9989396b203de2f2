#include "sim/specimen/cif_symmetry.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/specimen/space_group_names.h"

namespace ronchi::sim {
namespace {

using gemmi::Op;
using Key = std::array<int, 12>;
using OperationSet = std::set<Key>;

// Lattice parameters of a file agree with its group to some tenths of a per cent even where they
// were relaxed; another setting's axes are off by much more.
constexpr double kMetricTolerance = 0.02;
// A space group has up to 192; those of magnetic and other large cells, with the translations of
// the small one written out, a few times that.
constexpr size_t kMostOperations = 5000;

Key KeyOf(const Op& op) {
  Key key;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) key[3 * i + j] = op.rot[i][j];
    key[9 + i] = ((op.tran[i] % Op::DEN) + Op::DEN) % Op::DEN;
  }
  return key;
}

OperationSet SetOf(const gemmi::GroupOps& group) {
  OperationSet out;
  for (const Op& op : group) out.insert(KeyOf(op));
  return out;
}
OperationSet SetOf(const gemmi::SpaceGroup& group) { return SetOf(group.operations()); }

std::vector<SymmetryOperation> ListOf(const OperationSet& set) {
  std::vector<SymmetryOperation> out = {{}};
  for (const Key& key : set) {
    if (key == KeyOf(Op::identity())) continue;
    SymmetryOperation op;
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) op.rotation[i][j] = key[3 * i + j] / double(Op::DEN);
      op.shift[i] = key[9 + i] / double(Op::DEN);
    }
    out.push_back(op);
  }
  return out;
}

// The same in gemmi's whole numbers; nullopt: not on its grid of 1/24.
std::optional<Key> KeyOf(const SymmetryOperation& op) {
  Key key;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      key[3 * i + j] = int(std::lround(op.rotation[i][j] * Op::DEN));
      if (std::fabs(op.rotation[i][j] * Op::DEN - key[3 * i + j]) > 1e-6) return std::nullopt;
    }
    const double part = (op.shift[i] - std::floor(op.shift[i])) * Op::DEN;
    key[9 + i] = int(std::lround(part)) % Op::DEN;
    if (std::fabs(part - std::round(part)) > 1e-6) return std::nullopt;
  }
  return key;
}

// Whether rotations of the group leave lengths and angles of the cell alone: RᵀGR = G.
bool Fits(const OperationSet& set, const std::array<Vector3, 3>& l) {
  double metric[3][3], largest = 0;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      metric[i][j] = l[i][0] * l[j][0] + l[i][1] * l[j][1] + l[i][2] * l[j][2];
    }
  }
  for (const Key& key : set) {
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) {
        double turned = 0;
        for (size_t p = 0; p < 3; ++p) {
          for (size_t q = 0; q < 3; ++q) {
            turned += key[3 * p + i] * metric[p][q] * key[3 * q + j];
          }
        }
        turned /= double(Op::DEN) * Op::DEN;
        const double size = std::sqrt(metric[i][i] * metric[j][j]);
        largest = std::max(largest, std::fabs(turned - metric[i][j]) / size);
      }
    }
  }
  return largest < kMetricTolerance;
}

std::string InQuotes(const std::string& text) { return absl::StrCat("'", text, "'"); }

SymmetryChoice ChoiceOf(const gemmi::SpaceGroup& group, const OperationSet& set,
                        const std::string& by) {
  SymmetryChoice out;
  out.operations = ListOf(set);
  out.space_group = group.xhm();
  out.number = group.number;
  out.setting = by;
  return out;
}

// Whether one operation after another is always in the set, too.
bool IsGroup(const OperationSet& set) {
  const auto product = [](const Key& a, const Key& b) {
    Key out = {};
    for (size_t i = 0; i < 3; ++i) {
      int shift = a[9 + i] * Op::DEN;
      for (size_t j = 0; j < 3; ++j) {
        int sum = 0;
        for (size_t k = 0; k < 3; ++k) sum += a[3 * i + k] * b[3 * k + j];
        out[3 * i + j] = sum / Op::DEN;
        shift += a[3 * i + j] * b[9 + j];
      }
      out[9 + i] = ((shift / Op::DEN) % Op::DEN + Op::DEN) % Op::DEN;
    }
    return out;
  };
  for (const Key& a : set) {
    for (const Key& b : set) {
      if (!set.contains(product(a, b))) return false;
    }
  }
  return true;
}

const gemmi::SpaceGroup* FindBySet(const OperationSet& set) {
  for (const gemmi::SpaceGroup& group : gemmi::spacegroup_tables::main) {
    if (SetOf(group) == set) return &group;
  }
  return nullptr;
}

// What the file's name, code and number leave of the table, whatever the cell.
struct Named {
  std::vector<const gemmi::SpaceGroup*> groups;
  std::vector<std::string> warnings;
};

bool HasCode(const gemmi::SpaceGroup& g, const std::string& code) {
  const std::string ext = g.ext ? std::string(1, absl::ascii_tolower(g.ext)) : "";
  std::string qualifier = g.qualifier;
  if (code == absl::StrCat(ext, qualifier) || (!ext.empty() && code == ext && qualifier.empty())) {
    return true;
  }
  // "abc" is the axes as they are; monoclinic "b1" of groups with one cell choice is "b".
  if (code == absl::StrCat(ext, "abc")) return qualifier.empty();
  return ext.empty() && qualifier.size() == 1 && code == qualifier + "1";
}

absl::StatusOr<Named> FindNamed(const CifSymmetry& told) {
  Named out;
  const bool has_name = !told.name.empty();
  if (has_name) {
    out.groups = FindGroupsByName(told.name);
    if (out.groups.empty() && told.number == 0) {
      return absl::InvalidArgumentError(absl::StrCat("unknown space group ", InQuotes(told.name)));
    }
    if (out.groups.empty()) {
      out.warnings.push_back(absl::StrCat("the space group's name ", InQuotes(told.name),
                                          " is in no table; its number ", told.number,
                                          " is taken"));
    }
  }
  if (told.number != 0) {
    if (told.number < 1 || told.number > 230) {
      return absl::InvalidArgumentError(
          absl::StrCat("space group number ", told.number, " is not allowed; allowed: 1 … 230"));
    }
    if (out.groups.empty()) {
      for (const gemmi::SpaceGroup& g : gemmi::spacegroup_tables::main) {
        if (g.number == told.number) out.groups.push_back(&g);
      }
    }
    const int named = out.groups.front()->number;
    std::erase_if(out.groups, [&](const auto* g) { return g->number != told.number; });
    if (out.groups.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("the space group's name ", InQuotes(told.name),
                                                     " (number ", named, ") and its number ",
                                                     told.number, " contradict each other"));
    }
  }
  if (!told.code.empty() && !out.groups.empty()) {
    const std::string code = absl::AsciiStrToLower(told.code);
    std::vector<const gemmi::SpaceGroup*> coded = out.groups;
    std::erase_if(coded, [&](const auto* g) { return !HasCode(*g, code); });
    if (!coded.empty()) {
      out.groups = coded;
    } else if (out.groups.front()->ext != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "_space_group_IT_coordinate_system_code ", InQuotes(told.code), " is no setting of ",
          InQuotes(has_name ? told.name : absl::StrCat(told.number))));
    } else {
      out.warnings.push_back(absl::StrCat("_space_group_IT_coordinate_system_code ",
                                          InQuotes(told.code), " is no setting of ",
                                          out.groups.front()->xhm(), "; not used"));
    }
  }
  return out;
}

absl::StatusOr<std::vector<SymmetryChoice>> ByList(const CifSymmetry& told,
                                                   const std::array<Vector3, 3>& lattice) {
  SymmetryChoice out;
  OperationSet set;
  bool on_grid = true;
  if (told.operations.size() > kMostOperations) {
    return absl::InvalidArgumentError(absl::StrCat(told.operations.size(),
                                                   " symmetry operations are not allowed; allowed: "
                                                   "up to ",
                                                   kMostOperations));
  }
  for (const std::string& text : told.operations) {
    RONCHI_ASSIGN_OR_RETURN(const SymmetryOperation op, ParseOperation(text));
    const std::optional<Key> key = KeyOf(op);
    on_grid &= key.has_value();
    if (key && !set.insert(*key).second) continue;
    if (key != KeyOf(SymmetryOperation())) out.operations.push_back(op);
  }
  set.insert(KeyOf(Op::identity()));
  out.operations.insert(out.operations.begin(), SymmetryOperation());
  const size_t count = out.operations.size();
  const auto operations = [](size_t n) { return n == 1 ? " operation" : " operations"; };
  out.setting = absl::StrCat("the file's list of ", count, operations(count));
  if (const gemmi::SpaceGroup* group = on_grid ? FindBySet(set) : nullptr) {
    out.space_group = group->xhm();
    out.number = group->number;
  }
  if (on_grid && !Fits(set, lattice)) {
    out.warnings.push_back(
        "the cell's lengths and angles do not have the symmetry of the list of "
        "operations");
  }
  constexpr size_t kMostCompared = 1000;  // products grow with the square
  if (on_grid && set.size() <= kMostCompared && !IsGroup(set)) {
    out.warnings.push_back(absl::StrCat("the file's list of ", count, operations(count),
                                        " is no group: one after another they give more"));
  }
  // A name that no table has says nothing against the list; nor does one that is another setting's.
  absl::StatusOr<Named> named = FindNamed(told);
  if (!named.ok()) {
    out.warnings.push_back(
        absl::StrCat(std::string(named.status().message()), "; the list of operations is used"));
  } else if (!named->groups.empty()) {
    const gemmi::SpaceGroup& group = *named->groups.front();
    const size_t stated = SetOf(group).size();
    const bool same_type = out.number == group.number || (out.number == 0 && stated == count);
    if (!same_type) {
      out.warnings.push_back(absl::StrCat(
          "the file lists ", count, operations(count),
          out.number ? absl::StrCat(" (", out.space_group, ")") : "", ", but its space group ",
          told.name.empty() ? absl::StrCat("number ", told.number) : InQuotes(told.name), " has ",
          stated, "; the list is used"));
    }
  }
  return std::vector<SymmetryChoice>{out};
}

absl::StatusOr<std::vector<SymmetryChoice>> ByHall(const CifSymmetry& told, const OperationSet& set,
                                                   const std::array<Vector3, 3>& lattice) {
  RONCHI_ASSIGN_OR_RETURN(const Named named, FindNamed(told));
  const gemmi::SpaceGroup* group = FindBySet(set);
  if (!named.groups.empty()) {
    // The same type is enough: the Hall symbol says which setting, where name and code do not.
    const gemmi::SpaceGroup& first = *named.groups.front();
    const bool contradicts =
        group ? group->number != first.number : SetOf(first).size() != set.size();
    const bool other_origin =
        group && group->ext != 0 &&
        std::none_of(named.groups.begin(), named.groups.end(),
                     [&](const auto* g) { return SetOf(*g) == set; }) &&
        std::all_of(named.groups.begin(), named.groups.end(),
                    [&](const auto* g) { return g->ext != 0 && g->ext != group->ext; });
    if (contradicts || other_origin) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the Hall symbol ", InQuotes(told.hall),
          group ? absl::StrCat(" (", group->xhm(), ")") : "", " and the space group ",
          told.name.empty() ? absl::StrCat("number ", told.number) : InQuotes(told.name),
          told.code.empty() ? "" : absl::StrCat(", code ", told.code), " contradict each other"));
    }
  }
  if (!Fits(set, lattice)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the cell's lengths and angles do not have the symmetry of the Hall symbol ",
                     InQuotes(told.hall)));
  }
  SymmetryChoice out;
  out.operations = ListOf(set);
  if (group) out.space_group = group->xhm(), out.number = group->number;
  out.setting = absl::StrCat("the Hall symbol ", InQuotes(told.hall));
  out.warnings = named.warnings;
  return std::vector<SymmetryChoice>{out};
}

absl::StatusOr<std::vector<SymmetryChoice>> ByName(const CifSymmetry& told,
                                                   const std::array<Vector3, 3>& lattice) {
  RONCHI_ASSIGN_OR_RETURN(const Named named, FindNamed(told));
  const bool by_name = !told.name.empty() && named.warnings.empty();
  std::string by = by_name ? absl::StrCat("the space group's name ", InQuotes(told.name))
                           : absl::StrCat("the space group's number ", told.number);
  if (!told.code.empty()) absl::StrAppend(&by, " with the code '", told.code, "'");
  std::vector<std::pair<const gemmi::SpaceGroup*, OperationSet>> fitting;
  size_t settings = 0;
  for (const gemmi::SpaceGroup* g : named.groups) {
    const OperationSet set = SetOf(*g);
    const bool known = std::any_of(fitting.begin(), fitting.end(),
                                   [&](const auto& other) { return other.second == set; });
    ++settings;
    if (!known && Fits(set, lattice)) fitting.emplace_back(g, set);
  }
  if (fitting.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the cell's lengths and angles do not have the symmetry of ", by, " (",
                     named.groups.front()->xhm(), ")"));
  }
  if (settings > 1 && fitting.size() == 1) by += " and the cell's shape";
  std::vector<SymmetryChoice> out;
  // Two origins of the standard axes are a question; of several axes the first is the standard.
  const gemmi::SpaceGroup& first = *fitting.front().first;
  for (const auto& [g, set] : fitting) {
    if (g != &first && !(first.ext != 0 && g->ext != first.ext &&
                         std::string_view(g->qualifier) == first.qualifier)) {
      continue;
    }
    out.push_back(ChoiceOf(*g, set, by));
    out.back().warnings = named.warnings;
  }
  if (fitting.size() > out.size()) {
    for (SymmetryChoice& choice : out) {
      choice.warnings.push_back(absl::StrCat("the file does not say which of ", fitting.size(),
                                             " settings its axes are; taken as ",
                                             choice.space_group));
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<SymmetryChoice>> FindSymmetry(const CifSymmetry& told,
                                                         const std::array<Vector3, 3>& lattice_A) {
  if (!told.operations.empty()) return ByList(told, lattice_A);
  std::vector<std::string> warnings;
  if (!told.hall.empty()) {
    const std::optional<OperationSet> set = [&]() -> std::optional<OperationSet> {
      const std::optional<gemmi::GroupOps> group = ParseHall(told.hall);
      if (!group) return std::nullopt;
      return SetOf(*group);
    }();
    if (set) return ByHall(told, *set, lattice_A);
    if (told.name.empty() && told.number == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the Hall symbol ", InQuotes(told.hall), " cannot be read"));
    }
    warnings.push_back(absl::StrCat("the Hall symbol ", InQuotes(told.hall), " cannot be read"));
  }
  std::vector<SymmetryChoice> out;
  if (!told.name.empty() || told.number != 0) {
    RONCHI_ASSIGN_OR_RETURN(out, ByName(told, lattice_A));
  } else {
    out.push_back(ChoiceOf(gemmi::get_spacegroup_p1(), SetOf(gemmi::get_spacegroup_p1()),
                           "no symmetry: the file tells none"));
    warnings.push_back("the file tells no symmetry: its atoms are taken as the whole cell");
  }
  for (SymmetryChoice& choice : out) {
    choice.warnings.insert(choice.warnings.begin(), warnings.begin(), warnings.end());
  }
  return out;
}

}  // namespace ronchi::sim
