#include "sim/specimen/cif_alternatives.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/specimen/assemble.h"
#include "sim/specimen/cif_sites.h"

namespace ronchi::sim {
namespace {

bool IsGroup(const std::string& name) { return !name.empty() && name != "0"; }
// A negative group is an alternative to its own images, of a number that is not told.
bool IsNumbered(const std::string& name) { return IsGroup(name) && !absl::StartsWith(name, "-"); }

}  // namespace

CifAlternatives::CifAlternatives(const CifBlock& block) {
  std::vector<std::string> groups =
      block.Column({"_atom_site_disorder_group", "_atom_site.disorder_group"});
  std::vector<std::string> assemblies =
      block.Column({"_atom_site_disorder_assembly", "_atom_site.disorder_assembly"});
  if (groups.empty()) {
    groups = block.Column({"_atom_site.label_alt_id"});
    // A residue of a chain has alternatives of its own.
    assemblies = block.Column({"_atom_site.label_asym_id"});
    const std::vector<std::string> residues = block.Column({"_atom_site.label_seq_id"});
    for (size_t n = 0; n < assemblies.size() && n < residues.size(); ++n) {
      absl::StrAppend(&assemblies[n], " ", residues[n]);
    }
  }
  for (size_t n = 0; n < groups.size(); ++n) {
    rows_.push_back({n < assemblies.size() ? assemblies[n] : "", groups[n]});
    if (IsNumbered(groups[n])) groups_[rows_[n].assembly].insert(groups[n]);
  }
}

std::optional<double> CifAlternatives::Share(size_t row) {
  if (row >= rows_.size() || !IsNumbered(rows_[row].group)) return std::nullopt;
  const size_t groups = groups_[rows_[row].assembly].size();
  if (groups < 2) return std::nullopt;
  ++shared_;
  return 1.0 / double(groups);
}

void CifAlternatives::Add(size_t row, double occupancy) {
  if (row < rows_.size()) rows_[row].occupancy = occupancy;
}

std::vector<std::string> CifAlternatives::Warnings() const {
  std::vector<std::string> out;
  std::set<std::string> groups;
  size_t sites = 0;
  // By assembly and group: sum of occupancies, and of how many.
  std::map<std::string, std::map<std::string, std::pair<double, int>>> sums;
  for (const Row& r : rows_) {
    if (r.occupancy < 0 || !IsGroup(r.group)) continue;
    ++sites;
    groups.insert(r.group);
    auto& [sum, count] = sums[r.assembly][r.group];
    sum += r.occupancy;
    ++count;
  }
  if (sites == 0) return out;
  out.push_back(absl::StrCat(
      sites, sites == 1 ? " site is" : " sites are", " one of several alternatives (disorder ",
      groups.size() == 1 ? "group " : "groups ", absl::StrJoin(groups, ", ").substr(0, 60),
      "); each is drawn by its own occupancy, those within 0.5 Å of each other together, the "
      "others one by one and not group by group"));
  if (shared_ > 0) {
    out.push_back(absl::StrCat(shared_, shared_ == 1 ? " of them has" : " of them have",
                               " no occupancy; the groups are taken as equally frequent"));
  }
  for (const auto& [assembly, of] : sums) {
    if (assembly.empty()) continue;  // groups of several places may share their numbers
    double total = 0;
    for (const auto& [group, sum] : of) total += sum.first / sum.second;
    if (of.size() < 2 || total <= 1 + kOccupancySlack) continue;
    out.push_back(absl::StrCat("the alternatives of disorder assembly '", assembly, "' sum to ",
                               total, ", more than one"));
    break;
  }
  return out;
}

}  // namespace ronchi::sim
