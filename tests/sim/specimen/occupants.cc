#include "sim/specimen/occupants.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace ronchi::sim {
namespace {

Specimen Box(std::vector<Atom> atoms) {
  Specimen s;
  s.cell_A = {8, 9, 10};
  s.atoms = std::move(atoms);
  return s;
}

TEST(Occupants, SitesHoldWhatCanNotBeThereTogether) {
  const Specimen s = Box({{.z = 38, .x_A = 1, .y_A = 1, .z_A = 1, .occupancy = 0.5},
                          {.z = 8, .x_A = 4, .y_A = 4, .z_A = 4},  // full: a site of its own
                          {.z = 56, .x_A = 1, .y_A = 1, .z_A = 1.01, .occupancy = 0.5},
                          {.z = 8, .x_A = 4, .y_A = 4, .z_A = 4.2},
                          // A split atom, across the box's face.
                          {.z = 82, .x_A = 0.1, .y_A = 5, .z_A = 5, .occupancy = 0.25},
                          {.z = 82, .x_A = 7.9, .y_A = 5, .z_A = 5, .occupancy = 0.25},
                          // 0.6 Å away: another atom.
                          {.z = 82, .x_A = 0.7, .y_A = 5, .z_A = 5, .occupancy = 0.25}});
  EXPECT_EQ(FindSites(s), (std::vector<size_t>{0, 1, 0, 2, 3, 3, 4}));
}

TEST(Occupants, NoSiteIsFilledMoreThanOnce) {
  // Seven times 0.3 within 0.5 Å: three, three, one.
  std::vector<Atom> atoms;
  for (int i = 0; i < 7; ++i) {
    atoms.push_back({.z = 8, .x_A = 4 + 0.06 * i, .y_A = 4, .z_A = 4, .occupancy = 0.3});
  }
  const std::vector<size_t> sites = FindSites(Box(atoms));
  std::map<size_t, double> sums;
  for (size_t s : sites) sums[s] += 0.3;
  EXPECT_EQ(sums.size(), 3u);
  for (const auto& [site, sum] : sums) EXPECT_LE(sum, 1);
}

// Every block of 2, 4 and 8 configurations has one draw in each half, quarter and eighth.
TEST(Occupants, DrawsAreSpreadOverConfigurations) {
  for (uint64_t seed : {0, 1, 7}) {
    for (size_t site = 0; site < 50; ++site) {
      for (uint64_t parts : {2, 4, 8}) {
        for (uint64_t first = 0; first < 32; first += parts) {
          std::vector<int> hits(parts, 0);
          for (uint64_t c = first; c < first + parts; ++c) {
            const double u = OccupancyDraw(seed, site, c);
            ASSERT_TRUE(u >= 0 && u < 1);
            ++hits[size_t(u * double(parts))];
          }
          EXPECT_EQ(hits, std::vector<int>(parts, 1)) << site << " " << parts << " " << first;
        }
      }
    }
  }
}

// One configuration over many sites is as good as independent uniform numbers, also between sites
// and their neighbours and between one configuration and the next site's next.
TEST(Occupants, DrawsOfDifferentSitesAreIndependent) {
  constexpr int kSites = 20000;
  for (uint64_t c : {0, 1, 5, 11}) {
    double mean = 0, square = 0, neighbours = 0;
    for (size_t site = 0; site < kSites; ++site) {
      const double u = OccupancyDraw(4, site, c) - 0.5;
      mean += u / kSites;
      square += u * u / kSites;
      neighbours += u * (OccupancyDraw(4, site + 1, c + 1) - 0.5) / kSites;
    }
    // Five standard errors: of the mean √(1/12/n), of the square √(1/180/n), of products 1/12/√n.
    EXPECT_LT(std::fabs(mean), 5 * std::sqrt(1 / 12. / kSites));
    EXPECT_LT(std::fabs(square - 1 / 12.), 5 * std::sqrt(1 / 180. / kSites));
    EXPECT_LT(std::fabs(neighbours), 5 / 12. / std::sqrt(kSites));
  }
}

TEST(Occupants, AConfigurationHasWholeAtomsAlone) {
  const Specimen s = Box({{.z = 26, .x_A = 1, .y_A = 1, .z_A = 1, .occupancy = 0.64, .rms_A = 0.1},
                          {.z = 28, .x_A = 1, .y_A = 1, .z_A = 1, .occupancy = 0.36, .rms_A = 0.1},
                          {.z = 8, .x_A = 4, .y_A = 4, .z_A = 4, .occupancy = 0.25}});
  std::map<int, int> counts;
  constexpr int kConfigurations = 800;
  for (uint64_t c = 0; c < kConfigurations; ++c) {
    const Specimen d = s.Displaced({}, 3, c);
    for (const Atom& a : d.atoms) {
      EXPECT_EQ(a.occupancy, 1);
      ++counts[a.z];
    }
    // Fe and Ni never stand together, and one of them always does.
    ASSERT_GE(d.atoms.size(), 1u);
    EXPECT_LE(d.atoms.size(), 2u);
    EXPECT_NE(d.atoms[0].z, 8);
  }
  EXPECT_EQ(counts[26] + counts[28], kConfigurations);
  EXPECT_EQ(counts[8], kConfigurations / 4);  // a multiple of eighths: exact
  // Within a block of eight only the eighth that 0.64 divides is a matter of chance.
  EXPECT_NEAR(counts[26], 0.64 * kConfigurations, 5 * std::sqrt(kConfigurations / 8. / 4));
}

// The same normal deviates whatever occupies the site, so that two half atoms are one.
TEST(Occupants, TwoHalvesOfAnElementAreOneAtom) {
  const Atom whole{.z = 38, .x_A = 1, .y_A = 2, .z_A = 3, .rms_A = 0.1};
  Atom half = whole;
  half.occupancy = 0.5;
  for (uint64_t c = 0; c < 20; ++c) {
    const Specimen one =
        Box({whole, {.z = 8, .x_A = 5, .y_A = 5, .z_A = 5, .rms_A = 0.1}}).Displaced({}, 9, c);
    const Specimen two =
        Box({half, half, {.z = 8, .x_A = 5, .y_A = 5, .z_A = 5, .rms_A = 0.1}}).Displaced({}, 9, c);
    ASSERT_EQ(two.atoms.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(one.atoms[i].x_A, two.atoms[i].x_A);
      EXPECT_EQ(one.atoms[i].z_A, two.atoms[i].z_A);
      EXPECT_EQ(one.atoms[i].z, two.atoms[i].z);
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
