#include "theory/hypotheses/hypothesis.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>

#include "tests/theory/hypotheses/line_model.h"
#include "theory/hypotheses/event_law.h"

namespace ronchi::theory {
namespace {

Acquisition Watched(double energy_eV, double current, float events) {
  return {.settings = {{"energy_eV", energy_eV},
                       {"current_A_per_m2", current},
                       {"seconds", 10},
                       {"atoms", 10}},
          .data = Array<float>({1}, {events})};
}

// Conjugate: a normal prior of lines with normal noise. The posterior narrows from 3 to 0.01.
TEST(Hypothesis, OfLinesAgreesWithTheClosedForm) {
  for (bool both : {true, false}) {
    const auto line = std::make_shared<LineModel>(both);
    auto h = *Hypothesis::Create("line", line, Likelihood::kGaussian);
    EXPECT_EQ(h.log_evidence(), 0);
    std::vector<Acquisition> all;
    RandomStream random({.seed = 4, .name = "test.hypothesis"});
    for (int n = 0; n < 400; ++n) {
      const double s = random.Uniform(-2, 2);
      all.push_back(OneNumber(0.7 * both + 1.3 * s + random.Normal(0, 0.4), s));
      ASSERT_TRUE(h.Update(all.back()).ok());
      // What the prior has beyond five standard deviations, and the midpoint rule.
      if (n % 40 != 0) continue;
      EXPECT_NEAR(h.log_evidence(), line->LogEvidence(all), 2e-5) << n;
    }
    EXPECT_NEAR(h.mean()[both], 1.3, 0.1);
    EXPECT_LT(h.covariance()(0, 0), 0.002);
  }
}

// A threshold of which nothing but a lower bound is seen: no event at an energy that would show it.
TEST(Hypothesis, APosteriorThatIsNotNormalIsItsOwnShape) {
  const UnknownFactor prior = {20, 1.2};
  auto h = *Hypothesis::Create("knock-on", KnockOnLaw(Graphene12C(), prior), Likelihood::kPoisson);
  ASSERT_TRUE(h.Update(Watched(100e3, 3e9, 0)).ok());
  // By Simpson's rule over ln T_d, 400 intervals.
  double evidence = 0, mean = 0;
  const double sigma = std::log(prior.factor);
  for (int i = 0; i <= 400; ++i) {
    const double z = -6 + 0.03 * i, weight = i == 0 || i == 400 ? 1 : i % 2 ? 4 : 2;
    KnockOnTarget target = Graphene12C();
    target.threshold_eV = prior.median * std::exp(sigma * z);
    const double events =
        100 * KnockOnCrossSection_barn(target, 100e3) * kBarn_m2 * 3e9 / 1.602176634e-19;
    const double joint = weight * 0.01 * std::exp(-z * z / 2 - events) / std::sqrt(2 * kPi);
    evidence += joint;
    mean += joint * (std::log(prior.median) + sigma * z);
  }
  EXPECT_NEAR(h.log_evidence(), std::log(evidence), 1e-3);
  EXPECT_NEAR(h.mean()[0], mean / evidence, 1e-3 * sigma);
}

TEST(Hypothesis, TheRightLawWins) {
  std::vector<Hypothesis> all = {
      *Hypothesis::Create("ionisation", IonisationLaw({0.1, 3}), Likelihood::kPoisson),
      *Hypothesis::Create("spontaneous", SpontaneousLaw({0.06, 3}), Likelihood::kPoisson)};
  EXPECT_EQ(Probabilities(all), std::vector<double>({0.5, 0.5}));
  for (auto [current, events] : {std::pair(3e8, 2.f), {3e9, 19.f}, {3e8, 1.f}, {3e9, 22.f}}) {
    for (Hypothesis& h : all) ASSERT_TRUE(h.Update(Watched(80e3, current, events)).ok());
  }
  const std::vector<double> p = Probabilities(all);
  EXPECT_NEAR(p[0] + p[1], 1, 1e-12);
  EXPECT_GT(p[0], 0.999);
}

TEST(Hypothesis, PredictsWithWhatIsBelieved) {
  auto h = *Hypothesis::Create("line", std::make_shared<LineModel>(false), Likelihood::kGaussian);
  ASSERT_TRUE(h.Update(OneNumber(2.6, 2)).ok());
  double sum = 0, mean = 0;
  for (const Hypothesis::Node& n : h.Predict(OneNumber(0, 3))) {
    sum += n.weight;
    mean += n.weight * n.prediction.mean[0];
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(mean, 3 * h.mean()[0], 1e-3);
}

// The mean of nine frames at a setting is worth nine frames there, whatever was asked before.
TEST(Hypothesis, FramesCount) {
  const auto line = std::make_shared<LineModel>(false);
  auto once = *Hypothesis::Create("line", line, Likelihood::kGaussian), mean = once;
  ASSERT_TRUE(once.Update(OneNumber(2, 1)).ok() && mean.Update(OneNumber(2, 1)).ok());
  for (int n = 0; n < 9; ++n) ASSERT_TRUE(once.Update(OneNumber(3, 1)).ok());
  Acquisition nine = OneNumber(3, 1);
  nine.frames = 9;
  ASSERT_TRUE(mean.Update(nine).ok());
  EXPECT_NEAR(mean.mean()[0], once.mean()[0], 1e-6);
  EXPECT_NEAR(mean.covariance()(0, 0), once.covariance()(0, 0), 1e-6);
}

TEST(Hypothesis, Refuses) {
  class Moving final : public ForwardModel {
   public:
    const ParameterSet& parameters() const override { return parameters_; }
    absl::Status Check(const Acquisition&) const override { return absl::OkStatus(); }
    Prediction Predict(const State&, const Acquisition&) const override { return {}; }
    Prediction Linearise(const State&, const Acquisition&, Eigen::MatrixXd*) const override {
      return {};
    }

   private:
    ParameterSet parameters_ = *ParameterSet::Create({{.name = "x", .walk = 1}});
  };
  EXPECT_TRUE(absl::IsInvalidArgument(
      Hypothesis::Create("moving", std::make_shared<Moving>(), Likelihood::kGaussian).status()));
  auto h = *Hypothesis::Create("ionisation", IonisationLaw({0.1, 3}), Likelihood::kPoisson);
  Acquisition bad = Watched(80e3, 1e9, 3);
  bad.settings.erase("seconds");
  EXPECT_TRUE(absl::IsInvalidArgument(h.Update(bad)));
  EXPECT_EQ(h.log_evidence(), 0);
}

}  // namespace
}  // namespace ronchi::theory
