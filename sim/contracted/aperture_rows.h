// The beams of an aperture on a grid, and the pairs of them that a difference vector makes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "sim/grid.h"

namespace ronchi::sim {

// In units of 1/box: rows of constant k, h contiguous in each, k contiguous from row to row.
struct ApertureRows {
  struct Row {
    int k, first_h, count;
    size_t start;  // of its beams in the list of all
  };
  std::vector<Row> rows;
  size_t beams = 0;

  // Calls use(first beam k, first beam k − q, pairs) for every stretch of beams of which the
  // difference q = (dh, dk) makes pairs, in the order in which matrices of pairs hold them.
  template <class Use>
  void ForEachStretch(int dh, int dk, const Use& use) const {
    for (const Row& row : rows) {
      const int index = row.k - dk - rows.front().k;
      if (index < 0 || index >= int(rows.size())) continue;
      const Row& other = rows[size_t(index)];
      const int low = std::max(row.first_h, other.first_h + dh);
      const int high = std::min(row.first_h + row.count, other.first_h + other.count + dh);
      if (low >= high) continue;
      use(row.start + size_t(low - row.first_h), other.start + size_t(low - dh - other.first_h),
          size_t(high - low));
    }
  }
};

// Those within semiangle_rad, and one pixel of angle beyond: the aperture's soft rim reaches there.
ApertureRows MakeApertureRows(const Grid& grid, double energy_eV, double semiangle_rad);

}  // namespace ronchi::sim
