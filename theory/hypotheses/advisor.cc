#include "theory/hypotheses/advisor.h"

#include <cmath>

namespace ronchi::theory {
namespace {

using Nodes = std::vector<Hypothesis::Node>;

double PredictiveDensity(const Nodes& nodes, const Eigen::VectorXd& data, Likelihood likelihood) {
  double sum = 0;
  for (const Hypothesis::Node& n : nodes) {
    sum += n.weight * std::exp(LogLikelihood(n.prediction, data, likelihood));
  }
  return sum;
}

const Hypothesis::Node& DrawNode(const Nodes& nodes, RandomStream* random) {
  double left = random->Uniform();
  for (const Hypothesis::Node& n : nodes) {
    left -= n.weight;
    if (left < 0) return n;
  }
  return nodes.back();
}

}  // namespace

double ExpectedInformation(std::vector<Hypothesis>& hypotheses, const Acquisition& candidate,
                           const AdvisorOptions& o) {
  const std::vector<double> probability = Probabilities(hypotheses);
  std::vector<Nodes> nodes;
  for (Hypothesis& h : hypotheses) nodes.push_back(h.Predict(candidate));
  double information = 0;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    if (probability[i] < 1e-9) continue;
    // The same draws for every candidate.
    RandomStream random({.seed = o.seed, .name = "hypotheses.advisor", .environment = i});
    double sum = 0;
    for (int k = 0; k < o.draws; ++k) {
      const Eigen::VectorXd data =
          DrawData(DrawNode(nodes[i], &random).prediction, hypotheses[i].likelihood(), &random);
      double mixture = 0, own = 0;
      for (size_t j = 0; j < hypotheses.size(); ++j) {
        const double p = PredictiveDensity(nodes[j], data, hypotheses[j].likelihood());
        mixture += probability[j] * p;
        if (j == i) own = p;
      }
      if (own > 0) sum += std::log(own / mixture);
    }
    information += probability[i] * sum / o.draws;
  }
  return information;
}

size_t BestExperiment(std::vector<Hypothesis>& hypotheses, std::span<const Acquisition> candidates,
                      std::span<const double> costs, const AdvisorOptions& o) {
  size_t best = 0;
  double most = -INFINITY;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const double cost = costs.empty() ? 1 : costs[i];
    const double worth = ExpectedInformation(hypotheses, candidates[i], o) / cost;
    if (worth > most) {
      most = worth;
      best = i;
    }
  }
  return best;
}

}  // namespace ronchi::theory
