#include "sim/specimen/translations.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ronchi::sim {
namespace {

using Cells = std::array<size_t, 2>;

// Two atoms of a cell of 4 × 5 × 6 Å, one of them on its corner.
Specimen UnitBox() {
  Specimen s;
  s.cell_A = {4, 5, 6};
  s.atoms = {{.z = 38}, {.z = 8, .x_A = 1.3, .y_A = 2.2, .z_A = 3, .occupancy = 0.5, .rms_A = 0.1}};
  return s;
}

TEST(EqualCells, AreAsManyAsWereRepeated) {
  const Specimen box = UnitBox().Repeated(6, 4, 2);
  EXPECT_EQ(CountEqualCells(box, {60, 40}), (Cells{6, 4}));
  // Among the divisors of the pixels alone.
  EXPECT_EQ(CountEqualCells(box, {64, 64}), (Cells{2, 4}));
  EXPECT_EQ(CountEqualCells(box, {35, 9}), (Cells{1, 1}));
  EXPECT_EQ(CountEqualCells(UnitBox(), {64, 64}), (Cells{1, 1}));
}

// To be equal is to have the same element, occupancy and displacement at a place.
TEST(EqualCells, OneAtomThatDiffersMakesThemOne) {
  const Specimen box = UnitBox().Repeated(2, 2, 1);
  ASSERT_EQ(CountEqualCells(box, {8, 8}), (Cells{2, 2}));
  const auto changed = [&](auto change) {
    Specimen s = box;
    change(&s.atoms[5]);
    return CountEqualCells(s, {8, 8});
  };
  EXPECT_EQ(changed([](Atom* a) { a->z = 7; }), (Cells{1, 1}));
  EXPECT_EQ(changed([](Atom* a) { a->occupancy = 0.25; }), (Cells{1, 1}));
  EXPECT_EQ(changed([](Atom* a) { a->rms_A = 0.2; }), (Cells{1, 1}));
  EXPECT_EQ(changed([](Atom* a) { a->z_A += 1e-3; }), (Cells{1, 1}));
  EXPECT_EQ(changed([](Atom* a) { a->x_A += 1e-8; }), (Cells{2, 2})) << "round-off";
  EXPECT_EQ(changed([](Atom* a) { a->x_A -= 8; }), (Cells{2, 2})) << "a box away";
}

TEST(EqualCells, TheFirstRepeatedIsTheBox) {
  const Specimen box = UnitBox().Repeated(3, 2, 2);
  const Specimen cell = FirstCell(box, {3, 2});
  EXPECT_EQ(cell.cell_A, (std::array<double, 3>{4, 5, 12}));
  EXPECT_EQ(cell.atoms.size(), 4u);
  const auto places = [](const Specimen& s) {
    std::vector<std::array<long, 4>> all;  // in 1e-6 Å, in the box
    for (const Atom& a : s.atoms) {
      const auto in = [](double v, double side) {
        return std::lround(1e6 * v + 1e9 * side) % std::lround(1e6 * side);
      };
      all.push_back(
          {a.z, in(a.x_A, s.cell_A[0]), in(a.y_A, s.cell_A[1]), std::lround(1e6 * a.z_A)});
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  EXPECT_EQ(places(cell.Repeated(3, 2, 1)), places(box));
  EXPECT_EQ(places(FirstCell(box, {1, 1})), places(box));
}

}  // namespace
}  // namespace ronchi::sim
