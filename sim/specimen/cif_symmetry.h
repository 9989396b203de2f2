// Which symmetry operations a CIF means, from whatever of it the file tells: a list of operations,
// a Hall symbol, a Hermann-Mauguin name, a number, a code of axes and origin.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/specimen/symmetry_operation.h"

namespace ronchi::sim {

// What a CIF says of its symmetry; empty or 0 where it says nothing ('?' and '.' are nothing).
struct CifSymmetry {
  std::vector<std::string> operations;  // "x, -y, z+1/2"
  std::string hall, name, code;         // code: _space_group_IT_coordinate_system_code
  int number = 0;
};

struct SymmetryChoice {
  std::vector<SymmetryOperation> operations;  // the identity first
  std::string space_group;                    // with its setting; "" where no table has it
  int number = 0;
  std::string setting;  // by what it was chosen
  std::vector<std::string> warnings;
};

// In this order: the list; the Hall symbol; the name with code, number and the cell's shape; the
// number likewise. More than one choice where two origins are possible and none of these tells
// which (24 groups). InvalidArgument: what cannot be read, and two statements that contradict each
// other where no list of operations decides; a cell without the symmetry of its group.
absl::StatusOr<std::vector<SymmetryChoice>> FindSymmetry(const CifSymmetry& told,
                                                         const std::array<Vector3, 3>& lattice_A);

}  // namespace ronchi::sim
