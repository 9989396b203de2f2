// What a structure file turned out to hold, and how it was read: for people to check before they
// trust an image of it (`ronchi describe structure`, the log and the file of `ronchi simulate`).
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "sim/specimen/elements.h"

namespace ronchi::sim {

struct StructureSummary {
  struct Thermal {  // of the atoms of one element; those without a displacement have 0
    double least_rms_A = 0, most_rms_A = 0;
  };
  std::string file, format;
  // CIF alone: the group's symbol with its setting, "F d -3 m:2" ("" where only a list of
  // operations says it), its number (0 likewise), how many operations, and by what they were
  // chosen.
  std::string space_group;
  int number = 0;
  size_t operations = 1;
  std::string setting;
  std::string formula_in_file;  // _chemical_formula_sum

  // One cell as read. An atom is one element at one place; places may have several.
  std::array<double, 3> cell_A = {}, angles_deg = {};
  std::array<bool, 3> periodic = {true, true, true};
  size_t atoms = 0, places = 0, partly_occupied = 0;
  Formula elements;                // summed occupancy
  double shortest_distance_A = 0;  // between two places, images included; 0: there is one place
  std::map<int, Thermal> thermal;
  std::vector<std::string> warnings;
};

}  // namespace ronchi::sim
