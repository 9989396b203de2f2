#include "sim/specimen/read_structure.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "sim/specimen/read_cif.h"
#include "sim/specimen/text_formats.h"

namespace ronchi::sim {
namespace {

// The beginning of a file, by which its format is told.
struct Head {
  explicit Head(const std::string& text) {
    TextLines all("", "", text.substr(0, 65536));
    for (std::string line; lines.size() < 8 && all.Next(&line);) lines.push_back(line);
    lines.resize(8);
  }
  bool Has(size_t line, size_t count) const {  // that many numbers and nothing else
    double v[9];
    const std::vector<std::string> fields = Fields(lines[line]);
    return fields.size() == count && Numbers(fields, 0, count, v);
  }
  bool CountsAtoms() const {
    int64_t count;
    return Fields(lines[0]).size() == 1 && absl::SimpleAtoi(Fields(lines[0])[0], &count);
  }
  // "Au 1 2 3 …", not "79 1 2 3 1 0.08" of the Prismatic format.
  bool HasPlainAtom() const {
    double v[3];
    const std::vector<std::string> fields = Fields(lines[2]);
    int64_t z;
    return Numbers(fields, 1, 3, v) && (!absl::SimpleAtoi(fields[0], &z) || fields.size() == 4);
  }
  bool IsPoscar() const { return (Has(1, 1) || Has(1, 3)) && Has(2, 3) && Has(3, 3) && Has(4, 3); }
  std::vector<std::string> lines;
};

bool IsCif(const std::string& text) {
  const std::string begin = text.substr(0, 1 << 20);
  if (absl::StrContains(absl::AsciiStrToLower(begin), "_cell_length_a")) return true;
  TextLines lines("", "", begin);
  for (std::string line; lines.Next(&line);) {
    const std::string word = absl::AsciiStrToLower(absl::StripAsciiWhitespace(line));
    if (word.empty() || word[0] == '#') continue;
    return absl::StartsWith(word, "data_");
  }
  return false;
}

// Formats that are none of ours, by their first words.
std::string OtherFormat(const std::string& text) {
  struct Sign {
    const char *word, *format;
  };
  static constexpr Sign kSigns[] = {{"HEADER ", "PDB"},
                                    {"CRYST1", "PDB"},
                                    {"REMARK", "PDB"},
                                    {"ATOM  ", "PDB"},
                                    {"HETATM", "PDB"},
                                    {"TITL ", "SHELX"},
                                    {"CRYSTAL\n", "XSF"},
                                    {"MOLECULE\n", "XSF"},
                                    {"{", "JSON"},
                                    {"Number of particles", "AtomEye CFG"},
                                    {"!BIOSYM", "CAR"},
                                    {"<?xml", "XML"},
                                    {"ITEM: TIMESTEP", "LAMMPS dump"},
                                    {"&CONTROL", "Quantum ESPRESSO input"},
                                    {"&control", "Quantum ESPRESSO input"},
                                    {"NCMAT", "NCMAT"}};
  for (const Sign& s : kSigns) {
    if (absl::StartsWith(text, s.word)) return s.format;
  }
  if (absl::StrContains(text.substr(0, 4096), "xlo xhi")) return "LAMMPS data";
  if (absl::StrContains(text.substr(0, 4096), "\nPRIMVEC")) return "XSF";
  return "";
}

// Files hold what terminals obey: in messages it is shown, not sent.
absl::Status Plain(const absl::Status& status) {
  std::string what(status.message());
  for (char& c : what) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return absl::Status(status.code(), what);
}

absl::StatusOr<Crystal> ReadText(const std::string& path, const std::string& text,
                                 const std::optional<Vector3>& cell_A) {
  if (text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":1: not a text file"));
  }
  const Head head(text);
  const bool counts = head.CountsAtoms();
  if (counts && !HasLattice(head.lines[1]) && head.HasPlainAtom()) {
    return ReadPlainXyz(path, text, cell_A);
  }
  if (cell_A) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the file has a cell of its own; cell_A is for plain xyz alone"));
  }
  if (counts && HasLattice(head.lines[1])) return ReadExtendedXyz(path, text);
  if (IsCif(text)) return ReadCif(path, text);
  if (head.IsPoscar()) return ReadPoscar(path, text);
  if (const std::string other = OtherFormat(text); !other.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":1: ", other,
                     " is not read; allowed: CIF, extended xyz, Prismatic xyz, POSCAR, "
                     "plain xyz with specimen.cell_A"));
  }
  return ReadPrismatic(path, text);
}

}  // namespace

absl::StatusOr<Crystal> ReadCrystal(const std::string& path, const std::optional<Vector3>& cell_A) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kStructureFile));
  return ParseCrystal(path, text, cell_A);
}

absl::StatusOr<Crystal> ParseCrystal(const std::string& path, const std::string& text,
                                     const std::optional<Vector3>& cell_A) {
  const bool marked = absl::StartsWith(text, "\xEF\xBB\xBF");  // UTF-8's byte order mark
  absl::StatusOr<Crystal> crystal = ReadText(path, marked ? text.substr(3) : text, cell_A);
  if (!crystal.ok()) return Plain(crystal.status());
  return crystal;
}

absl::StatusOr<Specimen> ReadStructure(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const Crystal crystal, ReadCrystal(path));
  absl::StatusOr<Specimen> box = crystal.AsBox();
  if (!box.ok()) return Annotate(box.status(), path);
  return box;
}

}  // namespace ronchi::sim
