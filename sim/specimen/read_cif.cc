#include "sim/specimen/read_cif.h"

#include <cmath>
#include <gemmi/cif.hpp>
#include <gemmi/smcif.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::sim {
namespace {

// What the file lists wins over the name: names do not tell the origin of 24 space groups.
absl::Status SetSymmetry(gemmi::cif::Block& block, gemmi::SmallStructure* s) {
  for (const char* tag : {"_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz"}) {
    const gemmi::cif::Column column = block.find_values(tag);
    if (column.length() == 0) continue;
    s->cell.images.clear();
    for (int i = 0; i < column.length(); ++i) {
      const gemmi::Op op = gemmi::parse_triplet(gemmi::cif::as_string(column.at(i)));
      if (op == gemmi::Op::identity()) continue;
      s->cell.images.push_back(gemmi::Transform{gemmi::rot_as_mat33(op), gemmi::tran_as_vec3(op)});
    }
    return absl::OkStatus();
  }
  if (s->find_spacegroup() != nullptr) return absl::OkStatus();  // gemmi has set the images
  if (!s->spacegroup_hm.empty() && s->spacegroup_hm != "?" && s->spacegroup_hm != ".") {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown space group '", s->spacegroup_hm, "', and no list of operations"));
  }
  for (const char* tag : {"_space_group_IT_number", "_symmetry_Int_Tables_number"}) {
    const std::string* value = block.find_value(tag);
    if (value == nullptr || gemmi::cif::is_null(*value)) continue;
    int number = 0;  // gemmi's own conversion may overflow
    const bool is_number = absl::SimpleAtoi(gemmi::cif::as_string(*value), &number);
    const gemmi::SpaceGroup* group = is_number ? gemmi::find_spacegroup_by_number(number) : nullptr;
    if (group == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("unknown space group number ", *value));
    }
    s->cell.set_cell_images_from_spacegroup(group);
    return absl::OkStatus();
  }
  return absl::OkStatus();  // P1
}

// A third of the trace of U in Cartesian axes (Fischer & Tillmanns, Acta Cryst. C44, 775 (1988)):
// U_eq = Σ U_ij a*_i a*_j a_i·a_j / 3.
double Equivalent(const gemmi::SMat33<double>& u, const Crystal& crystal, double volume) {
  const auto& l = crystal.lattice_A;
  const auto dot = [&](size_t i, size_t j) {
    return l[i][0] * l[j][0] + l[i][1] * l[j][1] + l[i][2] * l[j][2];
  };
  double star[3];
  for (size_t i = 0; i < 3; ++i) {
    const size_t j = (i + 1) % 3, k = (i + 2) % 3;
    star[i] = std::sqrt(dot(j, j) * dot(k, k) - dot(j, k) * dot(j, k)) / volume;
  }
  const double m[3][3] = {{u.u11, u.u12, u.u13}, {u.u12, u.u22, u.u23}, {u.u13, u.u23, u.u33}};
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) sum += m[i][j] * star[i] * star[j] * dot(i, j);
  }
  return sum / 3;
}

absl::Status CheckSite(const gemmi::SmallStructure::Site& site) {
  const std::string where = absl::StrCat("site '", site.label, "': ");
  if (site.element.atomic_number() < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, "unknown element '", site.type_symbol, "'"));
  }
  if (!(site.occ >= 0 && site.occ <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%soccupancy %g is not allowed; allowed: 0 … 1", where, site.occ));
  }
  for (double f : {site.fract.x, site.fract.y, site.fract.z}) {
    if (!(std::fabs(f) < 1000)) {  // also what is missing, '?' or no number: NaN
      return absl::InvalidArgumentError(
          absl::StrCat(where, "coordinate ", f, " is not allowed; allowed: fractions, below 1000"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Crystal> Convert(gemmi::cif::Block& block) {
  gemmi::SmallStructure s = gemmi::make_small_structure_from_block(block);
  const gemmi::UnitCell& cell = s.cell;
  Crystal out;
  out.title = s.name;
  RONCHI_ASSIGN_OR_RETURN(out.lattice_A, LatticeFromCell({cell.a, cell.b, cell.c},
                                                         {cell.alpha, cell.beta, cell.gamma}));
  for (const gemmi::SmallStructure::Site& site : s.sites) RONCHI_RETURN_IF_ERROR(CheckSite(site));
  RONCHI_RETURN_IF_ERROR(SetSymmetry(block, &s));
  const double volume = out.Volume_A3();
  for (const gemmi::SmallStructure::Site& site : s.get_all_unit_cell_sites()) {
    Atom a;
    a.z = site.element.atomic_number();
    const auto wrapped = [](double f) { return std::max(0.0, f - std::floor(f + 1e-9)); };
    const double f[3] = {wrapped(site.fract.x), wrapped(site.fract.y), wrapped(site.fract.z)};
    const auto& l = out.lattice_A;
    a.x_A = f[0] * l[0][0] + f[1] * l[1][0] + f[2] * l[2][0];
    a.y_A = f[1] * l[1][1] + f[2] * l[2][1];
    a.z_A = f[2] * l[2][2];
    a.occupancy = site.occ;
    double u = site.u_iso;
    if (!(u > 0) && site.aniso.nonzero()) u = Equivalent(site.aniso, out, volume);
    a.rms_A = u > 0 ? std::sqrt(u) : 0;
    if (!(a.rms_A <= 2)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "site '%s': rms displacement %g Å is not allowed; allowed: 0 … 2", site.label, a.rms_A));
    }
    out.atoms.push_back(a);
  }
  if (out.atoms.empty()) return absl::InvalidArgumentError("no atoms");
  return out;
}

}  // namespace

absl::StatusOr<Crystal> ReadCif(const std::string& path, const std::string& text) {
  try {
    gemmi::cif::Document document = gemmi::cif::read_memory(text.data(), text.size(), path.c_str());
    for (gemmi::cif::Block& block : document.blocks) {
      if (!block.find_value("_cell_length_a")) continue;
      absl::StatusOr<Crystal> crystal = Convert(block);
      if (!crystal.ok()) return Annotate(crystal.status(), path);
      return crystal;
    }
    return absl::InvalidArgumentError(absl::StrCat(path, ": no data block with a cell"));
  } catch (const std::exception& e) {  // gemmi's parse errors: "file:line:column(…): what"
    std::string what = e.what();
    if (what.rfind(path, 0) != 0) what = absl::StrCat(path, ": ", what);
    for (char& c : what) {
      if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
    }
    return absl::InvalidArgumentError(what);
  }
}

}  // namespace ronchi::sim
