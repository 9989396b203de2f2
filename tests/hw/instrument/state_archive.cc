#include "hw/instrument/state_archive.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

namespace ronchi::hw {
namespace {

TEST(StateArchive, GivesBackWhatItWasGiven) {
  std::map<std::string, std::vector<double>> map = {{"a", {1.5, -0.0}}, {"", {}}};
  std::array<int, 3> array = {1, -2, 3};
  std::string text("x\0y", 3);
  bool flag = true;
  StateArchive save;
  save (&map) (&array) (&text)(&flag);
  auto restore = *StateArchive::Open(save.Seal("test"), "test");
  std::map<std::string, std::vector<double>> map2 = {{"z", {1}}};
  std::array<int, 3> array2{};
  std::string text2;
  bool flag2 = false;
  restore (&map2) (&array2) (&text2)(&flag2);
  EXPECT_EQ(map2, map);
  EXPECT_EQ(array2, array);
  EXPECT_EQ(text2, text);
  EXPECT_EQ(flag2, flag);
  EXPECT_FALSE(StateArchive::Open(save.Seal("test"), "another").ok());
}

}  // namespace
}  // namespace ronchi::hw
