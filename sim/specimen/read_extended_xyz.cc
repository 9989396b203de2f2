#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sim/specimen/text_formats.h"
#include "sim/specimen/xyz_comment.h"

namespace ronchi::sim {
namespace {

struct Columns {
  static constexpr size_t kAbsent = SIZE_MAX;
  size_t species = 0, position = 1, count = 4;
  size_t occupancy = kAbsent, displacement = kAbsent, kind = kAbsent;
  size_t thermal = kAbsent;
  enum class Thermal { kRms, kB, kU } thermal_as = Thermal::kRms;
};

size_t* Known(const std::string& name, Columns* c, int* width) {
  *width = 1;
  if (name == "species" || name == "element" || name == "z" || name == "numbers") {
    return &c->species;
  }
  if (name == "occupancy" || name == "occupancies" || name == "occ") return &c->occupancy;
  if (name == "spacegroup_kinds") return &c->kind;
  if (name == "rms" || name == "b" || name == "biso" || name == "b_iso" || name == "uiso" ||
      name == "u_iso") {
    c->thermal_as = name[0] == 'r'   ? Columns::Thermal::kRms
                    : name[0] == 'b' ? Columns::Thermal::kB
                                     : Columns::Thermal::kU;
    return &c->thermal;
  }
  *width = 3;
  if (name == "pos" || name == "positions") return &c->position;
  if (name == "disp" || name == "displacement" || name == "displacements") {
    return &c->displacement;
  }
  return nullptr;
}

// Properties=name:type:width:…; names that mean nothing here are passed over.
absl::StatusOr<Columns> ParseProperties(const TextLines& lines, const std::string& text) {
  Columns c;
  if (text.empty()) return c;
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  if (parts.size() % 3 != 0) {
    return lines.Error("Properties: expected name:type:width:name:type:width…");
  }
  size_t column = 0;
  bool has_species = false;
  c.species = c.position = Columns::kAbsent;
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    int width = 0, expected = 1;
    if (!absl::SimpleAtoi(parts[i + 2], &width) || width < 1 || width > 1000) {
      return lines.Error(absl::StrCat("Properties: '", parts[i + 2], "' is not a width"));
    }
    const std::string name = absl::AsciiStrToLower(parts[i]);
    size_t* known = Known(name, &c, &expected);
    // A file may have the symbol and the number of each atom.
    if (known == &c.species && has_species && name != "species") known = nullptr;
    if (known != nullptr) {
      if (*known != Columns::kAbsent && known != &c.species) {
        return lines.Error(
            absl::StrCat("Properties: '", parts[i], "' says again what another column says"));
      }
      if (width != expected) {
        return lines.Error(absl::StrCat("Properties: the width of '", parts[i],
                                        "' is not allowed; allowed: ", expected));
      }
      has_species |= known == &c.species;
      *known = column;
    }
    column += size_t(width);
  }
  if (c.species == Columns::kAbsent || c.position == Columns::kAbsent) {
    return lines.Error("Properties needs species and pos (Å)");
  }
  c.count = column;
  return c;
}

// What the columns besides species and position say; leaves alone what none of them does.
absl::Status ReadOptional(const TextLines& lines, const Columns& columns,
                          const std::vector<std::string>& fields, Atom* a) {
  const auto absent = [](size_t column) { return column == Columns::kAbsent; };
  double thermal = 0, d[3] = {0, 0, 0};
  if (!absent(columns.occupancy) && !Numbers(fields, columns.occupancy, 1, &a->occupancy)) {
    return lines.Error(absl::StrCat("occupancy '", fields[columns.occupancy], "' is not a number"));
  }
  if (!absent(columns.thermal)) {
    if (!Numbers(fields, columns.thermal, 1, &thermal)) {
      return lines.Error(
          absl::StrCat("thermal displacement '", fields[columns.thermal], "' is not a number"));
    }
    if (thermal < 0) {
      return lines.Error(
          absl::StrCat("thermal displacement ", thermal, " is not allowed; allowed: 0 or more"));
    }
    switch (columns.thermal_as) {
      case Columns::Thermal::kRms:
        a->rms_A = thermal;
        break;
      case Columns::Thermal::kB:  // B = 8π²⟨u²⟩
        a->rms_A = std::sqrt(thermal / 8) / std::numbers::pi;
        break;
      case Columns::Thermal::kU:
        a->rms_A = std::sqrt(thermal);
        break;
    }
  }
  if (!absent(columns.displacement) && !Numbers(fields, columns.displacement, 3, d)) {
    return lines.Error("expected three numbers of displacement");
  }
  a->x_A += d[0];
  a->y_A += d[1];
  a->z_A += d[2];
  return absl::OkStatus();
}

// Three words, or one for all axes: T, F, true, false, 1, 0.
absl::Status ReadPeriodic(const TextLines& lines, const std::string& text, RawStructure* raw) {
  std::vector<std::string> words = XyzComment::Words(text);
  if (words.size() == 1) words = {words[0], words[0], words[0]};
  if (words.size() != 3)
    return lines.Error(absl::StrCat("pbc '", text, "': expected three of T, F"));
  for (size_t a = 0; a < 3; ++a) {
    const std::string word = absl::AsciiStrToLower(words[a]);
    const bool yes = word == "t" || word == "true" || word == "1" || word == ".true.";
    const bool no = word == "f" || word == "false" || word == "0" || word == ".false.";
    if (!yes && !no) {
      return lines.Error(absl::StrCat("pbc '", text, "': '", words[a], "' is neither T nor F"));
    }
    raw->summary.periodic[a] = yes;
  }
  if (!raw->summary.periodic[0] || !raw->summary.periodic[1]) {
    raw->summary.warnings.push_back(
        absl::StrCat("pbc '", text,
                     "' is not periodic across the beam; the box is repeated there "
                     "all the same, so give it enough vacuum"));
  }
  return absl::OkStatus();
}

// What the sites of each kind are made of, as ASE writes it: {"0": {"Fe": 0.64, "Ni": 0.36}}.
using Kinds = std::map<int, std::vector<std::pair<int, double>>>;

absl::StatusOr<Kinds> ReadKinds(const TextLines& lines, const std::string& text) {
  const size_t brace = text.find('{');
  const nlohmann::json tree = nlohmann::json::parse(
      brace == std::string::npos ? text : text.substr(brace), nullptr, /*allow_exceptions=*/false);
  const std::string expected =
      "occupancy: expected JSON as ASE writes it, {\"kind\": {\"element\": occupancy}}";
  if (!tree.is_object()) return lines.Error(expected);
  Kinds out;
  for (const auto& [name, shares] : tree.items()) {
    int kind = 0;
    if (!absl::SimpleAtoi(name, &kind) || !shares.is_object()) return lines.Error(expected);
    double sum = 0;
    for (const auto& [symbol, share] : shares.items()) {
      const int z = AtomicNumberOf(symbol);
      if (z == 0) return lines.Error(absl::StrCat("occupancy: unknown element '", symbol, "'"));
      if (!share.is_number()) return lines.Error(expected);
      const double value = share.get<double>();
      if (!(value >= 0)) {
        return lines.Error(
            absl::StrCat("occupancy ", value, " of ", symbol, " is not allowed; allowed: 0 … 1"));
      }
      sum += value;
      out[kind].emplace_back(z, value);
    }
    if (!(sum <= 1 + kOccupancySlack)) {
      return lines.Error(
          absl::StrCat("occupancy: kind ", kind, " sums to ", sum, "; allowed: up to 1"));
    }
  }
  return out;
}

absl::Status ReadComment(const TextLines& lines, const XyzComment& comment, RawStructure* raw) {
  double v[9];
  const std::string* lattice = comment.Find("Lattice");
  const std::vector<std::string> words =
      lattice ? XyzComment::Words(*lattice) : std::vector<std::string>();
  if (words.size() != 9 || !Numbers(words, 0, 9, v)) {
    return lines.Error("expected Lattice=\"ax ay az bx by bz cx cy cz\" in Å");
  }
  for (size_t i = 0; i < 9; ++i) raw->lattice_A[i / 3][i % 3] = v[i];
  if (const std::string* pbc = comment.Find("pbc")) {
    RONCHI_RETURN_IF_ERROR(ReadPeriodic(lines, *pbc, raw));
  }
  return absl::OkStatus();
}

// How many atoms the first line says there are.
absl::StatusOr<int64_t> ReadCount(TextLines* lines) {
  std::string line;
  int64_t count = 0;
  lines->Next(&line);
  if (!absl::SimpleAtoi(line, &count) || count < 1 || size_t(count) > kMostAtomsInAFile) {
    return lines->Error(
        absl::StrCat(line, " atoms is not allowed; allowed: 1 … ", kMostAtomsInAFile));
  }
  return count;
}

// What the comment says of the rows behind it.
struct RowFormat {
  Columns columns;
  Vector3 origin = {0, 0, 0};
  Kinds kinds;
};

absl::StatusOr<RowFormat> ReadRowFormat(const TextLines& lines, const XyzComment& comment) {
  RowFormat out;
  const std::string* properties = comment.Find("Properties");
  RONCHI_ASSIGN_OR_RETURN(out.columns, ParseProperties(lines, properties ? *properties : ""));
  if (const std::string* at = comment.Find("Origin")) {
    const std::vector<std::string> words = XyzComment::Words(*at);
    if (words.size() != 3 || !Numbers(words, 0, 3, out.origin.data())) {
      return lines.Error(absl::StrCat("Origin '", *at, "': expected three numbers"));
    }
  }
  if (const std::string* occupancy = comment.Find("occupancy")) {
    RONCHI_ASSIGN_OR_RETURN(out.kinds, ReadKinds(lines, *occupancy));
    if (out.columns.kind == Columns::kAbsent) {
      return lines.Error("occupancy is told by kind, but there is no column spacegroup_kinds");
    }
  }
  return out;
}

absl::Status ReadRow(const TextLines& lines, const RowFormat& format,
                     const std::vector<std::string>& fields, TextAtoms* atoms) {
  const Columns& columns = format.columns;
  double v[3];
  if (fields.size() != columns.count || !Numbers(fields, columns.position, 3, v)) {
    return lines.Error(
        absl::StrCat("expected ", columns.count, " columns: species x y z …",
                     fields.size() > columns.count ? absl::StrCat(", not ", fields.size()) : ""));
  }
  Atom a;
  RONCHI_ASSIGN_OR_RETURN(
      a.z, ElementInText(lines, fields[columns.species], &atoms->raw.summary.warnings));
  a.x_A = v[0] - format.origin[0];
  a.y_A = v[1] - format.origin[1];
  a.z_A = v[2] - format.origin[2];
  RONCHI_RETURN_IF_ERROR(ReadOptional(lines, columns, fields, &a));
  std::vector<std::pair<int, double>> shares = {{a.z, a.occupancy}};
  if (!format.kinds.empty()) {
    int kind = 0;
    if (!absl::SimpleAtoi(fields[columns.kind], &kind)) {
      return lines.Error(absl::StrCat("kind '", fields[columns.kind], "' is not a number"));
    }
    if (const auto it = format.kinds.find(kind); it != format.kinds.end()) shares = it->second;
  }
  for (const auto& [z, occupancy] : shares) {
    a.z = z;
    a.occupancy = occupancy;
    atoms->Add(a);
    RONCHI_RETURN_IF_ERROR(atoms->CheckLast());
  }
  return absl::OkStatus();
}

}  // namespace

bool HasLattice(const std::string& comment) {
  const std::optional<XyzComment> keys = XyzComment::Parse(comment);
  // Of a comment that is cut the reader says what is wrong.
  return keys ? keys->Find("Lattice") != nullptr
              : absl::StrContains(absl::AsciiStrToLower(comment), "lattice=");
}

absl::StatusOr<Crystal> ReadExtendedXyz(const std::string& path, const std::string& text) {
  TextLines lines(path, "extended xyz", text);
  TextAtoms atoms(lines);
  RawStructure& raw = atoms.raw;
  RONCHI_ASSIGN_OR_RETURN(const int64_t count, ReadCount(&lines));
  std::string line;
  if (!lines.Next(&line)) return lines.Truncated(0);
  raw.title = line;
  const std::optional<XyzComment> comment = XyzComment::Parse(line);
  if (!comment) return lines.Error("a quote or bracket is not closed");
  RONCHI_RETURN_IF_ERROR(ReadComment(lines, *comment, &raw));
  RONCHI_RETURN_IF_ERROR(atoms.CheckCell());
  RONCHI_ASSIGN_OR_RETURN(const RowFormat format, ReadRowFormat(lines, *comment));
  for (int64_t n = 0; n < count; ++n) {
    if (!lines.Next(&line)) return lines.Truncated(size_t(n));
    const std::vector<std::string> fields = Fields(line);
    if (fields.empty()) return lines.Truncated(size_t(n));
    RONCHI_RETURN_IF_ERROR(ReadRow(lines, format, fields, &atoms));
  }
  while (lines.Next(&line)) {
    if (Fields(line).empty()) continue;
    raw.summary.warnings.push_back(
        "there is more in the file than its first frame; the first is read");
    break;
  }
  RONCHI_RETURN_IF_ERROR(atoms.CheckNotFractional());
  RONCHI_RETURN_IF_ERROR(atoms.PlaceAlongBeam(raw.summary.periodic[2]));
  return std::move(atoms).Finish();
}

absl::StatusOr<Crystal> ReadPlainXyz(const std::string& path, const std::string& text,
                                     const std::optional<Vector3>& cell_A) {
  TextLines lines(path, "plain xyz", text);
  TextAtoms atoms(lines);
  RONCHI_ASSIGN_OR_RETURN(const int64_t count, ReadCount(&lines));
  std::string line;
  if (!cell_A) {
    return lines.Error(
        "it has no cell; give specimen.cell_A: [a, b, c] in the config, or Lattice=\"…\" in line "
        "2");
  }
  lines.Next(&atoms.raw.title);
  for (size_t i = 0; i < 3; ++i) atoms.raw.lattice_A[i][i] = (*cell_A)[i];
  RONCHI_RETURN_IF_ERROR(atoms.CheckCell());
  bool surplus = false;
  for (int64_t n = 0; n < count; ++n) {
    double v[3];
    if (!lines.Next(&line)) return lines.Truncated(size_t(n));
    const std::vector<std::string> fields = Fields(line);
    if (fields.empty()) return lines.Truncated(size_t(n));
    if (!Numbers(fields, 1, 3, v)) return lines.Error("expected an element and x y z in Å");
    surplus |= fields.size() > 4;
    Atom a{.x_A = v[0], .y_A = v[1], .z_A = v[2]};
    RONCHI_ASSIGN_OR_RETURN(a.z, ElementInText(lines, fields[0], &atoms.raw.summary.warnings));
    atoms.Add(a);
    RONCHI_RETURN_IF_ERROR(atoms.CheckLast());
  }
  if (surplus) {
    atoms.raw.summary.warnings.push_back("what stands behind x y z is not read");
  }
  while (lines.Next(&line)) {
    if (Fields(line).empty()) continue;
    atoms.raw.summary.warnings.push_back(
        "there is more in the file than its first frame; the first is read");
    break;
  }
  RONCHI_RETURN_IF_ERROR(atoms.CheckNotFractional());
  RONCHI_RETURN_IF_ERROR(atoms.PlaceAlongBeam(false));
  return std::move(atoms).Finish();
}

}  // namespace ronchi::sim
