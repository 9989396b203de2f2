// Alternatives of a disordered structure: sites of which one group or another is there
// (_atom_site_disorder_group and _assembly; mmCIF: _atom_site.label_alt_id).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ronchi::sim {

class CifBlock;

class CifAlternatives {
 public:
  explicit CifAlternatives(const CifBlock& block);

  // Of row n of the loop, where the file tells none: an equal share of a site whose assembly has
  // several groups, else nothing.
  std::optional<double> Share(size_t row);
  // Row n is an atom with this occupancy.
  void Add(size_t row, double occupancy);
  // What a reader of the structure should know of them.
  std::vector<std::string> Warnings() const;

 private:
  struct Row {
    std::string assembly, group;
    double occupancy = -1;  // not among the atoms
  };
  std::vector<Row> rows_;
  std::map<std::string, std::set<std::string>> groups_;  // of each assembly
  size_t shared_ = 0;
};

}  // namespace ronchi::sim
