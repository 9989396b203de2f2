// Space groups from all the ways in which files tell them, against what the International Tables
// say of each, not against the table that they are looked up in.
#include "sim/specimen/cif_symmetry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <gemmi/symmetry.hpp>
#include <set>

namespace ronchi::sim {
namespace {

using Lattice = std::array<Vector3, 3>;

Lattice Cell(const Vector3& lengths, const Vector3& angles) {
  return *LatticeFromCell(lengths, angles);
}
// With the shape that a group's crystal system asks for.
Lattice CellFor(const gemmi::SpaceGroup& g) {
  if (g.number <= 2) return Cell({5, 6, 7}, {80, 85, 95});
  if (g.number <= 15) {
    // The unique axis is where the name has no 1.
    const std::string name = g.hm;
    const size_t one = name.find(" 1");
    const bool c = name.find(" 1 1 ") == 1,
               a = name.size() > 4 && name.substr(name.size() - 4) == " 1 1";
    (void)one;
    return c   ? Cell({5, 6, 7}, {90, 90, 100})
           : a ? Cell({5, 6, 7}, {100, 90, 90})
               : Cell({5, 6, 7}, {90, 100, 90});
  }
  if (g.number <= 74) return Cell({5, 6, 7}, {90, 90, 90});
  if (g.number <= 142) return Cell({5, 5, 7}, {90, 90, 90});
  if (g.ext == 'R') return Cell({5, 5, 5}, {70, 70, 70});
  if (g.number <= 194) return Cell({5, 5, 7}, {90, 90, 120});
  return Cell({5, 5, 5}, {90, 90, 90});
}

std::set<std::string> Texts(const std::vector<SymmetryOperation>& list) {
  std::set<std::string> out;
  for (const SymmetryOperation& op : list) {
    std::string text;
    for (size_t i = 0; i < 3; ++i) {
      for (double v : op.rotation[i]) text += std::to_string(int(std::lround(v))) + " ";
      text += std::to_string(std::lround((op.shift[i] - std::floor(op.shift[i])) * 24) % 24) + ";";
    }
    out.insert(text);
  }
  return out;
}
bool HasInversionAtOrigin(const SymmetryChoice& c) {
  return Texts(c.operations).contains("-1 0 0 0;0 -1 0 0;0 0 -1 0;");
}

// The standard settings: the first 530 of the table are those of the International Tables.
bool IsInTables(const gemmi::SpaceGroup& g) { return &g < &gemmi::spacegroup_tables::main[530]; }

TEST(CifSymmetry, EveryNameOfTheTablesIsFound) {
  for (const gemmi::SpaceGroup& g : gemmi::spacegroup_tables::main) {
    if (!IsInTables(g)) continue;
    const auto found = FindSymmetry({.name = g.xhm(), .number = g.number}, CellFor(g));
    ASSERT_TRUE(found.ok()) << g.xhm() << ": " << found.status();
    EXPECT_EQ(found->size(), 1u) << g.xhm();
    EXPECT_EQ(found->front().number, g.number) << g.xhm();
    // A name in the tables says its setting, but for those that two settings of one group share.
    size_t order = 0;
    for (const gemmi::Op& op : g.operations()) order += op.rot.size() == 3;
    EXPECT_EQ(found->front().operations.size(), order) << g.xhm();
  }
}

TEST(CifSymmetry, TheTwentyFourGroupsWithTwoOriginsAskWhich) {
  std::set<int> groups;
  for (const gemmi::SpaceGroup& g : gemmi::spacegroup_tables::main) {
    if (!IsInTables(g) || (g.ext != '1' && g.ext != '2') || g.qualifier[0]) continue;
    groups.insert(g.number);
    const Lattice cell = CellFor(g);
    for (const CifSymmetry& told : {CifSymmetry{.name = g.hm}, CifSymmetry{.number = g.number},
                                    CifSymmetry{.name = g.hm, .number = g.number}}) {
      const auto open = FindSymmetry(told, cell);
      ASSERT_TRUE(open.ok()) << g.hm << open.status();
      EXPECT_EQ(open->size(), 2u) << g.hm;
    }
    const std::string code(1, g.ext), suffix = g.ext == '1' ? " S" : " Z";
    for (const CifSymmetry& told :
         {CifSymmetry{.name = g.hm, .code = code}, CifSymmetry{.code = code, .number = g.number},
          CifSymmetry{.name = std::string(g.hm) + ":" + code},
          CifSymmetry{.name = std::string(g.hm) + suffix}, CifSymmetry{.hall = g.hall},
          CifSymmetry{.name = std::string(g.hm) + " (origin choice " + code + ")"},
          CifSymmetry{.hall = g.hall, .name = g.hm, .number = g.number}}) {
      const auto one = FindSymmetry(told, cell);
      ASSERT_TRUE(one.ok()) << g.xhm() << one.status();
      ASSERT_EQ(one->size(), 1u) << g.xhm();
      // Choice 2 has its origin at a centre of inversion, choice 1 has not (ITA, 2.1.3.2).
      EXPECT_EQ(HasInversionAtOrigin(one->front()), g.ext == '2') << g.xhm();
    }
    // A Hall symbol of one origin and a code of the other.
    const std::string other(1, g.ext == '1' ? '2' : '1');
    EXPECT_FALSE(FindSymmetry({.hall = g.hall, .name = g.hm, .code = other}, cell).ok()) << g.xhm();
  }
  EXPECT_EQ(groups.size(), 24u);
}

TEST(CifSymmetry, TheCellTellsRhombohedralFromHexagonalAxes) {
  const Lattice hexagonal = Cell({5, 5, 12}, {90, 90, 120}),
                rhombohedral = Cell({5, 5, 5}, {55, 55, 55});
  for (const char* name : {"R -3 m", "R-3m", "r -3 m", "R -3 2/m"}) {
    const auto h = FindSymmetry({.name = name}, hexagonal),
               r = FindSymmetry({.name = name}, rhombohedral);
    ASSERT_TRUE(h.ok() && r.ok()) << h.status() << r.status();
    EXPECT_EQ(h->front().operations.size(), 36u);
    EXPECT_EQ(r->front().operations.size(), 12u);
  }
  EXPECT_EQ(FindSymmetry({.number = 166}, rhombohedral)->front().operations.size(), 12u);
  EXPECT_EQ(FindSymmetry({.name = "H -3 m"}, hexagonal)->front().operations.size(), 36u);
  // Axes that the cell does not have.
  EXPECT_FALSE(FindSymmetry({.name = "R -3 m:H"}, rhombohedral).ok());
  EXPECT_FALSE(FindSymmetry({.name = "R -3 m R"}, hexagonal).ok());
  EXPECT_FALSE(FindSymmetry({.name = "F m -3 m"}, hexagonal).ok());
}

TEST(CifSymmetry, TheCellTellsTheUniqueAxis) {
  const auto set = [](const CifSymmetry& told, const Vector3& angles) {
    const auto found = FindSymmetry(told, Cell({5, 6, 7}, angles));
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->front().space_group : "";
  };
  EXPECT_EQ(set({.name = "P 21/c"}, {90, 100, 90}), "P 1 21/c 1");
  EXPECT_EQ(set({.name = "P21/b"}, {90, 90, 100}), "P 1 1 21/b");
  EXPECT_EQ(set({.name = "P 2/m"}, {100, 90, 90}), "P 2/m 1 1");
  EXPECT_EQ(set({.name = "C2/c"}, {90, 100, 90}), "C 1 2/c 1");
  const auto open = FindSymmetry({.name = "P 2/m"}, Cell({5, 6, 7}, {90, 90, 90}));
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(open->front().space_group, "P 1 2/m 1");
  EXPECT_EQ(open->front().warnings.size(), 1u);
}

TEST(CifSymmetry, OldAndFullNames) {
  const auto number = [](const std::string& name, const Vector3& lengths, const Vector3& angles) {
    const auto found = FindSymmetry({.name = name}, Cell(lengths, angles));
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->front().number : 0;
  };
  const Vector3 cube = {5, 5, 5}, box = {5, 6, 7}, square = {5, 5, 7}, right = {90, 90, 90};
  EXPECT_EQ(number("F d 3 m", cube, right), 227);
  EXPECT_EQ(number("Fm3m", cube, right), 225);
  EXPECT_EQ(number("I a 3 d", cube, right), 230);
  EXPECT_EQ(number("P a 3", cube, right), 205);
  EXPECT_EQ(number("F 4/m -3 2/m", cube, right), 225);
  EXPECT_EQ(number("P 21/n 21/m 21/a", box, right), 62);
  EXPECT_EQ(number("P 2/m 2/m 2/m", box, right), 47);
  EXPECT_EQ(number("P 4/m 2/m 2/m", square, right), 123);
  EXPECT_EQ(number("P 63/m 2/m 2/c", square, {90, 90, 120}), 194);
  EXPECT_EQ(number("P63/mmc", square, {90, 90, 120}), 194);
  EXPECT_EQ(number("P_21_21_21", box, right), 19);
  EXPECT_EQ(number("C m c e", box, right), 64);
}

TEST(CifSymmetry, ContradictionsAreRefusedUnlessAListDecides) {
  const Lattice cube = Cell({5, 5, 5}, {90, 90, 90});
  EXPECT_FALSE(FindSymmetry({.name = "P m -3 m", .number = 225}, cube).ok());
  EXPECT_FALSE(FindSymmetry({.hall = "-P 4 2 3", .name = "F m -3 m"}, cube).ok());
  EXPECT_FALSE(FindSymmetry({.name = "Q 7"}, cube).ok());
  EXPECT_FALSE(FindSymmetry({.hall = "nonsense"}, cube).ok());
  EXPECT_FALSE(FindSymmetry({.number = 231}, cube).ok());
  EXPECT_FALSE(FindSymmetry({.name = "F d -3 m", .code = "h"}, cube).ok());
  const auto listed = FindSymmetry({.operations = {"x, y, z"}, .name = "F m -3 m"}, cube);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->front().warnings.size(), 1u);
  EXPECT_NE(listed->front().warnings[0].find("1 operation"), std::string::npos);
  EXPECT_NE(listed->front().warnings[0].find("192"), std::string::npos);
  // A Hall symbol alone is no P 1; nothing at all is, and says so.
  EXPECT_EQ(FindSymmetry({.hall = "-F 4 2 3"}, cube)->front().operations.size(), 192u);
  EXPECT_EQ(FindSymmetry({}, cube)->front().operations.size(), 1u);
  EXPECT_FALSE(FindSymmetry({}, cube)->front().warnings.empty());
  EXPECT_EQ(FindSymmetry({.hall = "-f 4 2 3"}, cube)->front().operations.size(), 192u);
  // Generators are no group.
  const auto part = FindSymmetry({.operations = {"x,y,z", "-y,x,z", "-x,-y,-z"}}, cube);
  ASSERT_TRUE(part.ok());
  ASSERT_EQ(part->front().warnings.size(), 1u);
  EXPECT_NE(part->front().warnings[0].find("no group"), std::string::npos);
  // A Hall symbol that is none gives way to the name.
  EXPECT_EQ(FindSymmetry({.hall = "-F 9", .name = "F m -3 m"}, cube)->front().operations.size(),
            192u);
  // These make gemmi's own parser read beyond its tables.
  for (const char* hall :
       {"P 3 2\"1", "P 2 12", "P 2 2 32", "P 1 (x+999999999999,y,z)", "P 6 6'3"}) {
    EXPECT_FALSE(FindSymmetry({.hall = hall}, cube).ok()) << hall;
  }
}

TEST(CifSymmetry, Operations) {
  const auto op = ParseOperation(" -y+1/2, X-Y, 0.6667+z ");
  ASSERT_TRUE(op.ok()) << op.status();
  EXPECT_EQ(op->rotation[0], (std::array<double, 3>{0, -1, 0}));
  EXPECT_EQ(op->rotation[1], (std::array<double, 3>{1, -1, 0}));
  EXPECT_EQ(op->shift, (Vector3{0.5, 0, 16 / 24.}));
  EXPECT_EQ(ParseOperation("1/3+x,y+.3333,-z+0.25")->shift, (Vector3{8 / 24., 8 / 24., 0.25}));
  EXPECT_EQ(ParseOperation("x+0.1,y,z")->shift[0], 0.1);  // no shift of a table, but one
  for (const char* text : {"", "x,y", "x,y,z,t", "x,y,w", "x y,y,z", "x,y,", "x,y,1/0", "x,x,z",
                           "2x,y,z", "x,y,z+", "x,y,z+1/", "1e9x,y,z", "x,y,z+99999"}) {
    EXPECT_FALSE(ParseOperation(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ronchi::sim
