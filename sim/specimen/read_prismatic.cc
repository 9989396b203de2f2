#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/specimen/text_formats.h"

namespace ronchi::sim {
namespace {

// Kirkland's programs and Prismatic have three lengths here. py_multislice's p1 files are alike but
// for six numbers, and hold parts of the cell and U in place of Å and rms.
absl::Status ReadCellLine(const TextLines& lines, const std::vector<std::string>& fields,
                          RawStructure* raw) {
  double cell[3];
  if (!Numbers(fields, 0, 3, cell)) {
    return lines.Error(
        "expected the cell's three lengths in Å (nor is this CIF, extended xyz, plain xyz or "
        "POSCAR)");
  }
  if (fields.size() == 6) {
    return lines.Error(
        "six numbers for the cell: a p1 file of py_multislice, whose coordinates are fractions; "
        "write CIF, or Å after three lengths");
  }
  if (fields.size() > 3) {
    return lines.Error(
        absl::StrCat("expected the cell's three lengths in Å, not ", fields.size(), " numbers"));
  }
  for (size_t i = 0; i < 3; ++i) raw->lattice_A[i][i] = cell[i];
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Crystal> ReadPrismatic(const std::string& path, const std::string& text) {
  TextLines lines(path, "Prismatic xyz", text);
  TextAtoms atoms(lines);
  std::string line;
  lines.Next(&atoms.raw.title);
  if (!lines.Next(&line)) line.clear();
  RONCHI_RETURN_IF_ERROR(ReadCellLine(lines, Fields(line, true), &atoms.raw));
  RONCHI_RETURN_IF_ERROR(atoms.CheckCell());
  const double height = atoms.raw.lattice_A[2][2];
  const std::string expected = "expected Z x y z occupancy [rms]";
  while (lines.Next(&line)) {
    const std::vector<std::string> fields = Fields(line, true);
    if (fields.empty()) continue;
    Atom a;
    double v[4];
    if (!absl::SimpleAtoi(fields[0], &a.z)) return lines.Error(expected);
    if (a.z == -1) {
      if (atoms.raw.atoms.empty()) return lines.Error("no atoms");
      RONCHI_RETURN_IF_ERROR(atoms.CheckNotFractional());
      RONCHI_RETURN_IF_ERROR(atoms.PlaceAlongBeam(false));
      for (Atom& atom : atoms.raw.atoms) {
        if (atom.z_A > height - 1e-6) atom.z_A = 0;  // the next cell's
      }
      return std::move(atoms).Finish();
    }
    if (!Numbers(fields, 1, 4, v)) return lines.Error(expected);
    if (fields.size() > 6) {
      return lines.Error(absl::StrCat(expected, ", not ", fields.size(), " numbers"));
    }
    a.x_A = v[0];
    a.y_A = v[1];
    a.z_A = v[2];
    a.occupancy = v[3];
    if (fields.size() > 5 && !Numbers(fields, 5, 1, &a.rms_A)) {
      return lines.Error(absl::StrCat("rms displacement '", fields[5], "' is not a number"));
    }
    atoms.Add(a);
    RONCHI_RETURN_IF_ERROR(atoms.CheckLast());
  }
  return lines.Truncated(atoms.raw.atoms.size(), " (no closing -1)");
}

}  // namespace ronchi::sim
