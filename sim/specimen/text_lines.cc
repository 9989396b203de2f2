#include "sim/specimen/text_lines.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/specimen/periodic_points.h"

namespace ronchi::sim {
namespace {

// As far as a file's digits put an atom on the face of its cell.
constexpr double kOnFace_A = 1e-6;

}  // namespace

TextLines::TextLines(std::string path, std::string format, const std::string& text)
    : path_(std::move(path)), format_(std::move(format)) {
  const char end =
      text.find('\n') == std::string::npos && text.find('\r') != std::string::npos ? '\r' : '\n';
  for (const absl::string_view line : absl::StrSplit(text, end)) lines_.emplace_back(line);
}

bool TextLines::Next(std::string* line) {
  if (next_ >= lines_.size()) return false;
  *line = lines_[next_++];
  if (!line->empty() && line->back() == '\r') line->pop_back();
  return true;
}

absl::Status TextLines::ErrorAt(size_t line, const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat(path_, ":", line, ": ", format_, ": ", what));
}

absl::Status TextLines::Truncated(size_t atoms, const std::string& more) const {
  return ErrorAt(lines_.size(),
                 absl::StrCat("the file ends after ", atoms, " atoms; it looks truncated", more));
}

std::vector<std::string> Fields(std::string_view line, bool commas) {
  return absl::StrSplit(absl::string_view(line.data(), line.size()),
                        absl::ByAnyChar(commas ? " \t," : " \t"), absl::SkipEmpty());
}

bool Numbers(const std::vector<std::string>& fields, size_t first, size_t count, double* out) {
  if (fields.size() < first + count) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!absl::SimpleAtod(fields[first + i], &out[i]) || !std::isfinite(out[i])) return false;
  }
  return true;
}

absl::Status TextAtoms::CheckLast() const {
  const Atom& a = raw.atoms.back();
  const absl::Status status = CheckAtomValues(a);
  if (status.ok()) return status;
  return lines_.Error(
      absl::StrCat("atom (", ElementSymbol(a.z), "): ", std::string(status.message())));
}

absl::Status TextAtoms::CheckCell() const {
  const auto& l = raw.lattice_A;
  const bool diagonal =
      l[0][1] == 0 && l[0][2] == 0 && l[1][0] == 0 && l[1][2] == 0 && l[2][0] == 0 && l[2][1] == 0;
  for (size_t i = 0; diagonal && i < 3; ++i) {
    if (!(l[i][i] >= 0.1 && l[i][i] < 1e6)) {
      return lines_.Error(
          absl::StrCat("cell length ", l[i][i], " Å is not allowed; allowed: 0.1 … 1e6"));
    }
  }
  const absl::Status status = CheckLattice(l);
  return status.ok() ? status : lines_.Error(std::string(status.message()));
}

absl::Status TextAtoms::CheckNotFractional() const {
  constexpr double kBond_A = 0.9;  // only hydrogen's bonds are shorter
  std::vector<Vector3> as_A, as_parts;
  bool all_within = true;
  double shortest_side = 1e9;
  for (const Vector3& v : raw.lattice_A) {
    shortest_side = std::min(shortest_side, std::hypot(v[0], v[1], v[2]));
  }
  for (const Atom& a : raw.atoms) {
    const Vector3 f = {a.x_A, a.y_A, a.z_A};
    for (double v : f) all_within &= v >= -1e-6 && v <= 1 + 1e-6;
    if (!all_within) return absl::OkStatus();
    Vector3 r = {0, 0, 0};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t c = 0; c < 3; ++c) r[c] += f[i] * raw.lattice_A[i][c];
    }
    as_A.push_back(f);
    as_parts.push_back(r);
  }
  if (raw.atoms.size() < 2 || shortest_side < 2) return absl::OkStatus();
  std::array<size_t, 2> pair = {0, 0}, other;
  const auto& periodic = raw.summary.periodic;
  const double d = ShortestDistance_A(raw.lattice_A, periodic, as_A, 1e-3, &pair);
  const bool hydrogen = raw.atoms[pair[0]].z == 1 && raw.atoms[pair[1]].z == 1;
  if (d == 0 || d >= kBond_A || hydrogen ||
      ShortestDistance_A(raw.lattice_A, periodic, as_parts, 1e-3, &other) < kBond_A) {
    return absl::OkStatus();
  }
  return lines_.ErrorAt(at_[pair[1]],
                        absl::StrFormat("all coordinates lie between 0 and 1, and in Å two atoms "
                                        "would be %.2g Å apart: these are fractions of the cell; "
                                        "this format has Å",
                                        d));
}

absl::Status TextAtoms::PlaceAlongBeam(bool periodic) {
  Crystal cell{.lattice_A = raw.lattice_A};
  const double height = cell.Lengths_A()[2];
  for (size_t i = 0; i < raw.atoms.size(); ++i) {
    Atom& a = raw.atoms[i];
    const double depth = cell.IsBox() ? a.z_A : cell.Fractional(a)[2] * height;
    if (depth >= -kOnFace_A && depth <= height + kOnFace_A) continue;
    if (!periodic) {
      return lines_.ErrorAt(at_[i], absl::StrCat("atom (", ElementSymbol(a.z), "): z = ", a.z_A,
                                                 " Å lies outside the box of ", height, " Å"));
    }
    if (cell.IsBox()) {
      a.z_A = std::max(0.0, a.z_A - std::floor(a.z_A / height + 1e-9) * height);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Crystal> TextAtoms::Finish() && {
  const auto at = std::make_shared<const std::vector<size_t>>(std::move(at_));
  const auto z = std::make_shared<std::vector<int>>();
  for (const Atom& a : raw.atoms) z->push_back(a.z);
  raw.name = [at](size_t i) { return absl::StrCat("the atom in line ", (*at)[i]); };
  const std::string path = lines_.path(), format = lines_.format();
  raw.error = [at, z, path, format](size_t i, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", (*at)[i], ": ", format, ": atom (",
                                                   ElementSymbol((*z)[i]), "): ", what));
  };
  DropListedImages(&raw);
  return Assemble(std::move(raw));
}

absl::StatusOr<int> ElementInText(const TextLines& lines, const std::string& word,
                                  std::vector<std::string>* warnings) {
  int z = 0;
  if (absl::SimpleAtoi(word, &z)) return z;  // its range is checked with the atom
  const absl::StatusOr<FoundElement> found = ElementOfType(word, nullptr);
  if (!found.ok()) return lines.Error(std::string(found.status().message()));
  if (!found->warning.empty() && warnings->empty()) warnings->push_back(found->warning);
  return found->z;
}

}  // namespace ronchi::sim
