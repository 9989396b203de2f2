#include "sim/specimen/cif_sites.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/specimen/assemble.h"
#include "sim/specimen/cif_alternatives.h"
#include "sim/specimen/cif_cartesian.h"

namespace ronchi::sim {
namespace {

namespace cif = gemmi::cif;
using Matrix = std::array<std::array<double, 3>, 3>;

constexpr double kBPerU = 8 * std::numbers::pi * std::numbers::pi;

std::string Quoted(const std::string& text) { return absl::StrCat("'", text, "'"); }

absl::Status SiteError(const std::string& label, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("site ", Quoted(label), ": ", what));
}

Vector3 Cartesian(const std::array<Vector3, 3>& l, const Vector3& f) {
  Vector3 r = {0, 0, 0};
  for (size_t a = 0; a < 3; ++a) {
    for (size_t c = 0; c < 3; ++c) r[c] += f[a] * l[a][c];
  }
  return r;
}

// A third of the trace of U in Cartesian axes (Fischer & Tillmanns, Acta Cryst. C44, 775 (1988)):
// U_eq = Σ U_ij a*_i a*_j a_i·a_j / 3.
double Equivalent(const Matrix& u, const std::array<Vector3, 3>& l) {
  const auto dot = [&](size_t i, size_t j) {
    return l[i][0] * l[j][0] + l[i][1] * l[j][1] + l[i][2] * l[j][2];
  };
  const Crystal cell{.lattice_A = l};
  const double volume = cell.Volume_A3();
  double star[3];
  for (size_t i = 0; i < 3; ++i) {
    const size_t j = (i + 1) % 3, k = (i + 2) % 3;
    star[i] = std::sqrt(dot(j, j) * dot(k, k) - dot(j, k) * dot(j, k)) / volume;
  }
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) sum += u[i][j] * star[i] * star[j] * dot(i, j);
  }
  return sum / 3;
}

// By label: U_eq of the anisotropic displacements, whether given as U or as B.
std::map<std::string, double> Anisotropic(const CifBlock& block,
                                          const std::array<Vector3, 3>& lattice) {
  std::map<std::string, double> out;
  const std::vector<std::string> labels =
      block.Column({"_atom_site_aniso_label", "_atom_site_aniso.label"});
  for (const auto& [kind, scale] : {std::pair("U", 1.0), std::pair("B", 1 / kBPerU)}) {
    std::map<std::string, std::vector<std::string>> columns;
    for (const char* ij : {"11", "22", "33", "12", "13", "23"}) {
      columns[ij] = block.Column({absl::StrCat("_atom_site_aniso_", kind, "_", ij),
                                  absl::StrCat("_atom_site_aniso.", kind, "_", ij)});
    }
    for (size_t n = 0; n < labels.size(); ++n) {
      const auto value = [&](const char* ij) -> std::optional<double> {
        const auto& column = columns[ij];
        return n < column.size() ? CifNumber(column[n]) : std::nullopt;
      };
      const auto u11 = value("11"), u22 = value("22"), u33 = value("33");
      if (!u11 || !u22 || !u33) continue;
      const double u12 = value("12").value_or(0), u13 = value("13").value_or(0),
                   u23 = value("23").value_or(0);
      const Matrix u = {{{*u11, u12, u13}, {u12, *u22, u23}, {u13, u23, *u33}}};
      out.try_emplace(labels[n], Equivalent(u, lattice) * scale);
    }
  }
  return out;
}

// Half a unit of the last digit: 0.0005 of "0.123(4)"; 0 of whole numbers and fractions.
double HalfDigit(const std::string& text) {
  const size_t point = text.find('.');
  if (point == std::string::npos || text.find_first_of("eE") != std::string::npos) return 0;
  size_t digits = 0;
  while (point + 1 + digits < text.size() &&
         absl::ascii_isdigit(static_cast<unsigned char>(text[point + 1 + digits]))) {
    ++digits;
  }
  return 0.5 * std::pow(10.0, -double(std::min<size_t>(digits, 12)));
}

struct SiteColumns {
  explicit SiteColumns(const CifBlock& b)
      : cartesian(b.HasCartesianSites()),
        label(b.Column({"_atom_site_label", "_atom_site.label"})),
        type(b.Column({"_atom_site_type_symbol", "_atom_site.type_symbol"})),
        occupancy(b.Column({"_atom_site_occupancy", "_atom_site.occupancy"})),
        u(b.Column({"_atom_site_U_iso_or_equiv", "_atom_site.U_iso_or_equiv"})),
        b(b.Column({"_atom_site_B_iso_or_equiv", "_atom_site.B_iso_or_equiv"})),
        flag(b.Column({"_atom_site_calc_flag", "_atom_site.calc_flag"})),
        multiplicity(
            b.Column({"_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity",
                      "_atom_site.site_symmetry_multiplicity"})),
        hydrogens(b.Column({"_atom_site_attached_hydrogens", "_atom_site.attached_hydrogens"})) {
    const std::string kind = cartesian ? "Cartn_" : "fract_";
    for (size_t a = 0; a < 3; ++a) {
      const std::string axis(1, "xyz"[a]);
      at[a] = b.Column({"_atom_site_" + kind + axis, "_atom_site." + kind + axis});
    }
    if (label.empty()) label = b.Column({"_atom_site.label_atom_id"});
    model = b.Column({"_atom_site.pdbx_PDB_model_num"});
  }
  static std::string Of(const std::vector<std::string>& column, size_t n) {
    return n < column.size() ? column[n] : "";
  }
  bool cartesian;  // the places, in Å
  std::vector<std::string> label, type, occupancy, u, b, flag, multiplicity, hydrogens, model;
  std::array<std::vector<std::string>, 3> at;
};

absl::StatusOr<FoundElement> ElementOf(const std::string& label, const std::string& type,
                                       const Formula* formula) {
  if (!type.empty()) return ElementOfType(type, formula);
  return ElementOfLabel(label, formula);
}

// The displacement of one site, from whichever of its four notations has a number.
double Rms(const SiteColumns& columns, size_t n, const std::map<std::string, double>& anisotropic,
           const std::string& label, size_t* negative) {
  const std::optional<double> u = CifNumber(SiteColumns::Of(columns.u, n)),
                              b = CifNumber(SiteColumns::Of(columns.b, n));
  const auto tensor = anisotropic.find(label);
  double chosen = 0;
  if (u && *u != 0) {
    chosen = *u;
  } else if (b && *b != 0) {
    chosen = *b / kBPerU;
  } else if (tensor != anisotropic.end()) {
    chosen = tensor->second;
  }
  *negative += chosen < 0;
  return chosen > 0 ? std::sqrt(chosen) : 0;
}

// Whether all three are told; an error where one is told but is no fraction, or Cartesian one.
absl::StatusOr<bool> ReadPlace(const SiteColumns& columns, size_t n,
                               const std::array<Vector3, 3>& lattice, const CartesianFrame& frame,
                               CifSite* site) {
  double open2 = 0;
  const double most = columns.cartesian ? 1e6 : 1000;
  for (size_t a = 0; a < 3; ++a) {
    const std::string text = SiteColumns::Of(columns.at[a], n);
    if (text.empty()) return false;
    const std::optional<double> value = CifNumber(text);
    if (!value || !(std::fabs(*value) < most)) {
      return SiteError(
          site->label,
          absl::StrCat("coordinate '", text, "' is not allowed; allowed: ",
                       columns.cartesian ? "numbers, in Å, below 1e6" : "fractions, below 1000"));
    }
    site->at[a] = *value;
    const Vector3& l = lattice[a];
    const double unit_A = columns.cartesian ? 1 : std::hypot(l[0], l[1], l[2]);
    open2 += std::pow(HalfDigit(text) * unit_A, 2);
  }
  if (columns.cartesian) site->at = frame.Fractional(site->at);
  // Two images of a rounded place differ by up to twice its error, along an axis of a hexagonal
  // cell by three times.
  site->precision_A = std::clamp(3 * std::sqrt(open2), 0.01, 0.1);
  return true;
}

absl::StatusOr<double> ReadOccupancy(const SiteColumns& columns, size_t n, const std::string& label,
                                     CifAlternatives* alternatives) {
  const std::string text = SiteColumns::Of(columns.occupancy, n);
  if (text.empty()) return alternatives->Share(n).value_or(1);
  const std::optional<double> value = CifNumber(text);
  if (value) return *value;
  return SiteError(label,
                   absl::StrCat("occupancy ", Quoted(text), " is not allowed; allowed: 0 … 1"));
}

// Sites that are left out, or not quite as the file has them.
struct OddSites {
  size_t negative = 0, dummies = 0, lost = 0, bound = 0, others = 0;

  void Tell(std::vector<std::string>* warnings) const {
    const auto tell = [&](size_t count, const std::string& one, const std::string& many,
                          const std::string& what) {
      if (count > 0) warnings->push_back(absl::StrCat(count, count == 1 ? one : many, what));
    };
    tell(negative, " site has", " sites have", " a negative thermal displacement; taken as none");
    tell(dummies, " site is a dummy", " sites are dummies",
         " (_atom_site_calc_flag dum); left out");
    tell(lost, " hydrogen site has", " hydrogen sites have", " no place; left out");
    tell(bound, " site has", " sites have", " hydrogen attached that is not among the atoms");
    tell(others, " atom is", " atoms are", " of another model than the first; left out");
  }
};

std::vector<CifSite> WithoutImages(std::vector<CifSite> sites,
                                   const std::array<Vector3, 3>& lattice,
                                   std::vector<std::string>* warnings) {
  RawStructure raw;
  raw.lattice_A = lattice;
  for (const CifSite& s : sites) {
    const Vector3 r = Cartesian(lattice, s.at);
    Atom a = s.atom;
    a.x_A = r[0], a.y_A = r[1], a.z_A = r[2];
    raw.atoms.push_back(a);
  }
  const std::vector<char> keep = DropListedImages(&raw);
  warnings->insert(warnings->end(), raw.summary.warnings.begin(), raw.summary.warnings.end());
  std::vector<CifSite> out;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (keep[i]) out.push_back(std::move(sites[i]));
  }
  return out;
}

}  // namespace

std::optional<double> CifNumber(const std::string& given) {
  std::string text = given;
  if (const size_t bracket = text.find('('); bracket != std::string::npos) {
    if (text.back() != ')') return std::nullopt;
    text.resize(bracket);
  }
  double value = 0, by = 1;
  if (const size_t slash = text.find('/'); slash != std::string::npos) {
    if (!absl::SimpleAtod(text.substr(slash + 1), &by) || by == 0) return std::nullopt;
    text.resize(slash);
  }
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value / by)) return std::nullopt;
  return value / by;
}

std::string CifBlock::Value(const std::vector<std::string>& tags) const {
  for (const std::string& tag : tags) {
    for (const std::string& value : Column({tag})) {
      if (!value.empty()) return value;
      break;
    }
  }
  return "";
}

std::vector<std::string> CifBlock::Column(const std::vector<std::string>& tags) const {
  for (const std::string& tag : tags) {
    std::vector<std::string> out;
    const cif::Column column = block_->find_values(tag);
    for (int i = 0; i < column.length(); ++i) {
      const std::string& raw = column.at(i);
      const std::string text = cif::is_null(raw) ? "" : cif::as_string(raw);
      const std::string plain(absl::StripAsciiWhitespace(text));
      out.push_back(plain == "?" || plain == "." ? "" : plain);
    }
    if (!out.empty()) return out;
  }
  return {};
}

absl::StatusOr<std::vector<CifSite>> ReadCifSites(const CifBlock& block,
                                                  const std::array<Vector3, 3>& lattice,
                                                  const Formula* formula,
                                                  std::vector<std::string>* warnings) {
  const SiteColumns columns(block);
  const std::map<std::string, double> anisotropic = Anisotropic(block, lattice);
  const CartesianFrame frame =
      columns.cartesian ? ReadCartesianFrame(block, lattice, warnings) : CartesianFrame();
  CifAlternatives alternatives(block);
  std::vector<CifSite> sites;
  std::set<std::string> told;
  OddSites odd;
  for (size_t n = 0; n < columns.at[0].size(); ++n) {
    if (SiteColumns::Of(columns.model, n) != SiteColumns::Of(columns.model, 0)) {
      ++odd.others;
      continue;
    }
    CifSite site;
    const std::string type = SiteColumns::Of(columns.type, n);
    site.label = SiteColumns::Of(columns.label, n);
    if (site.label.empty()) site.label = type.empty() ? absl::StrCat("number ", n + 1) : type;
    if (absl::AsciiStrToLower(SiteColumns::Of(columns.flag, n)) == "dum") {
      ++odd.dummies;
      continue;
    }
    absl::StatusOr<FoundElement> element = ElementOf(site.label, type, formula);
    if (!element.ok()) return SiteError(site.label, std::string(element.status().message()));
    if (!element->warning.empty() && told.insert(element->warning).second) {
      warnings->push_back(absl::StrCat("site ", Quoted(site.label), ": ", element->warning));
    }
    site.atom.z = element->z;
    RONCHI_ASSIGN_OR_RETURN(const bool has_place, ReadPlace(columns, n, lattice, frame, &site));
    if (!has_place) {
      if (site.atom.z != 1) {
        return SiteError(site.label, "a coordinate is missing");
      }
      ++odd.lost;  // hydrogen that diffraction did not find
      continue;
    }
    RONCHI_ASSIGN_OR_RETURN(site.atom.occupancy,
                            ReadOccupancy(columns, n, site.label, &alternatives));
    alternatives.Add(n, site.atom.occupancy);
    site.atom.rms_A = Rms(columns, n, anisotropic, site.label, &odd.negative);
    const std::optional<double> m = CifNumber(SiteColumns::Of(columns.multiplicity, n));
    site.multiplicity = m && *m >= 1 && *m <= 1e4 ? int(*m) : 0;
    if (CifNumber(SiteColumns::Of(columns.hydrogens, n)).value_or(0) > 0) ++odd.bound;
    sites.push_back(site);
  }
  odd.Tell(warnings);
  for (const std::string& w : alternatives.Warnings()) warnings->push_back(w);
  return WithoutImages(std::move(sites), lattice, warnings);
}

}  // namespace ronchi::sim
