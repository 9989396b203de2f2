#include "sim/read_cif.h"

#include <cmath>
#include <gemmi/cif.hpp>
#include <gemmi/smcif.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::sim {
namespace {

absl::StatusOr<Specimen> Convert(const std::string& path, const gemmi::SmallStructure& s) {
  const auto error = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
  };
  const gemmi::UnitCell& cell = s.cell;
  for (double angle : {cell.alpha, cell.beta, cell.gamma}) {
    if (std::fabs(angle - 90) > 1e-3) {
      return error(
          absl::StrFormat("the cell's angles are %g, %g, %g degrees; allowed: 90, 90, 90 (an "
                          "orthogonal supercell)",
                          cell.alpha, cell.beta, cell.gamma));
    }
  }
  Specimen out;
  out.title = s.name;
  out.cell_A = {cell.a, cell.b, cell.c};
  for (double length : out.cell_A) {
    if (!(length > 0 && length < 1e6)) return error("no usable cell lengths");
  }
  for (const gemmi::SmallStructure::Site& site : s.get_all_unit_cell_sites()) {
    Atom a;
    a.z = site.element.atomic_number();
    if (a.z < 1)
      return error(
          absl::StrCat("site '", site.label, "': unknown element '", site.type_symbol, "'"));
    if (!(site.occ >= 0 && site.occ <= 1)) {
      return error(absl::StrFormat("site '%s': occupancy %g is not allowed; allowed: 0 … 1",
                                   site.label, site.occ));
    }
    const auto wrapped = [](double f) { return f - std::floor(f + 1e-9); };  // 0 … 1
    a.x_A = wrapped(site.fract.x) * cell.a;
    a.y_A = wrapped(site.fract.y) * cell.b;
    a.z_A = std::fabs(wrapped(site.fract.z)) * cell.c;
    a.occupancy = site.occ;
    a.rms_A = site.u_iso > 0 ? std::sqrt(site.u_iso) : 0;
    out.atoms.push_back(a);
  }
  if (out.atoms.empty()) return error("no atoms");
  return out;
}

}  // namespace

absl::StatusOr<Specimen> ReadCif(const std::string& path, const std::string& text) {
  try {
    const gemmi::cif::Document document =
        gemmi::cif::read_memory(text.data(), text.size(), path.c_str());
    for (const gemmi::cif::Block& block : document.blocks) {
      if (block.find_value("_cell_length_a")) {
        return Convert(path, gemmi::make_small_structure_from_block(block));
      }
    }
    return absl::InvalidArgumentError(absl::StrCat(path, ": no data block with a cell"));
  } catch (const std::exception& e) {  // gemmi's parse errors: "file:line:column(…): what"
    return absl::InvalidArgumentError(e.what());
  }
}

}  // namespace ronchi::sim
