#include "experiments/catalog/describe_structure.h"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "sim/specimen/read_structure.h"

namespace ronchi {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Sums of occupancies carry round-off in their last digits.
double Rounded(double value) { return std::round(value * 1e9) / 1e9; }

json Rounded(const std::array<double, 3>& values) {
  return {Rounded(values[0]), Rounded(values[1]), Rounded(values[2])};
}

std::string GroupText(const sim::StructureSummary& s) {
  if (s.format != "CIF") return "";
  std::string out = s.space_group.empty() ? "a group without a name" : s.space_group;
  if (s.number > 0) absl::StrAppend(&out, " (", s.number, ")");
  return absl::StrCat(out, ", ", s.operations, s.operations == 1 ? " operation" : " operations",
                      ", by ", s.setting);
}

}  // namespace

json StructureJson(const sim::StructureSummary& s) {
  json elements = json::object(), thermal = json::object();
  for (const auto& [z, amount] : s.elements) elements[sim::ElementSymbol(z)] = Rounded(amount);
  for (const auto& [z, rms] : s.thermal) {
    if (rms.most_rms_A == 0) continue;
    thermal[sim::ElementSymbol(z)] = {Rounded(rms.least_rms_A), Rounded(rms.most_rms_A)};
  }
  json out = {{"kind", "structure"},
              {"file", s.file},
              {"format", s.format},
              {"cell_A", Rounded(s.cell_A)},
              {"angles_deg", Rounded(s.angles_deg)},
              {"elements", elements},
              {"atoms", s.atoms},
              {"places", s.places},
              {"partly_occupied", s.partly_occupied},
              {"shortest_distance_A", Rounded(s.shortest_distance_A)},
              {"thermal_rms_A", thermal},
              {"warnings", s.warnings}};
  if (s.format == "CIF") {
    out["space_group"] = s.space_group;
    out["space_group_number"] = s.number;
    out["operations"] = s.operations;
    out["setting_by"] = s.setting;
    out["formula_in_file"] = s.formula_in_file;
  }
  if (s.periodic != std::array{true, true, true}) out["periodic"] = s.periodic;
  return out;
}

std::string StructureText(const sim::StructureSummary& s) {
  // What labels of a file are not in UTF-8 is replaced.
  return StructureJson(s).dump(2, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> StructureLines(const sim::StructureSummary& s) {
  std::vector<std::string> lines;
  lines.push_back(absl::StrFormat(
      "structure %s (%s): cell %.6g, %.6g, %.6g A, %.5g, %.5g, %.5g degrees", s.file, s.format,
      s.cell_A[0], s.cell_A[1], s.cell_A[2], s.angles_deg[0], s.angles_deg[1], s.angles_deg[2]));
  if (const std::string group = GroupText(s); !group.empty()) {
    lines.push_back(absl::StrCat("space group ", group));
  }
  std::string thermal;
  for (const auto& [z, rms] : s.thermal) {
    if (rms.most_rms_A == 0) continue;
    absl::StrAppend(&thermal, thermal.empty() ? "" : ", ", sim::ElementSymbol(z), " ",
                    rms.least_rms_A == rms.most_rms_A
                        ? absl::StrFormat("%.3g", rms.most_rms_A)
                        : absl::StrFormat("%.3g to %.3g", rms.least_rms_A, rms.most_rms_A));
  }
  lines.push_back(absl::StrFormat(
      "a cell holds %s: %u atoms at %u places, %u partly occupied; shortest distance %.4g A; "
      "thermal rms %s",
      sim::FormulaText(s.elements), s.atoms, s.places, s.partly_occupied, s.shortest_distance_A,
      thermal.empty() ? "none" : absl::StrCat(thermal, " A")));
  return lines;
}

absl::StatusOr<json> DescribeStructure(const std::string& name) {
  std::error_code ec;
  std::vector<std::string> tried = {name};
  const std::string shared = DataDirectory() + "/structures/" + name;
  for (const char* extension : {"", ".cif", ".xyz"}) tried.push_back(shared + extension);
  for (const std::string& path : tried) {
    if (!fs::exists(path, ec)) continue;
    RONCHI_ASSIGN_OR_RETURN(const sim::Crystal crystal, sim::ReadCrystal(path));
    return StructureJson(*crystal.summary);
  }
  return absl::NotFoundError(absl::StrCat("structure: there is no file ", name, ", here or in ",
                                          DataDirectory(), "/structures"));
}

}  // namespace ronchi
