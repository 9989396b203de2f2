#include "theory/hypotheses/laplace.h"

#include <gtest/gtest.h>

#include <Eigen/LU>

#include "tests/theory/hypotheses/line_model.h"
#include "theory/hypotheses/event_law.h"
#include "theory/hypotheses/hypothesis.h"

namespace ronchi::theory {
namespace {

TEST(LaplaceEvidence, OfLinearTheoriesIsExact) {
  for (bool both : {true, false}) {
    const LineModel line(both);
    std::vector<Acquisition> all;
    RandomStream random({.seed = 2, .name = "test.laplace"});
    for (int n = 0; n < 30; ++n) {
      const double s = random.Uniform(-2, 2);
      all.push_back(OneNumber(0.7 + 1.3 * s + random.Normal(0, 0.4), s));
      const auto e = ComputeLaplaceEvidence(line, all, Likelihood::kGaussian);
      ASSERT_TRUE(e.ok() && e->converged);
      EXPECT_NEAR(e->log_evidence, line.LogEvidence(all), 1e-8 * (n + 1));
    }
  }
}

// Counts of a rate that is known to a factor of two beforehand: the posterior is skew, and Laplace
// near, by one over twelve times the counts.
TEST(LaplaceEvidence, OfCountsIsNear) {
  const auto law = SpontaneousLaw({0.5, 2});
  auto exact = *Hypothesis::Create("spontaneous", law, Likelihood::kPoisson);
  std::vector<Acquisition> all;
  RandomStream random({.seed = 3, .name = "test.laplace"});
  for (int n = 0; n < 20; ++n) {
    all.push_back({.settings = {{"energy_eV", 60e3}, {"current_A_per_m2", 0}, {"seconds", 10}},
                   .data = Array<float>({1}, {float(random.Poisson(8))})});
    ASSERT_TRUE(exact.Update(all.back()).ok());
    const auto e = ComputeLaplaceEvidence(*law, all, Likelihood::kPoisson);
    ASSERT_TRUE(e.ok() && e->converged);
    EXPECT_NEAR(e->log_evidence, exact.log_evidence(), 0.05 / (n + 1)) << n;
    EXPECT_NEAR(e->covariance(0, 0), exact.covariance()(0, 0), 0.1 * e->covariance(0, 0));
  }
}

TEST(LaplaceEvidence, Refuses) {
  const LineModel line;
  EXPECT_TRUE(
      absl::IsInvalidArgument(ComputeLaplaceEvidence(line, {}, Likelihood::kGaussian).status()));
  std::vector<Acquisition> all = {OneNumber(1, 0), OneNumber(1, 0)};
  all[0].time_s = 1;
  EXPECT_TRUE(
      absl::IsInvalidArgument(ComputeLaplaceEvidence(line, all, Likelihood::kGaussian).status()));
  all = {{.data = Array<float>({2})}};
  EXPECT_TRUE(
      absl::IsInvalidArgument(ComputeLaplaceEvidence(line, all, Likelihood::kGaussian).status()));
}

}  // namespace
}  // namespace ronchi::theory
