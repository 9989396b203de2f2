#include "sim/specimen/space_group_names.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ronchi::sim {
namespace {

// "227:1 227:2", sorted.
std::string GroupsOf(const std::string& name) {
  std::set<std::string> all;
  for (const gemmi::SpaceGroup* g : FindGroupsByName(name)) {
    all.insert(std::to_string(g->number) + (g->ext ? std::string(":") + g->ext : ""));
  }
  std::string text;
  for (const std::string& g : all) text += (text.empty() ? "" : " ") + g;
  return text;
}

TEST(SpaceGroupNames, AreOneWithAndWithoutBlanksInAnyCase) {
  for (const char* name :
       {"F m -3 m", "Fm-3m", "FM-3M", "f m -3 m", "F_m_-3_m", "Fm3m", "F 4/m -3 2/m"}) {
    EXPECT_EQ(GroupsOf(name), "225") << name;
  }
  EXPECT_EQ(GroupsOf("P 21 21 21"), "19");
  EXPECT_EQ(GroupsOf("P 63/m m c"), "194");
}

TEST(SpaceGroupNames, OriginsAndAxesStandBehindAColonOrAsTheIcsdHasThem) {
  EXPECT_EQ(GroupsOf("F d -3 m"), "227:1 227:2");
  for (const char* name : {"F d -3 m:1", "Fd-3m :1", "F d 3 m S", "F d -3 m (origin choice 1)"}) {
    EXPECT_EQ(GroupsOf(name), "227:1") << name;
  }
  for (const char* name : {"F d -3 m:2", "F d 3 m Z", "F d -3 m Z"}) {
    EXPECT_EQ(GroupsOf(name), "227:2") << name;
  }
  EXPECT_EQ(GroupsOf("R -3 m"), "166:H 166:R");
  EXPECT_EQ(GroupsOf("R -3 m:H"), "166:H");
  EXPECT_EQ(GroupsOf("R -3 m H"), "166:H");
  EXPECT_EQ(GroupsOf("H -3 m"), "166:H");
  EXPECT_EQ(GroupsOf("R -3 m R"), "166:R");
}

// A short name that tells no axes may be any of them.
TEST(SpaceGroupNames, WithoutAxesAllThatItFits) {
  EXPECT_GT(FindGroupsByName("P 21/c").size(), 1u);
  for (const gemmi::SpaceGroup* g : FindGroupsByName("P 21/c")) EXPECT_EQ(g->number, 14);
  EXPECT_EQ(FindGroupsByName("P 1 21/c 1").size(), 1u);
}

TEST(SpaceGroupNames, OtherTextsAreNone) {
  for (const char* name : {"", " ", "?", "X m 3 m", "P 7", "cubic", "F m -3 m -3 m", ":1"}) {
    EXPECT_EQ(GroupsOf(name), "") << name;
  }
}

TEST(HallSymbols, GiveTheGroupsOperations) {
  const auto order = [](const std::string& symbol) {
    const auto group = ParseHall(symbol);
    return group ? group->sym_ops.size() * group->cen_ops.size() : 0;
  };
  EXPECT_EQ(order("P 1"), 1u);
  EXPECT_EQ(order("-P 1"), 2u);
  EXPECT_EQ(order(" -f 4 2 3 "), 192u);  // 48 of m-3m, four centrings
  EXPECT_EQ(order("-F 4vw 2vw 3"), 192u);
  EXPECT_EQ(order("P 2ac 2ab"), 4u);
  EXPECT_EQ(order("P 2 2 (0 0 1)"), 4u);
  for (const char* none : {"", "-", "P", "Q 2", "P 2\"1", "P 7", "P 2 (0 0)", "P 2 (0 0 99)",
                           "P 2 (0 0 1", "P 1 1 1 1 1 1 1"}) {
    EXPECT_LE(order(none), std::string(none) == "P" ? 1u : 0u) << none;
  }
}

}  // namespace
}  // namespace ronchi::sim
