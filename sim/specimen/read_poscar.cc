#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/specimen/text_formats.h"

namespace ronchi::sim {
namespace {

// The factor of all lengths: above 0, itself; below, minus the cell's volume; or one for each axis.
absl::Status ReadLattice(TextLines* lines, RawStructure* raw, Vector3* factor) {
  std::string line;
  double* const scale = factor->data();
  lines->Next(&line);
  const std::vector<std::string> factors = Fields(line);
  if (!Numbers(factors, 0, factors.size() == 3 ? 3 : 1, scale) ||
      (factors.size() != 1 && factors.size() != 3)) {
    return lines->Error("expected a scaling factor, or three");
  }
  for (Vector3& v : raw->lattice_A) {
    if (!lines->Next(&line) || Fields(line).size() != 3 || !Numbers(Fields(line), 0, 3, v.data())) {
      return lines->Error("expected three numbers of a lattice vector");
    }
  }
  if (factors.size() == 1) {
    const double volume = Crystal{.lattice_A = raw->lattice_A}.Volume_A3();
    const double s = scale[0] < 0 ? std::cbrt(-scale[0] / volume) : scale[0];
    scale[0] = scale[1] = scale[2] = s;
  }
  for (Vector3& v : raw->lattice_A) {
    for (size_t c = 0; c < 3; ++c) v[c] *= scale[c];
  }
  return absl::OkStatus();
}

struct Species {
  std::vector<int> z;  // of every atom, in the file's order
};

absl::Status ReadSpecies(TextLines* lines, std::vector<std::string>* warnings, Species* out) {
  std::string symbols, counts;
  lines->Next(&symbols);
  const std::vector<std::string> words = Fields(symbols);
  int number = 0;
  if (words.empty() || absl::SimpleAtoi(words[0], &number)) {
    return lines->Error(
        "the line with the elements' symbols is missing, as in VASP 4; add one above the numbers");
  }
  std::vector<int> elements;
  for (const std::string& word : words) {
    // POTCAR names: Sr_sv, Ti/3f2a….
    const std::string symbol = word.substr(0, word.find_first_of("_/"));
    RONCHI_ASSIGN_OR_RETURN(const int z, ElementInText(*lines, symbol, warnings));
    elements.push_back(z);
  }
  lines->Next(&counts);
  const std::vector<std::string> numbers = Fields(counts);
  if (numbers.size() != words.size()) {
    return lines->Error(absl::StrCat("expected ", words.size(), " numbers of atoms"));
  }
  size_t total = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!absl::SimpleAtoi(numbers[i], &number) || number < 0 ||
        (total += size_t(number)) > kMostAtomsInAFile) {
      return lines->Error(absl::StrCat("'", numbers[i], "' is not a number of atoms; allowed: 0 … ",
                                       kMostAtomsInAFile));
    }
    out->z.insert(out->z.end(), size_t(number), elements[i]);
  }
  if (out->z.empty()) return lines->Error("no atoms");
  return absl::OkStatus();
}

bool IsFlag(const std::string& word) {
  const std::string w = absl::AsciiStrToUpper(word);
  return w == "T" || w == "F" || w == ".TRUE." || w == ".FALSE.";
}

// What the line above the atoms says of their coordinates.
struct Coordinates {
  bool selective = false;  // three flags behind them
  bool direct = false;     // in units of the cell's edges, else of the scale
};

absl::StatusOr<Coordinates> ReadCoordinates(TextLines* lines) {
  std::string line;
  const auto first_letter = [&]() -> char {
    const std::string trimmed(absl::StripAsciiWhitespace(line));
    return trimmed.empty() ? ' ' : absl::ascii_tolower(static_cast<unsigned char>(trimmed[0]));
  };
  Coordinates out;
  if (lines->Next(&line) && first_letter() == 's') {
    out.selective = true;
    if (!lines->Next(&line)) line.clear();
  }
  const char kind = first_letter();
  if (kind != 'd' && kind != 'c' && kind != 'k') {
    return lines->Error("expected Direct or Cartesian");
  }
  out.direct = kind == 'd';
  return out;
}

// What stands behind the coordinates: flags, and the symbol, which then must be the atom's.
absl::Status CheckBehind(const TextLines& lines, bool selective,
                         const std::vector<std::string>& fields, int z) {
  size_t next = 3;
  if (selective) {
    for (; next < 6; ++next) {
      if (next >= fields.size() || !IsFlag(fields[next])) {
        return lines.Error("expected three flags T or F behind the coordinates");
      }
    }
  }
  double surplus;
  if (next < fields.size() && absl::SimpleAtod(fields[next], &surplus)) {
    return lines.Error(absl::StrCat("expected three coordinates, not ", fields.size(), " numbers"));
  }
  if (next < fields.size() && !IsFlag(fields[next])) {
    const absl::StatusOr<FoundElement> written = ElementOfType(fields[next], nullptr);
    if (written.ok() && written->z != z) {
      return lines.Error(absl::StrCat("the atom is ", ElementSymbol(z), " by its number, but '",
                                      fields[next], "' stands behind it"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Crystal> ReadPoscar(const std::string& path, const std::string& text) {
  TextLines lines(path, "POSCAR", text);
  TextAtoms atoms(lines);
  lines.Next(&atoms.raw.title);
  Vector3 scale = {1, 1, 1};
  RONCHI_RETURN_IF_ERROR(ReadLattice(&lines, &atoms.raw, &scale));
  RONCHI_RETURN_IF_ERROR(atoms.CheckCell());
  Species species;
  RONCHI_RETURN_IF_ERROR(ReadSpecies(&lines, &atoms.raw.summary.warnings, &species));
  RONCHI_ASSIGN_OR_RETURN(const Coordinates coordinates, ReadCoordinates(&lines));
  const auto& l = atoms.raw.lattice_A;
  std::string line;
  for (int z : species.z) {
    if (!lines.Next(&line)) return lines.Truncated(atoms.raw.atoms.size());
    const std::vector<std::string> fields = Fields(line);
    double v[3];
    if (!Numbers(fields, 0, 3, v)) return lines.Error("expected three coordinates");
    RONCHI_RETURN_IF_ERROR(CheckBehind(lines, coordinates.selective, fields, z));
    Atom a{.z = z};
    if (coordinates.direct) {
      a.x_A = v[0] * l[0][0] + v[1] * l[1][0] + v[2] * l[2][0];
      a.y_A = v[0] * l[0][1] + v[1] * l[1][1] + v[2] * l[2][1];
      a.z_A = v[0] * l[0][2] + v[1] * l[1][2] + v[2] * l[2][2];
    } else {
      a.x_A = v[0] * scale[0], a.y_A = v[1] * scale[1], a.z_A = v[2] * scale[2];
    }
    atoms.Add(a);
    RONCHI_RETURN_IF_ERROR(atoms.CheckLast());
  }
  RONCHI_RETURN_IF_ERROR(atoms.PlaceAlongBeam(true));
  return std::move(atoms).Finish();
}

}  // namespace ronchi::sim
