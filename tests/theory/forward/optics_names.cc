#include "theory/forward/optics_names.h"

#include <gtest/gtest.h>

namespace ronchi::theory {
namespace {

// "C12b × 10", or "none".
std::string Told(const std::optional<Coefficient>& c) {
  if (!c) return "none";
  return std::string(sim::kAberrationTerms[c->term].name) + (c->sine ? "b" : "a") + " × " +
         std::to_string(int(c->unit_A));
}

TEST(OpticsNames, OfHiddenNumbersEndInTheirUnit) {
  EXPECT_EQ(Told(ParseCoefficient("C12b_nm")), "C12b × 10");
  EXPECT_EQ(Told(ParseCoefficient("C12a_A")), "C12a × 1");
  EXPECT_EQ(Told(ParseCoefficient("C30_um")), "C30a × 10000");
  EXPECT_EQ(Told(ParseCoefficient("C56a_mm")), "C56a × 10000000");
  for (const char* none : {"C12_nm", "C12c_nm", "C30a_um", "C99_nm", "C12a", "C12a_km", "_nm",
                           "C1_nm", "", "gain", "drift_x_A"}) {
    EXPECT_EQ(Told(ParseCoefficient(none)), "none") << none;
  }
}

TEST(OpticsNames, OfPropertiesAreInMetres) {
  const auto c10 = ParseOpticsProperty("optics.C10"), c23b = ParseOpticsProperty("optics.C23.b");
  ASSERT_TRUE(c10 && c23b);
  EXPECT_EQ(c10->unit_A, 1e10);
  EXPECT_FALSE(c10->sine);
  EXPECT_TRUE(c23b->sine);
  EXPECT_EQ(sim::kAberrationTerms[c23b->term].name, "C23");
  for (const char* none : {"optics.C12", "optics.C10.a", "optics.C12a", "optics.C12.c", "C10",
                           "stage.x", "optics.", "optics.C12.", "optics.C12.ab"}) {
    EXPECT_FALSE(ParseOpticsProperty(none)) << none;
  }
}

TEST(OpticsNames, SettingsAddUpToAberrations) {
  Acquisition a;
  a.settings = {{"optics.C10", 2e-9}, {"optics.C12.b", -1e-9}, {"stage.x", 5}, {"time", 1}};
  const sim::Aberrations got = SettingsOf(a);
  for (size_t t = 0; t < sim::kAberrationTerms.size(); ++t) {
    const std::string name(sim::kAberrationTerms[t].name);
    EXPECT_DOUBLE_EQ(got.a_A[t], name == "C10" ? 20 : 0) << name;
    EXPECT_DOUBLE_EQ(got.b_A[t], name == "C12" ? -10 : 0) << name;
  }
}

}  // namespace
}  // namespace ronchi::theory
