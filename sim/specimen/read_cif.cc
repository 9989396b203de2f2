#include "sim/specimen/read_cif.h"

#include <algorithm>
#include <cmath>
#include <gemmi/cif.hpp>
#include <map>
#include <memory>
#include <numbers>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/specimen/cif_sites.h"
#include "sim/specimen/cif_symmetry.h"
#include "sim/specimen/expand_sites.h"

namespace ronchi::sim {
namespace {

namespace cif = gemmi::cif;

absl::StatusOr<std::array<Vector3, 3>> ReadCell(const CifBlock& block,
                                                std::vector<std::string>* w) {
  Vector3 lengths, angles = {90, 90, 90};
  for (size_t i = 0; i < 3; ++i) {
    const std::string length_tag =
        absl::StrCat(block.CellCategory(), "length_", std::string(1, "abc"[i]));
    const std::string text = block.Value({length_tag});
    const std::optional<double> length = CifNumber(text);
    if (!length) {
      return absl::InvalidArgumentError(
          absl::StrCat(length_tag, " '", text, "' is not allowed; allowed: a number, in Å"));
    }
    lengths[i] = *length;
    const char* const kAngles[] = {"alpha", "beta", "gamma"};
    const std::string angle_tag = absl::StrCat(block.CellCategory(), "angle_", kAngles[i]);
    const std::string angle = block.Value({angle_tag});
    if (!block.Has(angle_tag)) {
      w->push_back(absl::StrCat(angle_tag, " is missing; taken as 90 degrees"));
      continue;
    }
    const std::optional<double> value = CifNumber(angle);
    if (!value) {
      return absl::InvalidArgumentError(
          absl::StrCat(angle_tag, " '", angle, "' is not allowed; allowed: a number, in degrees"));
    }
    angles[i] = *value;
  }
  // What the Protein Data Bank writes where there is no crystal.
  if (block.HasCartesianSites() && lengths == Vector3{1, 1, 1}) {
    return absl::InvalidArgumentError(
        "a cell of 1 x 1 x 1 Å stands for none; the atoms are no crystal");
  }
  return LatticeFromCell(lengths, angles);
}

// "-x,y,z" after a centring "x+1/2,y+1/2,z". Texts that cannot be read are found later.
std::string Composed(const std::string& operation, const std::string& centring) {
  const absl::StatusOr<SymmetryOperation> shift = ParseOperation(centring);
  const std::vector<std::string> rows = absl::StrSplit(operation, ',');
  if (!shift.ok() || rows.size() != 3) return operation;
  std::string out;
  for (size_t i = 0; i < 3; ++i) {
    absl::StrAppendFormat(&out, "%s%s%+.6f", i ? "," : "", rows[i], shift->shift[i]);
  }
  return out;
}

// Those of magnetic CIF are x,y,z and the sign of time.
std::vector<std::string> Operations(const CifBlock& block) {
  std::vector<std::string> out =
      block.Column({"_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz",
                    "_space_group_symop.operation_xyz", "_symmetry_equiv.pos_as_xyz"});
  std::erase_if(out, [](const std::string& s) { return s.empty(); });
  if (!out.empty()) return out;
  const auto magnetic = [&](const char* what) {
    std::vector<std::string> list =
        block.Column({absl::StrCat("_space_group_symop_magn_", what, ".xyz"),
                      absl::StrCat("_space_group_symop_magn_", what, "_xyz"),
                      absl::StrCat("_space_group_symop.magn_", what, "_xyz")});
    for (std::string& s : list) s = s.substr(0, s.rfind(','));
    return list;
  };
  out = magnetic("operation");
  std::vector<std::string> all;
  for (const std::string& centring : magnetic("centering")) {
    for (const std::string& op : out) all.push_back(Composed(op, centring));
  }
  return all.empty() ? out : all;
}

absl::StatusOr<CifSymmetry> ReadSymmetry(const CifBlock& block,
                                         std::vector<std::string>* warnings) {
  CifSymmetry out;
  out.operations = Operations(block);
  out.hall = block.Value({"_space_group_name_Hall", "_symmetry_space_group_name_Hall",
                          "_space_group.name_Hall", "_symmetry.space_group_name_Hall"});
  out.name = block.Value({"_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M",
                          "_space_group_name_H-M_ref", "_space_group_name_H-M_full",
                          "_space_group.name_H-M_alt", "_space_group_name_H-M",
                          "_symmetry.space_group_name_H-M"});
  out.code = block.Value(
      {"_space_group_IT_coordinate_system_code", "_space_group.IT_coordinate_system_code"});
  const std::string number = block.Value({"_space_group_IT_number", "_symmetry_Int_Tables_number",
                                          "_space_group.IT_number", "_symmetry.Int_Tables_number"});
  if (!number.empty() && !absl::SimpleAtoi(number, &out.number)) {
    const std::optional<double> value = CifNumber(number);
    if (!value || *value != std::floor(*value) || std::fabs(*value) > 1000) {
      return absl::InvalidArgumentError(absl::StrCat("unknown space group number '", number, "'"));
    }
    out.number = int(*value);
  }
  if (out.number == 0 && !number.empty()) {
    warnings->push_back("the space group's number is 0; not used");
  }
  const bool modulated = block.Has("_cell_modulation_dimension") ||
                         block.Has("_space_group_ssg_name") || block.Has("_space_group.ssg_name");
  if (modulated) {
    if (out.operations.empty() && out.hall.empty() && out.name.empty() && out.number == 0) {
      return absl::InvalidArgumentError("a modulated structure, with superspace symmetry alone");
    }
    warnings->push_back("the structure is modulated; its average is read");
  }
  return out;
}

void ReadFormula(const CifBlock& block, RawStructure* raw) {
  raw->summary.formula_in_file = block.Value({"_chemical_formula_sum", "_chemical_formula.sum"});
  if (raw->summary.formula_in_file.empty()) return;
  raw->formula = ParseFormula(raw->summary.formula_in_file);
  if (!raw->formula) {
    raw->summary.warnings.push_back(absl::StrCat(
        "_chemical_formula_sum '", raw->summary.formula_in_file, "' cannot be read; not compared"));
  }
  raw->formula_units = CifNumber(block.Value({"_cell_formula_units_Z"})).value_or(0);
}

// gemmi's parser without its checks of the whole file: what is wrong with tags that say nothing of
// the structure does not matter.
cif::Document Parse(const std::string& path, const std::string& text) {
  cif::Document document;
  document.source = path;
  // CIF is ASCII, which gemmi insists on; authors' names are not. No number has such letters.
  std::string ascii = text;
  for (char& c : ascii) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '_';
  }
  tao::pegtl::memory_input<> in(ascii.data(), ascii.size(), path);
  cif::parse_input(document, in);
  return document;
}

// A tag that says something else the second time: fatal where it is used here, else told.
absl::Status CheckRepeats(const cif::Block& block, std::vector<std::string>* warnings) {
  std::map<std::string, std::string> values;
  const auto add = [&](const std::string& tag, const std::string& value) -> absl::Status {
    const std::string name = absl::AsciiStrToLower(tag);
    const auto [it, is_new] = values.try_emplace(name, value);
    if (is_new || (it->second == value && value != "(loop)")) return absl::OkStatus();
    for (const char* used : {"_cell", "_atom_site", "_space_group", "_symmetry"}) {
      if (!absl::StartsWith(name, used)) continue;
      return absl::InvalidArgumentError(absl::StrCat(tag, " is given twice"));
    }
    if (absl::StartsWith(name, "_chemical_formula_sum")) {
      warnings->push_back(absl::StrCat(tag, " is given twice; the first is used"));
    }
    return absl::OkStatus();
  };
  for (const cif::Item& item : block.items) {
    if (item.type == cif::ItemType::Pair) {
      RONCHI_RETURN_IF_ERROR(add(item.pair[0], item.pair[1]));
    } else if (item.type == cif::ItemType::Loop) {
      for (const std::string& tag : item.loop.tags) RONCHI_RETURN_IF_ERROR(add(tag, "(loop)"));
    }
  }
  return absl::OkStatus();
}

// How far a choice of origin agrees with what else the file tells; higher is better.
struct Evidence {
  bool multiplicities = true, formula = true, distances = true;
  bool All() const { return multiplicities && formula && distances; }
};

Evidence Weigh(const ExpandedSites& sites, const absl::StatusOr<Crystal>& crystal) {
  Evidence e;
  e.multiplicities = sites.wrong_multiplicities.empty();
  if (!crystal.ok()) {
    e.distances = false;
    return e;
  }
  for (const std::string& w : crystal->summary->warnings) {
    e.formula &= !absl::StrContains(w, "_chemical_formula_sum is");
    e.distances &= !absl::StrContains(w, "the shortest distance is") ||
                   absl::StrContains(w, "taken as one or the other");
  }
  return e;
}

struct Candidate {
  SymmetryChoice symmetry;
  ExpandedSites sites;
  absl::StatusOr<Crystal> crystal;
};

// Of two origins the one that the rest of the file speaks for.
absl::StatusOr<Crystal> ChooseOrigin(std::vector<Candidate> candidates) {
  std::vector<const Candidate*> agreeing;
  std::string names;
  for (const Candidate& c : candidates) {
    absl::StrAppend(&names, names.empty() ? "" : " and ", c.symmetry.space_group);
    if (Weigh(c.sites, c.crystal).All()) agreeing.push_back(&c);
  }
  if (agreeing.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("two origins are possible, ", names,
                     ", and nothing in the file says which; give "
                     "_space_group_IT_coordinate_system_code 1 or 2, or the list of operations"));
  }
  Crystal out = *agreeing.front()->crystal;
  auto summary = std::make_shared<StructureSummary>(*out.summary);
  summary->warnings.push_back(
      absl::StrCat("two origins are possible, ", names, ", and the file does not say which; ",
                   agreeing.front()->symmetry.space_group,
                   " is taken, as multiplicities, formula or distances contradict the other"));
  out.summary = std::move(summary);
  return out;
}

absl::StatusOr<Crystal> Convert(const CifBlock& block, StructureSummary summary) {
  RawStructure raw;
  raw.summary = std::move(summary);
  raw.title = block.name();
  RONCHI_ASSIGN_OR_RETURN(raw.lattice_A, ReadCell(block, &raw.summary.warnings));
  ReadFormula(block, &raw);
  RONCHI_ASSIGN_OR_RETURN(const CifSymmetry told, ReadSymmetry(block, &raw.summary.warnings));
  RONCHI_ASSIGN_OR_RETURN(const std::vector<CifSite> sites,
                          ReadCifSites(block, raw.lattice_A, raw.formula ? &*raw.formula : nullptr,
                                       &raw.summary.warnings));
  RONCHI_ASSIGN_OR_RETURN(const std::vector<SymmetryChoice> choices,
                          FindSymmetry(told, raw.lattice_A));
  std::vector<Candidate> candidates;
  for (const SymmetryChoice& choice : choices) {
    RawStructure whole = raw;
    StructureSummary& s = whole.summary;
    s.space_group = choice.space_group;
    s.number = choice.number;
    s.operations = choice.operations.size();
    s.setting = choice.setting;
    s.warnings.insert(s.warnings.end(), choice.warnings.begin(), choice.warnings.end());
    RONCHI_ASSIGN_OR_RETURN(ExpandedSites expanded, ExpandSites(sites, choice.operations, &whole));
    whole.error = [name = whole.name](size_t i, const std::string& what) {
      return absl::InvalidArgumentError(absl::StrCat("site ", name(i), ": ", what));
    };
    absl::StatusOr<Crystal> crystal = Assemble(std::move(whole));
    candidates.push_back({choice, std::move(expanded), std::move(crystal)});
  }
  if (candidates.size() == 1) return candidates.front().crystal;
  return ChooseOrigin(std::move(candidates));
}

}  // namespace

absl::StatusOr<Crystal> ReadCif(const std::string& path, const std::string& text) {
  try {
    cif::Document document = Parse(path, text);
    std::vector<CifBlock> blocks;
    std::string others;
    const cif::Block* used = nullptr;
    for (cif::Block& b : document.blocks) {
      const CifBlock block(&b);
      if (!block.HasCell() || !block.HasSites()) continue;
      if (!used) used = &b;
      if (!blocks.empty()) absl::StrAppend(&others, others.empty() ? "" : ", ", block.name());
      blocks.push_back(block);
    }
    if (blocks.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          path,
          ": CIF: no data block with a cell (_cell_length_a, mmCIF: _cell.length_a) and atoms "
          "(_atom_site_fract_x, mmCIF: _atom_site.Cartn_x)"));
    }
    StructureSummary summary;
    summary.file = path;
    summary.format = "CIF";
    if (!others.empty()) {
      summary.warnings.push_back(
          absl::StrCat("the file has ", blocks.size(), " structures; data_", blocks.front().name(),
                       " is read, the others are not: ", others.substr(0, 200)));
    }
    const std::string where = absl::StrCat(path, ": CIF, data_", blocks.front().name());
    RONCHI_RETURN_IF_ERROR(Annotate(CheckRepeats(*used, &summary.warnings), where));
    absl::StatusOr<Crystal> crystal = Convert(blocks.front(), std::move(summary));
    if (!crystal.ok() && !absl::StartsWith(crystal.status().message(), path)) {
      return Annotate(crystal.status(), where);
    }
    return crystal;
  } catch (const std::exception& e) {  // gemmi's parse errors: "file:line:column(…): what"
    std::string what = e.what();
    if (what.rfind(path, 0) == 0) {
      what = absl::StrCat(path, what.substr(path.size()), " (CIF)");
    } else {
      what = absl::StrCat(path, ": CIF: ", what);
    }
    return absl::InvalidArgumentError(what);
  }
}

}  // namespace ronchi::sim
