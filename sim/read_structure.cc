#include "sim/read_structure.h"

#include <cmath>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "sim/physics/scattering_factors.h"
#include "sim/read_cif.h"

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

absl::Status CheckAtom(const Lines& lines, const Specimen& s, const Atom& a) {
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
  if (a.z_A < -1e-6 || a.z_A > s.cell_A[2] + 1e-6) {
    return lines.Error(
        absl::StrCat("z = ", a.z_A, " Å lies outside the box of ", s.cell_A[2], " Å"));
  }
  return absl::OkStatus();
}

absl::Status CheckCell(const Lines& lines, const std::array<double, 3>& cell) {
  for (double length : cell) {
    if (!(length > 0 && length < 1e6)) {
      return lines.Error(
          absl::StrCat("cell length ", length, " Å is not allowed; allowed: above 0"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Specimen> ReadPrismatic(Lines lines) {
  Specimen s;
  std::string line;
  lines.Next(&s.title);
  if (!lines.Next(&line) || !Numbers(Fields(line), 0, 3, s.cell_A.data())) {
    return lines.Error("expected the cell's three lengths in Å");
  }
  RONCHI_RETURN_IF_ERROR(CheckCell(lines, s.cell_A));
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
    RONCHI_RETURN_IF_ERROR(CheckAtom(lines, s, a));
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
  size_t species = 0, position = 1, occupancy = 0, rms = 0, count = 4;  // 0: absent
};

absl::StatusOr<Columns> ParseProperties(const Lines& lines, const std::string& text) {
  Columns c;
  if (text.empty()) return c;
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  size_t column = 0;
  bool species = false, position = false;
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    int width = 0;
    if (!absl::SimpleAtoi(parts[i + 2], &width) || width < 1) {
      return lines.Error(absl::StrCat("Properties: '", parts[i + 2], "' is not a width"));
    }
    if (parts[i] == "species") c.species = column, species = true;
    if (parts[i] == "pos") c.position = column, position = true;
    if (parts[i] == "occupancy") c.occupancy = column;
    if (parts[i] == "rms") c.rms = column;
    column += size_t(width);
  }
  if (!species || !position) return lines.Error("Properties needs species and pos");
  c.count = column;
  return c;
}

absl::StatusOr<Specimen> ReadExtended(Lines lines, size_t count) {
  Specimen s;
  std::string line;
  lines.Next(&line);
  if (!lines.Next(&line)) return lines.Truncated(0);
  double v[9];
  if (!Numbers(Fields(CommentValue(line, "Lattice")), 0, 9, v)) {
    return lines.Error("expected Lattice=\"ax 0 0 0 by 0 0 0 cz\" in Å");
  }
  for (int i : {1, 2, 3, 5, 6, 7}) {
    if (std::fabs(v[i]) > 1e-6) return lines.Error("only orthogonal lattices are allowed here");
  }
  s.cell_A = {v[0], v[4], v[8]};
  s.title = line;
  RONCHI_RETURN_IF_ERROR(CheckCell(lines, s.cell_A));
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
    if ((columns.occupancy && !Numbers(fields, columns.occupancy, 1, &a.occupancy)) ||
        (columns.rms && !Numbers(fields, columns.rms, 1, &a.rms_A))) {
      return lines.Error("occupancy or rms is not a number");
    }
    RONCHI_RETURN_IF_ERROR(CheckAtom(lines, s, a));
    s.atoms.push_back(a);
  }
  return s;
}

}  // namespace

absl::StatusOr<Specimen> ReadStructure(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
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

}  // namespace ronchi::sim
