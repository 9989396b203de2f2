#include "sim/potential/patch_fit.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::sim {
namespace {

// A quartic is its own fit; an alternating field, the ripple of a grid, all but vanishes.
TEST(PatchFit, KeepsPolynomialsAndDropsRipples) {
  const PatchFit fit(10);
  const auto at = [&](double x, const auto& field) {
    const PatchFit::Terms p = fit.At(x);
    double value = 0;
    for (size_t i = 0; i < fit.count(); ++i) {
      for (size_t t = 0; t < PatchFit::kTerms; ++t) value += p[t] * fit.AtPoint(i)[t] * field(i);
    }
    return value;
  };
  const auto quartic = [](double x) { return 2 - x + 0.3 * x * x - 0.02 * x * x * x * x; };
  for (double x : {1.2, 4.5, 7.9}) {
    EXPECT_NEAR(at(x, [&](size_t i) { return quartic(double(i)); }), quartic(x), 1e-10);
    EXPECT_LT(std::fabs(at(x, [](size_t i) { return i % 2 ? 1.0 : -1.0; })), 0.3) << x;
  }
}

// Orthonormal on the points, whatever their number.
TEST(PatchFit, TermsAreOrthonormal) {
  for (size_t count : {size_t(5), size_t(6), size_t(17)}) {
    const PatchFit fit(count);
    ASSERT_EQ(fit.count(), count);
    for (size_t a = 0; a < PatchFit::kTerms; ++a) {
      for (size_t b = 0; b < PatchFit::kTerms; ++b) {
        double sum = 0;
        for (size_t i = 0; i < count; ++i) sum += fit.AtPoint(i)[a] * fit.At(double(i))[b];
        EXPECT_NEAR(sum, a == b, 1e-12) << count << " " << a << " " << b;
      }
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
