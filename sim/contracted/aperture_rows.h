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

  // The beams of row number `row` that make pairs of the difference (dh, dk), as the first of them.
  struct Stretch {
    int first_h = 0;
    size_t count = 0;
  };
  Stretch StretchOf(size_t row, int dh, int dk) const {
    const int index = rows[row].k - dk - rows.front().k;
    if (index < 0 || index >= int(rows.size())) return {};
    const Row &one = rows[row], &other = rows[size_t(index)];
    const int low = std::max(one.first_h, other.first_h + dh);
    const int high = std::min(one.first_h + one.count, other.first_h + other.count + dh);
    return {low, size_t(std::max(0, high - low))};
  }

  // Calls use(first beam k, first beam k − q, pairs) for every stretch of beams of which the
  // difference q = (dh, dk) makes pairs, in the order in which matrices of pairs hold them.
  template <class Use>
  void ForEachStretch(int dh, int dk, const Use& use) const {
    for (size_t r = 0; r < rows.size(); ++r) {
      const Stretch s = StretchOf(r, dh, dk);
      if (s.count == 0) continue;
      const Row& other = rows[size_t(rows[r].k - dk - rows.front().k)];
      use(rows[r].start + size_t(s.first_h - rows[r].first_h),
          other.start + size_t(s.first_h - dh - other.first_h), s.count);
    }
  }
};

// Those within semiangle_rad, and one pixel of angle beyond: the aperture's soft rim reaches there.
ApertureRows MakeApertureRows(const Grid& grid, double energy_eV, double semiangle_rad);

}  // namespace ronchi::sim
