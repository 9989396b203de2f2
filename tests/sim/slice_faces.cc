#include "sim/slice_faces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace ronchi::sim {
namespace {

constexpr double kSlice_A = 2;

Specimen PlanesAt(const std::vector<double>& depths_A) {
  Specimen s;
  s.atoms.resize(depths_A.size());
  for (size_t i = 0; i < depths_A.size(); ++i) s.atoms[i].z_A = depths_A[i];
  return s;
}
double WithinSlice_A(double z_A) { return z_A - kSlice_A * std::floor(z_A / kSlice_A); }

TEST(SliceFaces, LieInTheMiddleOfTheWidestGap) {
  // One plane a slice: its atoms come to stand in the slice's middle.
  EXPECT_NEAR(WithinSlice_A(OffFaces_A(PlanesAt({0, 2, 4}), kSlice_A)), 1, 1e-12);
  EXPECT_NEAR(WithinSlice_A(0.3 + OffFaces_A(PlanesAt({0.3, 4.3}), kSlice_A)), 1, 1e-12);
  // Planes at 0 and 0.5: the gap from 0.5 to 2 is the widest, the face is put at 1.25.
  EXPECT_NEAR(OffFaces_A(PlanesAt({0, 0.5}), kSlice_A), 0.75, 1e-12);
  EXPECT_EQ(OffFaces_A(Specimen{}, kSlice_A), 0);
}

TEST(SliceFaces, NoAtomIsNearerToAFaceThanHalfTheWidestGap) {
  RandomStream random({.seed = 3, .name = "slice_faces"});
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<double> depths_A(1 + size_t(trial % 7));
    for (double& z : depths_A) z = 20 * random.Uniform();
    const double off_A = OffFaces_A(PlanesAt(depths_A), kSlice_A);
    EXPECT_LE(std::fabs(off_A), kSlice_A / 2 + 1e-12);
    std::vector<double> within_A;
    for (double z : depths_A) within_A.push_back(WithinSlice_A(z));
    std::sort(within_A.begin(), within_A.end());
    double widest_A = within_A.front() + kSlice_A - within_A.back();
    for (size_t i = 1; i < within_A.size(); ++i) {
      widest_A = std::max(widest_A, within_A[i] - within_A[i - 1]);
    }
    for (double z : depths_A) {
      const double moved_A = WithinSlice_A(z + off_A);
      // Gaps that differ by less than 1e-6 Å count alike.
      EXPECT_GE(std::min(moved_A, kSlice_A - moved_A), widest_A / 2 - 2e-6);
    }
  }
}

// Atoms in the middle of their slices act half a slice early, and not where they were, but for the
// way that they were moved.
TEST(SliceFaces, SlicesActEarly) {
  const Specimen s = PlanesAt({0.3, 4.3});
  const double off_A = OffFaces_A(s, kSlice_A);
  EXPECT_NEAR(EarlyBy_A(s, kSlice_A, off_A), kSlice_A / 2 - off_A, 1e-12);
}

}  // namespace
}  // namespace ronchi::sim
