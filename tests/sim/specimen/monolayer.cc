#include "sim/specimen/monolayer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/specimen/built.h"

namespace ronchi::sim {
namespace {

TEST(Monolayer, CoversTheSizeWithVacuumAboveAndBelow) {
  const auto s = MakeMonolayer(ReadStored("MoS2.cif"), {.size_A = {30, 40}, .vacuum_A = 6});
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_NEAR(s->cell_A[0], 10 * 3.16, 1e-9);                // 9.49 cells
  EXPECT_NEAR(s->cell_A[1], 8 * 3.16 * std::sqrt(3), 1e-9);  // 7.3 cells
  double low = 1e9, high = 0;
  for (const Atom& a : s->atoms) low = std::min(low, a.z_A), high = std::max(high, a.z_A);
  EXPECT_NEAR(low, 6, 1e-9);
  EXPECT_NEAR(s->cell_A[2] - high, 6, 1e-9);
  EXPECT_EQ(CountOf(*s), (std::map<int, int>{{16, 320}, {42, 160}}));
  // Mo-S: a/√3 across and half of S-S along.
  const double half = (high - low) / 2;
  EXPECT_NEAR(LeastDistance(s->atoms, s->cell_A, s->atoms), std::hypot(3.16 / std::sqrt(3), half),
              1e-9);
}

// A layer that its cell's faces cut in two is put together again.
TEST(Monolayer, IsCutAtItsWidestGap) {
  Crystal whole = ReadStored("MoS2.cif"), split = whole;
  const double c = whole.Lengths_A()[2];
  for (Atom& a : split.atoms) a.z_A = std::fmod(a.z_A + c / 2, c);
  const auto one = MakeMonolayer(whole, {.size_A = {10, 10}});
  const auto two = MakeMonolayer(split, {.size_A = {10, 10}});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NEAR(one->cell_A[2], two->cell_A[2], 1e-9);
  for (size_t i = 0; i < one->atoms.size(); ++i) {
    EXPECT_NEAR(one->atoms[i].z_A, two->atoms[i].z_A, 1e-9);
  }
}

TEST(Monolayer, VacanciesAndDopantsAreCounted) {
  MonolayerOptions o = {.size_A = {60, 60},
                        .vacancies = {{16, 0.1}},
                        .dopants = {{42, {{74, 0.25}, {23, 0.125}}}},
                        .seed = 3};
  const Crystal crystal = ReadStored("MoS2.cif");
  const auto pristine = MakeMonolayer(crystal, {.size_A = {60, 60}});
  const auto s = MakeMonolayer(crystal, o), again = MakeMonolayer(crystal, o);
  ASSERT_TRUE(pristine.ok() && s.ok() && again.ok()) << s.status();
  std::map<int, int> n = CountOf(*pristine), m = CountOf(*s);
  EXPECT_EQ(m[16], n[16] - std::lround(0.1 * n[16]));
  EXPECT_EQ(m[74], std::lround(0.25 * n[42]));
  EXPECT_EQ(m[23], std::lround(0.125 * n[42]));
  EXPECT_EQ(m[42], n[42] - m[74] - m[23]);
  EXPECT_EQ(PlacesOf(*s), PlacesOf(*again));
  o.seed = 4;
  EXPECT_NE(PlacesOf(*s), PlacesOf(*MakeMonolayer(crystal, o)));
  // The sites of one element do not depend on what is done to another.
  MonolayerOptions only = {.size_A = {60, 60}, .vacancies = {{16, 0.1}}, .seed = 3};
  std::vector<std::array<double, 4>> a, b;
  for (const auto& p : PlacesOf(*s))
    if (p[0] == 16) a.push_back(p);
  for (const auto& p : PlacesOf(*MakeMonolayer(crystal, only)))
    if (p[0] == 16) b.push_back(p);
  EXPECT_EQ(a, b);
}

TEST(Monolayer, Refuses) {
  const Crystal crystal = ReadStored("graphene.cif");
  EXPECT_FALSE(MakeMonolayer(crystal, {.size_A = {10, 10}, .vacancies = {{16, 0.1}}}).ok());
  EXPECT_FALSE(MakeMonolayer(crystal, {.size_A = {10, 10}, .vacancies = {{6, 1}}}).ok());
  EXPECT_FALSE(
      MakeMonolayer(crystal,
                    {.size_A = {10, 10}, .vacancies = {{6, 0.6}}, .dopants = {{6, {{7, 0.6}}}}})
          .ok());
  EXPECT_FALSE(MakeMonolayer(crystal, {.size_A = {1e5, 1e5}}).ok());
}

}  // namespace
}  // namespace ronchi::sim
