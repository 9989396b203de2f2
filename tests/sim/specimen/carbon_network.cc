// Amorphous carbon as a network: pair distribution, coordination, angles and density, counted by
// comparing all pairs, against what diffraction finds.
#include "sim/specimen/carbon_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/specimen/amorphous.h"

namespace ronchi::sim {
namespace {

using Structure = AmorphousOptions::Structure;

AmorphousOptions Carbon(double density_g_cm3, Structure structure = Structure::kNetwork) {
  return {.density_g_cm3 = density_g_cm3,
          .size_A = {32, 30},
          .thickness_A = 30,
          .structure = structure,
          .seed = 5};
}

// Of the atoms at least 5 Å from the faces.
struct Pairs {
  static constexpr double kBin_A = 0.05;
  std::vector<double> g = std::vector<double>(100);  // by bins, 1: as in a gas
  double least_A = 1e9;
  double first_A = 0, first_rms_A = 0, coordination = 0;  // up to 1.9 Å, the gap's middle
  double second_A = 0, second = 0;                        // 2.15 … 2.75 Å
  double angle_deg = 0;
};

Pairs Count(const Specimen& s) {
  Pairs out;
  const auto difference = [&](const Atom& a, const Atom& b) {
    std::array<double, 3> d = {a.x_A - b.x_A, a.y_A - b.y_A, a.z_A - b.z_A};
    for (size_t k : {0, 1}) d[k] -= s.cell_A[k] * std::round(d[k] / s.cell_A[k]);
    return d;
  };
  const double density =
      double(s.atoms.size()) / (s.cell_A[0] * s.cell_A[1] * s.cell_A[2]);  // 1/Å³
  double inside = 0, angles = 0;
  for (const Atom& a : s.atoms) {
    if (a.z_A < 5 || a.z_A > s.cell_A[2] - 5) continue;
    ++inside;
    std::vector<std::array<double, 4>> bonds;
    for (const Atom& b : s.atoms) {
      if (&a == &b) continue;
      const auto d = difference(b, a);
      const double r = std::hypot(d[0], d[1], d[2]);
      out.least_A = std::min(out.least_A, r);
      if (r < 5) ++out.g[size_t(r / Pairs::kBin_A)];
      if (r < 1.9) bonds.push_back({d[0] / r, d[1] / r, d[2] / r, r});
      if (r >= 2.15 && r < 2.75) ++out.second, out.second_A += r;
    }
    for (size_t i = 0; i < bonds.size(); ++i) {
      ++out.coordination;
      out.first_A += bonds[i][3];
      out.first_rms_A += bonds[i][3] * bonds[i][3];
      for (size_t j = 0; j < i; ++j) {
        const double cosine =
            bonds[i][0] * bonds[j][0] + bonds[i][1] * bonds[j][1] + bonds[i][2] * bonds[j][2];
        out.angle_deg += std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / std::numbers::pi;
        ++angles;
      }
    }
  }
  out.first_A /= out.coordination;
  out.first_rms_A = std::sqrt(out.first_rms_A / out.coordination - out.first_A * out.first_A);
  out.second_A /= out.second;
  out.coordination /= inside;
  out.second /= inside;
  out.angle_deg /= angles;
  for (size_t i = 0; i < out.g.size(); ++i) {
    const double r = (double(i) + 0.5) * Pairs::kBin_A;
    out.g[i] /= inside * density * 4 * std::numbers::pi * r * r * Pairs::kBin_A;
  }
  return out;
}

double MeanOf(const Pairs& p, double from_A, double to_A) {
  double sum = 0;
  int bins = 0;
  for (size_t i = 0; i < p.g.size(); ++i) {
    const double r = (double(i) + 0.5) * Pairs::kBin_A;
    if (r > from_A && r < to_A) sum += p.g[i], ++bins;
  }
  return sum / bins;
}

double WhereLargest(const Pairs& p, double from_A, double to_A) {
  double best = 0, where = 0;
  for (size_t i = 0; i < p.g.size(); ++i) {
    const double r = (double(i) + 0.5) * Pairs::kBin_A;
    if (r > from_A && r < to_A && p.g[i] > best) best = p.g[i], where = r;
  }
  return where;
}

// At 2 g/cm³, 94 % sp2. Diffraction of evaporated and sputtered carbon: first shell 1.42 … 1.46 Å,
// 3.0 … 3.3 atoms; second 2.49 Å; a mean angle near 117 degrees. Within 2 % of the distances (the
// width of a bin of g), and 5 % of the number.
TEST(CarbonNetwork, EvaporatedCarbonHasItsShells) {
  const Pairs p = Count(*MakeAmorphous(Carbon(2)));
  EXPECT_NEAR(p.first_A, 1.46, 0.03);
  EXPECT_LT(p.first_rms_A, 0.08);
  EXPECT_NEAR(p.coordination, 3, 0.15);
  EXPECT_NEAR(WhereLargest(p, 1, 2), 1.46, 0.05);
  EXPECT_NEAR(WhereLargest(p, 1.9, 4), 2.49, 0.1);
  EXPECT_NEAR(p.second_A, 2.49, 0.05);
  // Three neighbours have two others each; those beyond the window are made up for by strangers.
  EXPECT_NEAR(p.second, 6, 1);
  EXPECT_NEAR(p.angle_deg, 117, 3);
  // Shells are apart, and a gas begins behind them.
  EXPECT_GT(MeanOf(p, 1.4, 1.5), 5);
  EXPECT_LT(MeanOf(p, 1.8, 2.05), 0.08);
  EXPECT_GT(MeanOf(p, 2.4, 2.55), 1.5);
  EXPECT_NEAR(MeanOf(p, 3.2, 4.95), 1, 0.06);
  EXPECT_GT(p.least_A, 1.15);
}

// At 3.2 g/cm³, 93 % sp3: 1.52 Å, 3.9 atoms, 2.5 Å, 110 degrees.
TEST(CarbonNetwork, TetrahedralCarbonHasItsShells) {
  const Pairs p = Count(*MakeAmorphous(Carbon(3.2)));
  EXPECT_NEAR(p.first_A, 1.52, 0.03);
  EXPECT_NEAR(p.coordination, 3.9, 0.15);
  EXPECT_NEAR(WhereLargest(p, 2, 4), 2.5, 0.1);
  EXPECT_NEAR(p.angle_deg, 110, 3);
  EXPECT_LT(MeanOf(p, 1.85, 2.05), 0.5);
  EXPECT_GT(p.least_A, 1.1);
}

// Spheres, for comparison, have neither: the test above can fail.
TEST(CarbonNetwork, SpheresHaveNoShells) {
  const Pairs p = Count(*MakeAmorphous(Carbon(2, Structure::kSpheres)));
  EXPECT_LT(p.coordination, 2.7);
  EXPECT_GT(MeanOf(p, 1.8, 2.05), 0.8);
  EXPECT_LT(MeanOf(p, 2.4, 2.55), 1.2);
}

// The share of sp3 atoms goes with the density, and with it coordination and bonds.
TEST(CarbonNetwork, CoordinationGrowsWithDensity) {
  EXPECT_NEAR(FourfoldShare(2), 0.08 / 1.37, 1e-12);
  EXPECT_EQ(FourfoldShare(1.5), 0);
  EXPECT_EQ(FourfoldShare(3.4), 1);
  double before = 0;
  for (double density : {1.3, 2.0, 2.4, 2.8, 3.2}) {
    const Pairs p = Count(*MakeAmorphous(Carbon(density)));
    EXPECT_GT(p.coordination, before + 0.05) << density;
    EXPECT_GT(p.least_A, 1.1) << density;
    before = p.coordination;
  }
}

// As many atoms as the density says, inside the box, and evenly: each fifth of the depth and of the
// width holds a fifth. The faces' fifths hold what relaxation has moved: an Å of depth is 3 %;
// across, five standard deviations of independent places.
TEST(CarbonNetwork, HasItsDensityEverywhere) {
  const Specimen s = *MakeAmorphous(Carbon(2));
  EXPECT_EQ(s.atoms.size(), size_t(std::lround(2 / 1.66053906660 * 32 * 30 * 30 / 12.011)));
  std::array<double, 5> deep{}, wide{};
  for (const Atom& a : s.atoms) {
    ASSERT_TRUE(a.x_A >= 0 && a.x_A < 32 && a.y_A >= 0 && a.y_A < 30 && a.z_A >= 0 && a.z_A <= 30);
    ++deep[size_t(std::min(4.0, a.z_A / 6))];
    ++wide[size_t(std::min(4.0, a.x_A / 32 * 5))];
  }
  const double fifth = double(s.atoms.size()) / 5;
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(deep[i], fifth, 0.12 * fifth) << i;
    EXPECT_NEAR(wide[i], fifth, 5 * std::sqrt(fifth)) << i;
  }
}

TEST(CarbonNetwork, IsAFunctionOfTheSeed) {
  const auto places = [](uint64_t seed) {
    return MakeCarbonNetwork({.box_A = {20, 20, 10}, .atoms = 400, .seed = seed});
  };
  EXPECT_EQ(places(1), places(1));
  EXPECT_NE(places(1), places(2));
  // What is kept in memory is that of its own options.
  AmorphousOptions o = Carbon(2);
  const auto z = [&] { return MakeAmorphous(o)->atoms[7].z_A; };
  const double before = z();
  o.seed = 6;
  EXPECT_NE(z(), before);
  o.seed = 5;
  EXPECT_EQ(z(), before);
}

// Thin, small and sparse ones end as well.
TEST(CarbonNetwork, AnyThickness) {
  for (double thickness_A : {0.5, 2.0, 5.0}) {
    AmorphousOptions o = Carbon(1.2);
    o.size_A = {8, 9};
    o.thickness_A = thickness_A;
    const auto s = MakeAmorphous(o);
    ASSERT_TRUE(s.ok()) << s.status();
    for (const Atom& a : s->atoms) EXPECT_TRUE(a.z_A >= 0 && a.z_A <= thickness_A);
  }
}

TEST(CarbonNetwork, RefusesInOneLine) {
  AmorphousOptions o = Carbon(2);
  for (const auto& change :
       std::vector<void (*)(AmorphousOptions*)>{[](AmorphousOptions* x) { x->element = 14; },
                                                [](AmorphousOptions* x) { x->density_g_cm3 = 1; },
                                                [](AmorphousOptions* x) { x->density_g_cm3 = 3.6; },
                                                [](AmorphousOptions* x) { x->size_A[1] = 7; },
                                                [](AmorphousOptions* x) {
                                                  x->size_A = {600, 600};
                                                }}) {
    AmorphousOptions wrong = o;
    change(&wrong);
    EXPECT_FALSE(CanBeNetwork(wrong));
    const auto s = MakeAmorphous(wrong);
    ASSERT_TRUE(absl::IsInvalidArgument(s.status()));
    const std::string says(s.status().message());
    EXPECT_NE(says.find("allowed: carbon, up to 500000 atoms, 1.2 … 3.4 g/cm³"), std::string::npos)
        << says;
    EXPECT_EQ(says.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace ronchi::sim
