// mmCIF files with Cartesian coordinates.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/sim/specimen/structure_case.h"

namespace ronchi::sim {

inline absl::StatusOr<Crystal> ReadMmCif(const std::string& text) {
  const std::string path = testing::TempDir() + "/mmcif_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".cif";
  std::ofstream(path, std::ios::binary) << text;
  auto crystal = ReadCrystal(path);
  std::filesystem::remove(path);
  return crystal;
}

inline std::string WarningsOf(const absl::StatusOr<Crystal>& crystal) {
  if (!crystal.ok()) return std::string(crystal.status().message());
  std::string all;
  for (const std::string& w : crystal->summary->warnings) all += w + "\n";
  return all;
}

// A hexagonal cell, whose axes are not Cartesian ones, and in it three atoms at these fractions.
inline constexpr double kMmCifA = 4, kMmCifC = 5;
inline const std::vector<Vector3> kMmCifAt = {{0.1, 0.2, 0.3}, {0.4, 0.85, 0.25}, {0.7, 0.15, 0.8}};
inline Vector3 MmCifPlace(const Vector3& f) {
  return {kMmCifA * (f[0] - f[1] / 2), kMmCifA * f[1] * std::numbers::sqrt3 / 2, kMmCifC * f[2]};
}
inline Vector3 TurnedAboutZ(const Vector3& r, double angle) {
  return {std::cos(angle) * r[0] - std::sin(angle) * r[1],
          std::sin(angle) * r[0] + std::cos(angle) * r[1], r[2]};
}

inline std::string MmCifCell(double a = kMmCifA, double c = kMmCifC) {
  return absl::StrCat("data_case\n_cell.length_a ", a, "\n_cell.length_b ", a, "\n_cell.length_c ",
                      c, "\n_cell.angle_alpha 90\n_cell.angle_beta 90\n_cell.angle_gamma 120\n");
}
inline const std::string kMmCifLoop =
    "loop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n"
    "_atom_site.label_atom_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n";

// Zinc, an α carbon whose name looks like calcium, chlorine.
inline std::string MmCifAtoms(double angle = 0, const Vector3& shift_A = {0, 0, 0},
                              const std::string& model = "") {
  const char* const kNames[] = {"ZN ZN", "C CA", "CL CL"};
  std::string text;
  for (size_t i = 0; i < 3; ++i) {
    const Vector3 r = TurnedAboutZ(MmCifPlace(kMmCifAt[i]), angle);
    absl::StrAppendFormat(&text, "ATOM %d %s %.5f %.5f %.5f %s\n", int(i + 1), kNames[i],
                          r[0] + shift_A[0], r[1] + shift_A[1], r[2] + shift_A[2], model);
  }
  return text;
}

inline void ExpectMmCifAtoms(const absl::StatusOr<Crystal>& crystal) {
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  ASSERT_EQ(crystal->atoms.size(), 3u);
  const int z[] = {30, 6, 17};
  for (const Atom& a : crystal->atoms) {
    const size_t i = a.z == 30 ? 0 : a.z == 6 ? 1 : 2;
    EXPECT_EQ(a.z, z[i]);
    const Vector3 f = crystal->Fractional(a);
    for (size_t axis = 0; axis < 3; ++axis) {
      const double off = f[axis] - kMmCifAt[i][axis];
      EXPECT_NEAR(off - std::round(off), 0, 1e-5) << i;  // the file's digits
    }
  }
}

}  // namespace ronchi::sim
