#include "theory/hypotheses/event_law.h"

#include <gtest/gtest.h>

namespace ronchi::theory {
namespace {

Acquisition At(double energy_eV, double current, double seconds, double atoms) {
  return {.settings = {{"energy_eV", energy_eV},
                       {"current_A_per_m2", current},
                       {"seconds", seconds},
                       {"atoms", atoms}},
          .data = Array<float>({1})};
}
double Events(const ForwardModel& law, double value, const Acquisition& at) {
  EXPECT_TRUE(law.Check(at).ok());
  return law.Predict(State::Constant(1, value), at).mean[0];
}

// 1 nA in a square of 1 nm is 1e9 A/m², 0.6242 electrons a second on a barn.
TEST(EventLaw, RatesAreCrossSectionsTimesElectrons) {
  constexpr double kOnABarn = 1e9 / 1.602176634e-19 * 1e-28;
  const auto knock_on = KnockOnLaw(Graphene12C(), {21, 1.1});
  for (double energy : {80e3, 95e3, 110e3}) {
    const double rate = KnockOnCrossSection_barn(Graphene12C(), energy) * kOnABarn;
    EXPECT_NEAR(Events(*knock_on, Graphene12C().threshold_eV, At(energy, 1e9, 1, 1)), rate,
                1e-12 * rate);
    EXPECT_NEAR(Events(*knock_on, Graphene12C().threshold_eV, At(energy, 2e9, 5, 30)), 300 * rate,
                1e-9 * rate);
  }
  const auto ionisation = IonisationLaw({0.1, 2});
  EXPECT_NEAR(Events(*ionisation, 0.3, At(100e3, 1e9, 1, 1)), 0.3 * kOnABarn, 1e-12);
  // (v/c)² is 0.19912 at 60 keV and 0.30054 at 100 keV (1 − 1/γ², γ = 1 + E/511 keV).
  EXPECT_NEAR(Events(*ionisation, 0.3, At(60e3, 1e9, 1, 1)) / (0.3 * kOnABarn), 0.30054 / 0.19912,
              2e-4);
}

TEST(EventLaw, TheyDifferInHowCurrentCounts) {
  const std::vector<std::pair<std::shared_ptr<const ForwardModel>, double>> laws = {
      {KnockOnLaw(Graphene12C(), {21, 1.1}), 1},
      {IonisationLaw({0.1, 2}), 1},
      {TwoElectronLaw({0.1, 2}), 2},
      {SpontaneousLaw({0.1, 2}), 0}};
  for (const auto& [law, power] : laws) {
    const State v = law->parameters().ToValues(law->parameters().PriorMean());
    const double once = Events(*law, v[0], At(100e3, 1e9, 1, 1));
    EXPECT_GT(once, 0);
    EXPECT_NEAR(Events(*law, v[0], At(100e3, 3e9, 1, 1)) / once, std::pow(3, power), 1e-9);
    Eigen::MatrixXd slope;
    const Prediction p = law->Linearise(v, At(100e3, 1e9, 1, 1), &slope);
    EXPECT_EQ(p.mean[0], once);
    const double step = 1e-3 * v[0];
    const double by_hand = (Events(*law, v[0] + step, At(100e3, 1e9, 1, 1)) -
                            Events(*law, v[0] - step, At(100e3, 1e9, 1, 1))) /
                           (2 * step);
    EXPECT_NEAR(slope(0, 0), by_hand, 1e-4 * std::abs(by_hand));
  }
}

TEST(EventLaw, RefusesWhatItCannotTell) {
  const auto law = IonisationLaw({0.1, 2});
  Acquisition at = At(80e3, 1e9, 1, 1);
  at.settings.erase("seconds");
  EXPECT_NE(law->Check(at).message().find("seconds"), std::string_view::npos);
  EXPECT_FALSE(law->Check(At(0, 1e9, 1, 1)).ok());
  EXPECT_FALSE(law->Check(At(80e3, -1, 1, 1)).ok());
  at = At(80e3, 1e9, 1, 1);
  at.data = Array<float>({2});
  EXPECT_FALSE(law->Check(at).ok());
  at = At(80e3, 1e9, 1, 1);
  at.frames = 2;  // a mean of counts is no count
  EXPECT_FALSE(law->Check(at).ok());
}

}  // namespace
}  // namespace ronchi::theory
