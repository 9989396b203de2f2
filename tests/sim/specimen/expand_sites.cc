#include "sim/specimen/expand_sites.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::sim {
namespace {

// Operations by their text, on a cube of 4 Å.
struct Expanded {
  RawStructure raw;
  absl::StatusOr<ExpandedSites> result;
};
Expanded Expand(const std::vector<CifSite>& sites, const std::vector<std::string>& texts) {
  std::vector<SymmetryOperation> operations;
  for (const std::string& text : texts) operations.push_back(*ParseOperation(text));
  Expanded e;
  e.raw.lattice_A = {{{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}};
  e.result = ExpandSites(sites, operations, &e.raw);
  EXPECT_TRUE(e.result.ok()) << e.result.status();
  return e;
}
const std::vector<std::string> kTwofold = {"x,y,z", "-x,-y,z"};

TEST(ExpandSitesOf, AGeneralPlaceHasAsManyAtomsAsOperations) {
  const Expanded e = Expand({{.label = "A", .atom = {.z = 8}, .at = {0.25, 0.125, 0.5}}}, kTwofold);
  ASSERT_EQ(e.raw.atoms.size(), 2u);
  EXPECT_NEAR(e.raw.atoms[0].x_A, 1, 1e-12);
  EXPECT_NEAR(e.raw.atoms[1].x_A, 3, 1e-12);  // −1/4, in the cell
  EXPECT_NEAR(e.raw.atoms[1].y_A, 3.5, 1e-12);
  EXPECT_NEAR(e.raw.atoms[1].z_A, 2, 1e-12);
  EXPECT_EQ(e.raw.name(1), "'A'");
  EXPECT_TRUE(e.raw.summary.warnings.empty());
}

TEST(ExpandSitesOf, ASpecialPlaceHasOne) {
  // On the axis, on another of its images, and as near as the digits of 0.333 leave it.
  for (const Vector3& at : {Vector3{0, 0, 0.5}, Vector3{0.5, 0.5, 0.1}, Vector3{0.4999, 0, 0}}) {
    EXPECT_EQ(Expand({{.label = "A", .atom = {.z = 8}, .at = at}}, kTwofold).raw.atoms.size(), 1u);
  }
}

// Two images 0.2 Å apart: of a full atom one is meant; of two halves, a split site, both.
TEST(ExpandSitesOf, NearImagesAreOneAtomUnlessItIsSplit) {
  CifSite site{.label = "Pb1", .atom = {.z = 82}, .at = {0.025, 0, 0}};
  const Expanded full = Expand({site}, kTwofold);
  EXPECT_EQ(full.raw.atoms.size(), 1u);
  ASSERT_EQ(full.raw.summary.warnings.size(), 1u);
  EXPECT_EQ(full.raw.summary.warnings[0],
            "'Pb1' lies 0.2 Å from its own images; taken as one atom on a special position");
  site.atom.occupancy = 0.5;
  const Expanded split = Expand({site}, kTwofold);
  EXPECT_EQ(split.raw.atoms.size(), 2u);
  EXPECT_TRUE(split.raw.summary.warnings.empty());
}

TEST(ExpandSitesOf, AnotherMultiplicityThanTheFilesIsToldOnce) {
  const Expanded e =
      Expand({{.label = "A", .atom = {.z = 8}, .at = {0.1, 0.2, 0}, .multiplicity = 4},
              {.label = "B", .atom = {.z = 8}, .at = {0, 0, 0}, .multiplicity = 1},
              {.label = "C", .atom = {.z = 8}, .at = {0.3, 0, 0}, .multiplicity = 1}},
             kTwofold);
  EXPECT_EQ(e.raw.atoms.size(), 5u);
  EXPECT_EQ(e.result->wrong_multiplicities.size(), 2u);
  ASSERT_EQ(e.raw.summary.warnings.size(), 1u);
  EXPECT_EQ(e.raw.summary.warnings[0],
            "'A' stands 2 times in the cell, its multiplicity in the file is 4 (and 1 more sites)");
}

}  // namespace
}  // namespace ronchi::sim
