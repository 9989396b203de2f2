// Which experiment tells competing laws apart best: the one whose outcome is expected to say most
// about which of them holds (Lindley, Ann. Math. Stat. 27, 986 (1956); Box & Hill, Technometrics 9,
// 57 (1967)).
#pragma once

#include <span>

#include "theory/hypotheses/hypothesis.h"

namespace ronchi::theory {

struct AdvisorOptions {
  int draws = 64;  // outcomes imagined under each law
  uint64_t seed = 0;
};

// Mutual information of the outcome of an acquisition with these settings (its data are not looked
// at) and of which law holds, nat: 0 … ln of their number. Each law predicts with what is believed
// of its unknowns. A function of its arguments alone; its error is that of 64 draws a law.
double ExpectedInformation(std::vector<Hypothesis>& hypotheses, const Acquisition& candidate,
                           const AdvisorOptions& options = {});

// The candidate with the most expected information per cost (dose, or time; empty: all cost the
// same), the first of equals. Candidates are not empty.
size_t BestExperiment(std::vector<Hypothesis>& hypotheses, std::span<const Acquisition> candidates,
                      std::span<const double> costs = {}, const AdvisorOptions& options = {});

}  // namespace ronchi::theory
