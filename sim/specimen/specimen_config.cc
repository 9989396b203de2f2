#include "sim/specimen/specimen_config.h"

#include <cmath>
#include <filesystem>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "core/files.h"
#include "sim/specimen/builder_config.h"
#include "sim/specimen/read_structure.h"
#include "sim/specimen/zone_axis.h"

namespace ronchi::sim {
namespace {

// A cube of 100 nm; each atom takes 48 bytes.
constexpr NumberRange kLength_A = {.min = 0.1, .max = 1e5};

struct Copies {
  std::vector<double> repeat = {1, 1, 1};
  std::vector<double> least_A = {0, 0, 0};  // instead of repeat, where above 0
};

bool Whole(const std::vector<double>& values) {
  for (double v : values) {
    if (v != std::floor(v)) return false;
  }
  return true;
}

Copies ReadRepeat(ConfigReader* r) {
  Copies c;
  r->Numbers("repeat", &c.repeat, 3, {.min = 1, .max = 10000});
  if (!Whole(c.repeat)) r->Fail("repeat", "expected three whole numbers");
  return c;
}

// Of a structure file: counted, or as many as reach a size.
Copies ReadCopies(ConfigReader* r) {
  if (!r->Has("width_A") && !r->Has("thickness_A")) {
    r->Known("width_A");
    r->Known("thickness_A");
    return ReadRepeat(r);
  }
  Copies c;
  if (r->Has("repeat")) r->Fail("repeat", "give either repeat or width_A and thickness_A");
  std::vector<double> width = {0, 0};
  if (r->Has("width_A")) r->Numbers("width_A", &width, 2, kLength_A);
  if (r->Has("thickness_A")) r->Number("thickness_A", &c.least_A[2], kLength_A);
  for (const char* key : {"repeat", "width_A", "thickness_A"}) r->Known(key);
  c.least_A[0] = width[0];
  c.least_A[1] = width[1];
  return c;
}

// The structure file as it stands or cut along a zone axis.
SpecimenSource ReadFileSource(const Config& config, ConfigReader* r) {
  std::string file;
  r->Text("file", &file, true);
  std::vector<double> zone;
  double max_strain = 0;
  if (r->Has("zone")) {
    r->Numbers("zone", &zone, 3, {.min = -20, .max = 20});
    r->Number("max_strain", &max_strain, {.min = 0, .max = 0.1});
    if (!Whole(zone)) r->Fail("zone", "expected three whole numbers");
    if (zone == std::vector<double>{0, 0, 0}) r->Fail("zone", "[0, 0, 0] is no direction");
  }
  r->Known("zone");
  std::optional<Vector3> cell_A;  // of a plain xyz file, which has none
  if (r->Has("cell_A")) {
    std::vector<double> sides = {0, 0, 0};
    r->Numbers("cell_A", &sides, 3, {.min = 0.1, .max = 1e6});
    cell_A = {sides[0], sides[1], sides[2]};
  }
  r->Known("cell_A");
  return [=]() -> absl::StatusOr<Specimen> {
    RONCHI_ASSIGN_OR_RETURN(const std::string path, FindStructure(config, "file", file));
    RONCHI_ASSIGN_OR_RETURN(const Crystal crystal, ReadCrystal(path, cell_A));
    if (zone.empty()) {
      absl::StatusOr<Specimen> box = crystal.AsBox();
      if (box.ok()) return box;
      return config.Error("file", absl::StrCat(std::string(box.status().message()),
                                               "; cut one with zone: [0, 0, 1]"));
    }
    absl::StatusOr<ZoneCell> cut =
        CutZone(crystal, {int(zone[0]), int(zone[1]), int(zone[2])}, max_strain);
    if (!cut.ok()) return config.Error("zone", std::string(cut.status().message()));
    return std::move(cut->specimen);
  };
}

absl::StatusOr<Specimen> Multiply(const Config& config, const Specimen& unit, Copies copies) {
  double atoms = double(unit.atoms.size());
  const char* key = "repeat";
  for (size_t a = 0; a < 3; ++a) {
    if (copies.least_A[a] > 0) {
      key = a < 2 ? "width_A" : "thickness_A";
      // A size that is a whole number of cells up to round-off is that number of cells.
      copies.repeat[a] = std::max(1.0, std::ceil(copies.least_A[a] / unit.cell_A[a] - 1e-6));
    }
    atoms *= copies.repeat[a];
  }
  if (atoms > kMostAtoms) {
    return config.Error(key,
                        absl::StrFormat("makes %.3g atoms; allowed: up to %g", atoms, kMostAtoms));
  }
  return unit.Repeated(int(copies.repeat[0]), int(copies.repeat[1]), int(copies.repeat[2]));
}

}  // namespace

absl::StatusOr<std::string> FindStructure(const Config& config, const std::string& key,
                                          const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(config.file()).parent_path(), beside = folder / file;
  const fs::path shared = fs::path(DataDirectory()) / "structures";
  std::error_code ec;
  if (fs::exists(beside, ec)) return beside.string();
  std::string message = absl::StrCat("No such file: ", file);
  if (!fs::path(file).is_absolute()) {
    if (fs::exists(shared / file, ec)) return (shared / file).string();
    const fs::path here = fs::weakly_canonical(folder.empty() ? fs::path(".") : folder, ec);
    absl::StrAppend(&message, "; looked in ", ec ? folder.string() : here.string(), " and ",
                    shared.string(), " (`ronchi list` shows what that has)");
  }
  return absl::NotFoundError(absl::StrCat(config.Where(key), ": ", message));
}

absl::StatusOr<SpecimenSection> ReadSpecimenSection(const Config& config) {
  ConfigReader r(config);
  std::vector<double> tilt = {0, 0};
  double rotate = 0;
  std::string build;
  ErrorList nested;
  SpecimenSource source;
  Copies copies;
  if (r.Has("build")) {
    r.Choice("build", &build, BuilderNames());
    if (!r.ok()) return r.status();
    source = ReadBuilder(build, config, &r, &nested);
    copies = ReadRepeat(&r);
  } else {
    r.Known("build");
    source = ReadFileSource(config, &r);
    copies = ReadCopies(&r);
  }
  // A particle in vacuum has no period to keep: its builder turns it by any angle.
  if (build != "nanoparticle") r.Number("rotate_deg", &rotate);
  r.Numbers("tilt_mrad", &tilt, 2, {.min = -200, .max = 200});
  ErrorList errors;
  errors.Add(r.Done());
  errors.Add(nested.status());
  std::string file;
  if (r.Has("file")) r.Text("file", &file);
  if (!file.empty()) errors.Add(FindStructure(config, "file", file).status());
  RONCHI_RETURN_IF_ERROR(errors.status());
  RONCHI_ASSIGN_OR_RETURN(const Specimen unit, source());
  RONCHI_ASSIGN_OR_RETURN(const Specimen whole, Multiply(config, unit, copies));
  absl::StatusOr<Specimen> rotated = whole.RotatedAboutBeam(rotate);
  if (!rotated.ok()) return config.Error("rotate_deg", std::string(rotated.status().message()));
  SpecimenSection out;
  out.specimen = std::move(*rotated);
  out.tilt_rad = {tilt[0] * kRadPerMrad, tilt[1] * kRadPerMrad};
  return out;
}

}  // namespace ronchi::sim
