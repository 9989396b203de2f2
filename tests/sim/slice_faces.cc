#include "sim/slice_faces.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ronchi::sim {
namespace {

Specimen PlanesAt(std::vector<double> z_A, double height_A) {
  Specimen s{.cell_A = {4, 4, height_A}};
  for (double z : z_A) s.atoms.push_back({14, 1, 1, z});
  return s;
}

TEST(SliceFaces, PlanesComeToStandInTheMiddles) {
  // Planes on the faces, in the middles, and two in a slice, a fifth of it apart.
  const std::vector<std::vector<double>> planes = {{0, 2}, {1, 3}, {0.9, 1.3, 2.9, 3.3}};
  for (const std::vector<double>& z : planes) {
    const Specimen s = PlanesAt(z, 4);
    const double off_A = OffFaces_A(s, 2);
    EXPECT_LE(std::fabs(off_A), 1);
    for (const Atom& a : s.atoms) {
      const double within = std::fmod(a.z_A + off_A + 2, 2.0);
      EXPECT_NEAR(within, 1, 0.2 + 1e-9);  // a gap of 0.8 Å to both faces at least
      EXPECT_GE(a.z_A + off_A, 0);
      EXPECT_LT(a.z_A + off_A, 4);
    }
  }
}

TEST(SliceFaces, EarlyCountsFromTheEntrancePlaneToTheDepthsThatWere) {
  // Planes at 0 and 2 Å, moved by 1: they act at 0 and 2, where they were.
  EXPECT_NEAR(EarlyBy_A(PlanesAt({0, 2}, 4), 2, 1), 0, 1e-12);
  // In the middles already: a whole half of a slice early.
  EXPECT_NEAR(EarlyBy_A(PlanesAt({1, 3}, 4), 2, 0), 1, 1e-12);
}

}  // namespace
}  // namespace ronchi::sim
