#include "sim/specimen/read_structure.h"

#include <cmath>
#include <numbers>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/read_cif.h"

namespace ronchi::sim {
namespace {

constexpr size_t kMostAtoms = 100'000'000;

class Lines {
 public:
  Lines(std::string path, const std::string& text) : path_(std::move(path)) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) lines_.emplace_back(line);
  }
  bool Next(std::string* line) {
    if (next_ >= lines_.size()) return false;
    *line = lines_[next_++];
    if (!line->empty() && line->back() == '\r') line->pop_back();
    return true;
  }
  void Back() { --next_; }
  absl::Status Error(const std::string& what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ":", std::max<size_t>(1, next_), ": ", what));
  }
  absl::Status Truncated(size_t found) const {
    return absl::InvalidArgumentError(absl::StrCat(
        path_, ":", lines_.size(), ": the file ends after ", found, " atoms; it looks truncated"));
  }

 private:
  std::string path_;
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

std::vector<std::string> Fields(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

bool Numbers(const std::vector<std::string>& fields, size_t first, size_t count, double* out) {
  if (fields.size() < first + count) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!absl::SimpleAtod(fields[first + i], &out[i]) || !std::isfinite(out[i])) return false;
  }
  return true;
}

absl::Status CheckAtom(const Lines& lines, const Atom& a) {
  if (a.z < 1 || a.z > 103) {
    return lines.Error(absl::StrCat("atomic number ", a.z, " is not allowed; allowed: 1 … 103"));
  }
  if (a.occupancy < 0 || a.occupancy > 1) {
    return lines.Error(absl::StrCat("occupancy ", a.occupancy, " is not allowed; allowed: 0 … 1"));
  }
  if (a.rms_A < 0 || a.rms_A > 2) {
    return lines.Error(
        absl::StrCat("rms displacement ", a.rms_A, " Å is not allowed; allowed: 0 … 2"));
  }
  for (double x : {a.x_A, a.y_A, a.z_A}) {
    if (!(std::fabs(x) <= 1e6)) {  // 0.1 mm; further out positions lose their picometres
      return lines.Error(absl::StrCat("coordinate ", x, " Å is not allowed; allowed: ±1e6"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDepth(const Lines& lines, const Atom& a, double height_A) {
  if (a.z_A < -1e-6 || a.z_A > height_A + 1e-6) {
    return lines.Error(absl::StrCat("z = ", a.z_A, " Å lies outside the box of ", height_A, " Å"));
  }
  return absl::OkStatus();
}

// The line's cell, checked: a box must have positive sides, any other a volume.
absl::Status CheckCell(const Lines& lines, const Crystal& crystal) {
  const auto& l = crystal.lattice_A;
  const bool diagonal =
      l[0][1] == 0 && l[0][2] == 0 && l[1][0] == 0 && l[1][2] == 0 && l[2][0] == 0 && l[2][1] == 0;
  for (size_t i = 0; diagonal && i < 3; ++i) {
    if (!(l[i][i] >= 0.1 && l[i][i] < 1e6)) {
      return lines.Error(
          absl::StrCat("cell length ", l[i][i], " Å is not allowed; allowed: 0.1 … 1e6"));
    }
  }
  const absl::Status status = CheckLattice(l);
  return status.ok() ? status : lines.Error(std::string(status.message()));
}

absl::StatusOr<Crystal> ReadPrismatic(Lines lines) {
  Crystal s;
  std::string line;
  double cell[3];
  lines.Next(&s.title);
  if (!lines.Next(&line) || !Numbers(Fields(line), 0, 3, cell)) {
    return lines.Error("expected the cell's three lengths in Å");
  }
  for (size_t i = 0; i < 3; ++i) s.lattice_A[i][i] = cell[i];
  RONCHI_RETURN_IF_ERROR(CheckCell(lines, s));
  while (lines.Next(&line)) {
    const std::vector<std::string> fields = Fields(line);
    if (fields.empty()) continue;
    Atom a;
    double v[4];
    if (!absl::SimpleAtoi(fields[0], &a.z)) return lines.Error("expected Z x y z occupancy [rms]");
    if (a.z == -1) {
      if (s.atoms.empty()) return lines.Error("no atoms");
      return s;
    }
    if (!Numbers(fields, 1, 4, v)) return lines.Error("expected Z x y z occupancy [rms]");
    a.x_A = v[0];
    a.y_A = v[1];
    a.z_A = v[2];
    a.occupancy = v[3];
    if (fields.size() > 5 && !Numbers(fields, 5, 1, &a.rms_A)) {
      return lines.Error(absl::StrCat("rms displacement '", fields[5], "' is not a number"));
    }
    RONCHI_RETURN_IF_ERROR(CheckAtom(lines, a));
    RONCHI_RETURN_IF_ERROR(CheckDepth(lines, a, cell[2]));
    if (a.z_A > cell[2] - 1e-6) a.z_A = 0;  // the next cell's
    s.atoms.push_back(a);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(lines.Truncated(s.atoms.size()).message()), " (no closing -1)"));
}

// The value of key=… in an extended-xyz comment line, with or without quotes; empty when absent.
std::string CommentValue(const std::string& comment, const std::string& key) {
  size_t at = comment.find(key + "=");
  if (at == std::string::npos) return "";
  at += key.size() + 1;
  if (at < comment.size() && comment[at] == '"') {
    return comment.substr(at + 1, comment.find('"', at + 1) - at - 1);
  }
  return comment.substr(at, comment.find(' ', at) - at);
}

struct Columns {
  static constexpr size_t kAbsent = SIZE_MAX;
  size_t species = 0, position = 1, count = 4;
  size_t occupancy = kAbsent, displacement = kAbsent;
  size_t thermal = kAbsent;
  enum class Thermal { kRms, kB, kU } thermal_as = Thermal::kRms;
};

// Properties=name:type:width:…; names that mean nothing here are passed over.
absl::StatusOr<Columns> ParseProperties(const Lines& lines, const std::string& text) {
  Columns c;
  if (text.empty()) return c;
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  size_t column = 0;
  c.species = c.position = Columns::kAbsent;
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    int width = 0, expected = 1;
    if (!absl::SimpleAtoi(parts[i + 2], &width) || width < 1 || width > 1000) {
      return lines.Error(absl::StrCat("Properties: '", parts[i + 2], "' is not a width"));
    }
    const std::string name = absl::AsciiStrToLower(parts[i]);
    size_t* known = nullptr;
    if (name == "species") known = &c.species;
    if (name == "occupancy") known = &c.occupancy;
    if (name == "pos") known = &c.position, expected = 3;
    if (name == "disp" || name == "displacement" || name == "displacements") {
      known = &c.displacement, expected = 3;
    }
    if (name == "rms" || name == "b" || name == "biso" || name == "b_iso" || name == "uiso" ||
        name == "u_iso") {
      known = &c.thermal;
      c.thermal_as = name[0] == 'r'   ? Columns::Thermal::kRms
                     : name[0] == 'b' ? Columns::Thermal::kB
                                      : Columns::Thermal::kU;
    }
    if (known != nullptr) {
      if (width != expected) {
        return lines.Error(absl::StrCat("Properties: ", parts[i], " has ", width,
                                        " columns; allowed: ", expected));
      }
      if (*known != Columns::kAbsent) {
        return lines.Error(
            absl::StrCat("Properties: ", parts[i], " says again what another column says"));
      }
      *known = column;
    }
    column += size_t(width);
  }
  if (c.species == Columns::kAbsent || c.position == Columns::kAbsent) {
    return lines.Error("Properties needs species and pos");
  }
  c.count = column;
  return c;
}

absl::Status ReadOptional(const Lines& lines, const Columns& columns,
                          const std::vector<std::string>& fields, Atom* a) {
  double thermal = 0, d[3] = {0, 0, 0};
  const auto absent = [](size_t column) { return column == Columns::kAbsent; };
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

absl::StatusOr<Crystal> ReadExtended(Lines lines, size_t count) {
  Crystal s;
  std::string line;
  lines.Next(&line);
  if (!lines.Next(&line)) return lines.Truncated(0);
  double v[9];
  if (!Numbers(Fields(CommentValue(line, "Lattice")), 0, 9, v)) {
    return lines.Error("expected Lattice=\"ax ay az bx by bz cx cy cz\" in Å");
  }
  for (size_t i = 0; i < 9; ++i) s.lattice_A[i / 3][i % 3] = v[i];
  RONCHI_RETURN_IF_ERROR(CheckCell(lines, s));
  s.title = line;
  const std::vector<std::string> periodic = Fields(CommentValue(line, "pbc"));
  const bool wraps = periodic.size() < 3 || (periodic[2] != "F" && periodic[2] != "0");
  RONCHI_ASSIGN_OR_RETURN(const Columns columns,
                          ParseProperties(lines, CommentValue(line, "Properties")));
  RONCHI_ASSIGN_OR_RETURN(const auto table, ScatteringFactors::Load("kirkland"));
  while (s.atoms.size() < count) {
    if (!lines.Next(&line)) return lines.Truncated(s.atoms.size());
    const std::vector<std::string> fields = Fields(line);
    if (fields.empty()) return lines.Truncated(s.atoms.size());
    Atom a;
    if (fields.size() < columns.count || !Numbers(fields, columns.position, 3, v)) {
      return lines.Error(absl::StrCat("expected ", columns.count, " columns: species x y z …"));
    }
    const std::string& species = fields[columns.species];
    if (!absl::SimpleAtoi(species, &a.z)) a.z = table->AtomicNumber(species);
    if (a.z == 0) return lines.Error(absl::StrCat("unknown element '", species, "'"));
    a.x_A = v[0];
    a.y_A = v[1];
    a.z_A = v[2];
    RONCHI_RETURN_IF_ERROR(ReadOptional(lines, columns, fields, &a));
    RONCHI_RETURN_IF_ERROR(CheckAtom(lines, a));
    if (s.IsBox()) {
      const double height = s.lattice_A[2][2];
      if (!wraps) RONCHI_RETURN_IF_ERROR(CheckDepth(lines, a, height));
      if (a.z_A < -1e-6 || a.z_A > height + 1e-6) {
        a.z_A = std::max(0.0, a.z_A - std::floor(a.z_A / height + 1e-9) * height);
      }
    }
    s.atoms.push_back(a);
  }
  return s;
}

}  // namespace

absl::StatusOr<Crystal> ReadCrystal(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kStructureFile));
  if (text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":1: not a text file"));
  }
  const std::string first = text.substr(0, text.find('\n'));
  const std::vector<std::string> fields = Fields(first.substr(0, first.find('\r')));
  int64_t count = 0;
  if (fields.size() == 1 && absl::SimpleAtoi(fields[0], &count) &&
      absl::StrContains(text.substr(0, 4096), "Lattice=")) {
    if (count < 1 || size_t(count) > kMostAtoms) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":1: ", count, " atoms is not allowed; allowed: 1 … ", kMostAtoms));
    }
    return ReadExtended(Lines(path, text), size_t(count));
  }
  if (absl::StrContains(text, "_cell_length_a")) return ReadCif(path, text);
  return ReadPrismatic(Lines(path, text));
}

absl::StatusOr<Specimen> ReadStructure(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const Crystal crystal, ReadCrystal(path));
  absl::StatusOr<Specimen> box = crystal.AsBox();
  if (!box.ok()) return Annotate(box.status(), path);
  return box;
}

}  // namespace ronchi::sim
