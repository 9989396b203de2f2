#include "sim/specimen/translations.h"

#include <algorithm>
#include <cmath>

#include "core/status.h"
#include "sim/specimen/cell_list.h"

namespace ronchi::sim {
namespace {

constexpr double kSame_A = 1e-6;

bool IsSameMoved(const Specimen& s, const CellList& places, const std::array<double, 2>& by_A) {
  return std::all_of(s.atoms.begin(), s.atoms.end(), [&](const Atom& a) {
    const auto is_twin = [&](size_t i, const CellList::Point&, double squared) {
      const Atom& b = s.atoms[i];
      return squared < kSame_A * kSame_A && a.z == b.z && a.occupancy == b.occupancy &&
             a.rms_A == b.rms_A;
    };
    return places.Any({a.x_A + by_A[0], a.y_A + by_A[1], a.z_A}, is_twin);
  });
}

}  // namespace

std::array<size_t, 2> CountEqualCells(const Specimen& s, std::array<size_t, 2> divisible) {
  const double reach = std::min({1.0, s.cell_A[0] / 2, s.cell_A[1] / 2});
  CellList places(s.cell_A, reach);
  for (const Atom& a : s.atoms) places.Add({a.x_A, a.y_A, a.z_A});
  std::array<size_t, 2> cells = {1, 1};
  for (size_t axis : {0, 1}) {
    for (size_t n = std::min(divisible[axis], s.atoms.size()); n > 1; --n) {
      if (divisible[axis] % n || s.atoms.size() % n) continue;
      std::array<double, 2> by = {0, 0};
      by[axis] = s.cell_A[axis] / double(n);
      if (!IsSameMoved(s, places, by)) continue;
      cells[axis] = n;
      break;
    }
  }
  return cells;
}

Specimen FirstCell(const Specimen& s, std::array<size_t, 2> cells) {
  if (cells[0] == 1 && cells[1] == 1) return s;
  Specimen cell = s;
  for (int axis : {0, 1}) cell.cell_A[axis] /= double(cells[axis]);
  const auto is_inside = [&](double v, int axis, double shift) {
    const double shifted = v + shift * cell.cell_A[axis], box = s.cell_A[axis];
    return shifted - std::floor(shifted / box) * box < cell.cell_A[axis];
  };
  // Equal atoms differ by round-off: where a face cuts through them, another place of it is tried.
  double shift = 1e-5;
  do {
    cell.atoms.clear();
    for (const Atom& a : s.atoms) {
      if (is_inside(a.x_A, 0, shift) && is_inside(a.y_A, 1, shift)) cell.atoms.push_back(a);
    }
    shift += 0.0618;
  } while (cell.atoms.size() * cells[0] * cells[1] != s.atoms.size() && shift < 1);
  RONCHI_CHECK_EQ(cell.atoms.size() * cells[0] * cells[1], s.atoms.size());
  return cell;
}

}  // namespace ronchi::sim
