#include "hw/dose_ledger.h"

#include <algorithm>
#include <cmath>

namespace ronchi::hw {
namespace {

constexpr double kFinestCell_m = 1e-9;
constexpr double kMostCells = 128;  // along a side of a field

double CellSize(int level) { return std::ldexp(kFinestCell_m, 2 * level); }

// The cells that a rectangle touches on one level.
struct Block {
  int64_t i0, i1, j0, j1;
  Block(double x, double y, double width, double height, double cell) {
    // Beyond 1e15 cells all places are one: the index must fit its type.
    const auto index = [cell](double v) {
      return int64_t(std::clamp(std::floor(v / cell), -1e15, 1e15));
    };
    i0 = index(x);
    i1 = index(x + width);
    j0 = index(y);
    j1 = index(y + height);
  }
  bool Holds(const std::pair<int64_t, int64_t>& c) const {
    return c.first >= i0 && c.first <= i1 && c.second >= j0 && c.second <= j1;
  }
  double Count() const { return double(i1 - i0 + 1) * double(j1 - j0 + 1); }
};

}  // namespace

void DoseLedger::Add(double x, double y, double width, double height, double dose) {
  int level = 0;
  while (level + 1 < kLevels && std::max(width, height) > kMostCells * CellSize(level)) ++level;
  const Block block(x, y, width, height, CellSize(level));
  if (block.Count() > 4 * kMostCells * kMostCells) return;  // beyond 1e29 m: no place of this world
  for (int64_t i = block.i0; i <= block.i1; ++i) {
    for (int64_t j = block.j0; j <= block.j1; ++j) levels_[size_t(level)][{i, j}] += dose;
  }
}

double DoseLedger::Largest(double x, double y, double width, double height) const {
  double sum = 0;
  for (int level = 0; level < kLevels; ++level) {
    const Cells& cells = levels_[size_t(level)];
    if (cells.empty()) continue;
    const Block block(x, y, width, height, CellSize(level));
    double largest = 0;
    if (block.Count() > double(cells.size())) {  // fewer cells hold a dose than the block has
      for (const auto& [cell, dose] : cells) {
        if (block.Holds(cell)) largest = std::max(largest, dose);
      }
    } else {
      for (int64_t i = block.i0; i <= block.i1; ++i) {
        for (int64_t j = block.j0; j <= block.j1; ++j) {
          if (const auto it = cells.find({i, j}); it != cells.end()) {
            largest = std::max(largest, it->second);
          }
        }
      }
    }
    sum += largest;
  }
  return sum;
}

double DoseLedger::Largest() const {
  double sum = 0;
  for (const Cells& cells : levels_) {
    double largest = 0;
    for (const auto& [cell, dose] : cells) largest = std::max(largest, dose);
    sum += largest;
  }
  return sum;
}

void DoseLedger::Clear() {
  for (Cells& cells : levels_) cells.clear();
}

}  // namespace ronchi::hw
