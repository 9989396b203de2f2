// Zone axes: the number of atoms, their distances and the size of the smallest box are those of
// the crystal, whatever the lattice.
#include "sim/specimen/zone_axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

Crystal Make(const Vector3& lengths, const Vector3& angles,
             const std::vector<std::pair<int, Vector3>>& atoms) {
  Crystal c;
  c.lattice_A = *LatticeFromCell(lengths, angles);
  for (const auto& [z, f] : atoms) {
    Atom a{.z = z};
    double* const place[3] = {&a.x_A, &a.y_A, &a.z_A};
    for (size_t k = 0; k < 3; ++k) {
      for (size_t i = 0; i < 3; ++i) *place[k] += f[i] * c.lattice_A[i][k];
    }
    c.atoms.push_back(a);
  }
  return c;
}

Crystal Silicon() {  // Fd-3m, a = 5.4310 Å
  std::vector<std::pair<int, Vector3>> atoms;
  for (const Vector3& f : {Vector3{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}}) {
    atoms.push_back({14, f});
    atoms.push_back({14, {f[0] + 0.25, f[1] + 0.25, f[2] + 0.25}});
  }
  return Make({5.431, 5.431, 5.431}, {90, 90, 90}, atoms);
}

Crystal StrontiumTitanate() {
  return Make({3.905, 3.905, 3.905}, {90, 90, 90},
              {{38, {0, 0, 0}},
               {22, {0.5, 0.5, 0.5}},
               {8, {0.5, 0.5, 0}},
               {8, {0.5, 0, 0.5}},
               {8, {0, 0.5, 0.5}}});
}

Crystal Molybdenite() {  // a layer of 2H-MoS2 in a cell 12 Å high
  return Make(
      {3.16, 3.16, 12}, {90, 90, 120},
      {{42, {1 / 3., 2 / 3., 0.5}}, {16, {2 / 3., 1 / 3., 0.63}}, {16, {2 / 3., 1 / 3., 0.37}}});
}

// Squared distances of atoms of `s`, sorted, from each atom to all within `radius`, with the box
// repeated along all three axes; one row an atom, with its own and its neighbours' elements.
using Shells = std::vector<std::vector<std::array<double, 2>>>;

Shells Around(const std::vector<Atom>& atoms, const std::array<Vector3, 3>& lattice,
              double radius) {
  int n[3];
  double volume = 0;
  Vector3 cross[3];
  for (size_t i = 0; i < 3; ++i) {
    const Vector3 &b = lattice[(i + 1) % 3], &c = lattice[(i + 2) % 3];
    cross[i] = {b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]};
    volume = std::fabs(cross[i][0] * lattice[i][0] + cross[i][1] * lattice[i][1] +
                       cross[i][2] * lattice[i][2]);
  }
  for (size_t i = 0; i < 3; ++i) {  // atoms may lie anywhere in the cell: one more on each side
    const double face = std::hypot(cross[i][0], cross[i][1], cross[i][2]);
    n[i] = int(std::ceil(radius * face / volume)) + 1;
  }
  Shells out;
  for (const Atom& a : atoms) {
    std::vector<std::array<double, 2>> row;
    for (const Atom& b : atoms) {
      for (int i = -n[0]; i <= n[0]; ++i) {
        for (int j = -n[1]; j <= n[1]; ++j) {
          for (int k = -n[2]; k <= n[2]; ++k) {
            double d[3] = {b.x_A - a.x_A, b.y_A - a.y_A, b.z_A - a.z_A};
            for (size_t c = 0; c < 3; ++c) {
              d[c] += i * lattice[0][c] + j * lattice[1][c] + k * lattice[2][c];
            }
            const double distance = std::hypot(d[0], d[1], d[2]);
            if (distance < radius) row.push_back({double(b.z), distance});
          }
        }
      }
    }
    // Distances equal but for round-off must not decide the order.
    for (auto& shell : row) shell[1] = std::round(shell[1] * 1e5) / 1e5;
    std::sort(row.begin(), row.end());
    row.insert(row.begin(), {double(a.z), 0});
    out.push_back(row);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Every kind of surroundings, to `radius`, is one that the crystal has, and all are there. Radii
// below lie between shells, away from every distance by far more than the rounding to 1e-5 Å.
void ExpectSameCrystal(const Crystal& crystal, const ZoneCell& cut, double radius) {
  const auto& l = cut.specimen.cell_A;
  const Shells want = Around(crystal.atoms, crystal.lattice_A, radius);
  const Shells got =
      Around(cut.specimen.atoms, {{{l[0], 0, 0}, {0, l[1], 0}, {0, 0, l[2]}}}, radius);
  EXPECT_EQ(got, want);
  const double cells = l[0] * l[1] * l[2] / crystal.Volume_A3();
  EXPECT_NEAR(cells, std::round(cells), 1e-5 * cells);  // the strain of 1e-6 allowed as round-off
  EXPECT_EQ(double(cut.specimen.atoms.size()), std::round(cells) * double(crystal.atoms.size()));
  for (const Atom& a : cut.specimen.atoms) {
    EXPECT_TRUE(a.x_A >= 0 && a.x_A < l[0] && a.y_A >= 0 && a.y_A < l[1] && a.z_A >= 0 &&
                a.z_A < l[2]);
  }
}

TEST(ZoneAxis, CubicCrystals) {
  struct Case {
    Crystal crystal;
    LatticeDirection zone;
    Vector3 box;
    double radius;
  };
  const double si = 5.431, sto = 3.905;
  const std::vector<Case> cases = {
      {Silicon(), {0, 0, 1}, {si, si, si}, 4.2},
      {Silicon(), {1, 1, 0}, {si * std::sqrt(2), si, si * std::sqrt(2)}, 4.2},
      {Silicon(), {2, 2, 0}, {si * std::sqrt(2), si, si * std::sqrt(2)}, 4.2},
      {Silicon(), {1, 1, 1}, {si * std::sqrt(6), si * std::sqrt(2), si * std::sqrt(3)}, 4.2},
      {StrontiumTitanate(), {1, 0, 0}, {sto, sto, sto}, 4.2},
      {StrontiumTitanate(), {1, 1, 0}, {sto * std::sqrt(2), sto, sto * std::sqrt(2)}, 4.2},
      {StrontiumTitanate(),
       {1, 1, 1},
       {sto * std::sqrt(6), sto * std::sqrt(2), sto * std::sqrt(3)},
       4.2},
      {StrontiumTitanate(),  // [1, -1, -1] and [5, 4, 1] stand across it
       {1, -2, 3},
       {sto * std::sqrt(3), sto * std::sqrt(42), sto * std::sqrt(14)},
       4.2}};
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::PrintToString(c.zone));
    const auto cut = CutZone(c.crystal, c.zone, 0);
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_LT(cut->specimen.strain, 1e-12);  // round-off: cubes have perpendicular directions
    ExpectSameCrystal(c.crystal, *cut, c.radius);
    Vector3 box = cut->specimen.cell_A, want = c.box;
    std::sort(box.begin(), box.begin() + 2);
    std::sort(want.begin(), want.begin() + 2);
    for (size_t a = 0; a < 3; ++a) EXPECT_NEAR(box[a], want[a], 1e-9) << a;
  }
}

TEST(ZoneAxis, TheHexagonalCellBecomesTheRectangleOfRootThree) {
  const Crystal mos2 = Molybdenite();
  const auto cut = CutZone(mos2, {0, 0, 1}, 0);
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_NEAR(cut->specimen.cell_A[0], 3.16, 1e-12);
  EXPECT_NEAR(cut->specimen.cell_A[1], 3.16 * std::sqrt(3), 1e-12);
  EXPECT_EQ(cut->specimen.cell_A[2], 12);
  EXPECT_EQ(cut->axes[0], (LatticeDirection{1, 0, 0}));
  EXPECT_EQ(cut->axes[1], (LatticeDirection{1, 2, 0}));
  ExpectSameCrystal(mos2, *cut, 4.5);
  // Along a: across it stand c and [1, 2, 0].
  const auto side = CutZone(mos2, {1, 0, 0}, 0);
  ASSERT_TRUE(side.ok()) << side.status();
  ExpectSameCrystal(mos2, *side, 4.5);
}

// No whole-number vector stands across a general direction of a triclinic lattice. A box then takes
// a strain, which is reported and is no larger than allowed; the count stays exact.
TEST(ZoneAxis, ATriclinicLatticeTakesAStrainOrIsRefused) {
  const Crystal c =
      Make({4.1, 5.3, 6.7}, {81, 97, 104}, {{6, {0.1, 0.2, 0.3}}, {8, {0.6, 0.5, 0.9}}});
  const auto exact = CutZone(c, {0, 0, 1}, 0);
  ASSERT_TRUE(absl::IsInvalidArgument(exact.status()));
  EXPECT_NE(exact.status().message().find("would give one of"), std::string::npos)
      << exact.status();
  double atoms = 1e9;
  for (double strain : {0.01, 0.02, 0.05}) {
    const auto cut = CutZone(c, {0, 0, 1}, strain);
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_LE(cut->specimen.strain, strain + 1e-6);
    EXPECT_GT(cut->specimen.strain, 0);
    const auto& l = cut->specimen.cell_A;
    // Principal strains of at most ε change the volume by at most (1 + ε)³.
    const double cells = l[0] * l[1] * l[2] / c.Volume_A3();
    EXPECT_NEAR(cells / (double(cut->specimen.atoms.size()) / 2), 1, std::pow(1 + strain, 3) - 1);
    EXPECT_LE(double(cut->specimen.atoms.size()), atoms);  // the more is allowed, the smaller
    atoms = double(cut->specimen.atoms.size());
    // Each carbon has one oxygen at 4.0 Å or so: distances change by at most the strain.
    const Shells want = Around(c.atoms, c.lattice_A, 4.4);
    double nearest = 1e9, nearest_cut = 1e9;
    for (const auto& row : want) {
      for (const auto& shell : row)
        if (shell[1] > 0) nearest = std::min(nearest, shell[1]);
    }
    for (const auto& row :
         Around(cut->specimen.atoms, {{{l[0], 0, 0}, {0, l[1], 0}, {0, 0, l[2]}}}, 4.4)) {
      for (const auto& shell : row)
        if (shell[1] > 0) nearest_cut = std::min(nearest_cut, shell[1]);
    }
    EXPECT_NEAR(nearest_cut / nearest, 1, strain + 1e-5);
  }
}

// Triclinic axes of a lattice that is rectangular in truth: the search finds the rectangle.
TEST(ZoneAxis, SkewAxesOfABoxAreStraightened) {
  Crystal c;
  c.lattice_A = {{{4, 0, 0}, {12, 5, 0}, {-4, 5, 6}}};  // (a, 3a + b, c + b - a) of 4 × 5 × 6
  c.atoms = {{.z = 6, .x_A = 1, .y_A = 2, .z_A = 3}, {.z = 8, .x_A = -7, .y_A = 9, .z_A = 5.5}};
  const auto cut = CutZone(c, {4, -1, 1}, 0);  // (0, 0, 6)
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_EQ(cut->specimen.atoms.size(), 2u);
  const auto& l = cut->specimen.cell_A;
  EXPECT_NEAR(l[0], 4, 1e-12);
  EXPECT_NEAR(l[1], 5, 1e-12);
  EXPECT_NEAR(l[2], 6, 1e-12);
  EXPECT_NEAR(cut->specimen.atoms[1].x_A, 1, 1e-9);  // -7 + 8, 9 - 5
  EXPECT_NEAR(cut->specimen.atoms[1].y_A, 4, 1e-9);
  EXPECT_NEAR(cut->specimen.atoms[1].z_A, 5.5, 1e-9);
}

// Cells that no search should meet, from files with a digit too many: the work is bounded, so that
// this test ends (the first took minutes, the second never ended).
TEST(ZoneAxis, AbsurdCellsEndSoon) {
  const std::vector<std::pair<int, Vector3>> atom = {{14, {0, 0, 0}}};
  EXPECT_FALSE(CutZone(Make({59.99, 5, 6}, {90, 90, 90}, atom), {-2, -1, 0}, 0).ok());
  EXPECT_FALSE(CutZone(Make({5.431, 0.1, 7825.3}, {90, 90, 90}, atom), {-3, -2, -2}, 0).ok());
  Crystal tiny = Make({4, 4, 4}, {90, 90, 90}, atom);
  tiny.lattice_A[0] = {1e-308, 0, 0};
  EXPECT_TRUE(absl::IsInvalidArgument(CutZone(tiny, {1, 0, 0}, 0).status()));
  const auto large = CutZone(Make({2000, 3000, 4000}, {90, 90, 90}, atom), {0, 0, 1}, 0);
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->specimen.atoms.size(), 1u);
}

TEST(ZoneAxis, RefusesNoDirection) {
  EXPECT_TRUE(absl::IsInvalidArgument(CutZone(Silicon(), {0, 0, 0}, 0).status()));
}

}  // namespace
}  // namespace ronchi::sim
