#include "hw/dose_ledger.h"

#include <algorithm>
#include <cmath>

namespace ronchi::hw {
namespace {

// Calls body(cell) for every cell that the rectangle touches.
template <class Body>
void ForCells(double x, double y, double width, double height, double cell, const Body& body) {
  // Beyond 1e15 cells (1000 km) all places are one: the index must fit its type.
  const auto index = [cell](double v) {
    return int64_t(std::clamp(std::floor(v / cell), -1e15, 1e15));
  };
  for (int64_t i = index(x); i <= index(x + width); ++i) {
    for (int64_t j = index(y); j <= index(y + height); ++j) body(std::pair(i, j));
  }
}

}  // namespace

void DoseLedger::Add(double x, double y, double width, double height, double dose) {
  ForCells(x, y, width, height, kCell_m, [&](auto cell) { cells_[cell] += dose; });
}

double DoseLedger::Largest(double x, double y, double width, double height) const {
  double largest = 0;
  ForCells(x, y, width, height, kCell_m, [&](auto cell) {
    if (const auto it = cells_.find(cell); it != cells_.end())
      largest = std::max(largest, it->second);
  });
  return largest;
}

double DoseLedger::Largest() const {
  double largest = 0;
  for (const auto& [cell, dose] : cells_) largest = std::max(largest, dose);
  return largest;
}

}  // namespace ronchi::hw
