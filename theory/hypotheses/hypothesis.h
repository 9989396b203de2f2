// One of several laws that compete for the same data, with what is believed of its one to three
// unknowns: a posterior on a grid that closes in as data come, and the evidence by quadrature on
// it. No normal distribution is assumed: a threshold may be known from one side alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "theory/hypotheses/likelihood.h"

namespace ronchi::theory {

// One thread at a time; a value.
class Hypothesis {
 public:
  // InvalidArgument: no or more than three unknowns, or a rate among them (what is compared does
  // not move).
  static absl::StatusOr<Hypothesis> Create(std::string name,
                                           std::shared_ptr<const ForwardModel> law,
                                           Likelihood likelihood);

  // InvalidArgument: what the law's Check refuses; nothing has changed then.
  absl::Status Update(const Acquisition& acquisition);

  const std::string& name() const { return name_; }
  const ForwardModel& law() const { return *law_; }
  Likelihood likelihood() const { return likelihood_; }
  double log_evidence() const { return log_evidence_; }  // ln p(all data | law); 0 without data
  // Of the unknowns' coordinates.
  State mean() const;
  Eigen::MatrixXd covariance() const;

  // What it predicts of an acquisition with these settings, at each node of the grid that has any
  // weight. Kept until the grid closes in.
  struct Node {
    double weight = 0;  // together 1
    Prediction prediction;
  };
  std::vector<Node> Predict(const Acquisition& candidate);

 private:
  Hypothesis() = default;
  struct Axis {
    double low = 0, high = 0;
  };
  void Grid();           // nodes of axes_, with the prior
  void Weigh();          // log_weights_ → weights, evidence
  bool CloseIn();        // axes_ about what has weight; false: they stay
  double Nodes() const;  // effective number
  const std::vector<Prediction>& Predictions(const Acquisition& at);

  std::string name_;
  std::shared_ptr<const ForwardModel> law_;
  Likelihood likelihood_ = Likelihood::kGaussian;
  std::vector<Axis> axes_;
  std::vector<State> nodes_;  // coordinates
  std::vector<double> log_weights_, weights_;
  std::vector<Acquisition> data_;
  double log_evidence_ = 0;
  // By settings and the number of frames: what a law that stays as it is depends on.
  std::map<std::pair<std::map<std::string, double>, int>, std::vector<Prediction>> known_;
};

// Of each, with equal prior probabilities: p(law | data).
std::vector<double> Probabilities(const std::vector<Hypothesis>& hypotheses);

}  // namespace ronchi::theory
