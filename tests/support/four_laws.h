// Four laws of beam damage, one of which a made-up specimen obeys: which, and after how many
// measurements is it known?
#pragma once

#include <memory>
#include <vector>

#include "theory/hypotheses/advisor.h"
#include "theory/hypotheses/event_law.h"

namespace ronchi::testing_support {

class FourLaws {
 public:
  static constexpr size_t kLaws = 4;
  static constexpr double kSure = 0.99;
  static constexpr int kMost = 100;  // measurements

  FourLaws() {
    using namespace theory;
    const std::vector<std::pair<const char*, std::shared_ptr<const ForwardModel>>> laws = {
        {"knock-on", KnockOnLaw(Graphene12C(), {21, 1.06})},
        {"ionisation", IonisationLaw({0.1, 2})},
        {"two electrons", TwoElectronLaw({0.1, 2})},
        {"spontaneous", SpontaneousLaw({0.06, 2})}};
    for (const auto& [name, law] : laws) {
      laws_.push_back(*Hypothesis::Create(name, law, Likelihood::kPoisson));
    }
    // Ten seconds of ten atoms at five energies and four current densities.
    for (double energy_keV : {60, 70, 80, 90, 100}) {
      for (double current : {1e8, 3e8, 1e9, 3e9}) {
        candidates_.push_back({.settings = {{"energy_eV", 1e3 * energy_keV},
                                            {"current_A_per_m2", current},
                                            {"seconds", 10},
                                            {"atoms", 10}},
                               .data = Array<float>({1})});
      }
    }
    for (theory::Hypothesis& h : laws_) {  // what all runs begin with
      for (const theory::Acquisition& c : candidates_) (void)h.Predict(c);
    }
  }

  struct Found {
    size_t law = kLaws;  // the one that is sure; kLaws: none
    int measurements = 0;
  };
  // The truth's unknown is drawn from its own prior.
  Found Run(size_t truth, uint64_t seed, bool advised) const {
    using namespace theory;
    RandomStream random({.seed = seed, .name = "four_laws", .environment = truth});
    const ForwardModel& law = laws_[truth].law();
    const State at = law.parameters().ToValues(law.parameters().PriorMean() +
                                               random.Normal() * law.parameters().PriorSigma());
    std::vector<Hypothesis> believed = laws_;
    for (int n = 1; n <= kMost; ++n) {
      Acquisition next =
          candidates_[advised ? BestExperiment(believed, candidates_, {}, {.seed = seed})
                              : random.Below(candidates_.size())];
      next.data[0] = float(DrawData(law.Predict(at, next), Likelihood::kPoisson, &random)[0]);
      for (Hypothesis& h : believed) (void)h.Update(next);
      const std::vector<double> p = Probabilities(believed);
      for (size_t i = 0; i < kLaws; ++i) {
        if (p[i] >= kSure) return {i, n};
      }
    }
    return {kLaws, kMost};
  }

 private:
  std::vector<theory::Hypothesis> laws_;
  std::vector<theory::Acquisition> candidates_;
};

}  // namespace ronchi::testing_support
