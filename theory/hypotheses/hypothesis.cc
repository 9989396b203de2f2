#include "theory/hypotheses/hypothesis.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/angle.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;

constexpr double kReach = 5;  // prior standard deviations to either side: all but 6e-7
// Nodes along an axis, of one, two, three unknowns. The midpoint rule of a smooth peak that many
// nodes fall on is exact to round-off.
constexpr std::array<size_t, 3> kAlong = {129, 41, 17};
constexpr double kFewest = 4;     // effective nodes along an axis below which the grid closes in
constexpr double kNoWeight = 40;  // in the logarithm, below the largest

double LogSumExp(const std::vector<double>& x) {
  const double most = *std::max_element(x.begin(), x.end());
  if (!std::isfinite(most)) return most;
  double sum = 0;
  for (double v : x) sum += std::exp(v - most);
  return most + std::log(sum);
}

}  // namespace

absl::StatusOr<Hypothesis> Hypothesis::Create(std::string name,
                                              std::shared_ptr<const ForwardModel> law,
                                              Likelihood likelihood) {
  const ParameterSet& parameters = law->parameters();
  if (parameters.size() < 1 || parameters.size() > kAlong.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", parameters.size(), " unknowns; allowed: one to three"));
  }
  Hypothesis out;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& p = parameters[i];
    if (!p.rate_of.empty() || p.walk > 0 || p.jitter > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": ", p.name, " moves; hypotheses are about what stays"));
    }
    const double mean = parameters.PriorMean()[Index(i)], sigma = parameters.PriorSigma()[Index(i)];
    out.axes_.push_back({mean - kReach * sigma, mean + kReach * sigma});
  }
  out.name_ = std::move(name);
  out.law_ = std::move(law);
  out.likelihood_ = likelihood;
  out.Grid();
  out.Weigh();
  return out;
}

void Hypothesis::Grid() {
  const size_t along = kAlong[axes_.size() - 1];
  const State mean = law_->parameters().PriorMean(), sigma = law_->parameters().PriorSigma();
  size_t count = 1;
  double log_cell = 0;
  for (size_t d = 0; d < axes_.size(); ++d) {
    count *= along;
    log_cell += std::log((axes_[d].high - axes_[d].low) / double(along) /
                         (sigma[Index(d)] * std::sqrt(2 * kPi)));
  }
  nodes_.assign(count, State(Index(axes_.size())));
  log_weights_.assign(count, log_cell);
  known_.clear();
  for (size_t n = 0; n < count; ++n) {
    for (size_t d = 0, left = n; d < axes_.size(); ++d, left /= along) {
      const Axis& a = axes_[d];
      nodes_[n][Index(d)] = a.low + (a.high - a.low) * (double(left % along) + 0.5) / double(along);
    }
    log_weights_[n] -= (nodes_[n] - mean).cwiseQuotient(sigma).squaredNorm() / 2;
  }
  for (const Acquisition& a : data_) {
    const std::vector<Prediction>& predictions = Predictions(a);
    for (size_t n = 0; n < count; ++n) {
      log_weights_[n] += LogLikelihood(predictions[n], DataOf(a), likelihood_);
    }
  }
}

void Hypothesis::Weigh() {
  const double sum = LogSumExp(log_weights_);
  log_evidence_ = data_.empty() ? 0 : sum;  // what the prior has beyond the grid is left out
  weights_.resize(log_weights_.size());
  for (size_t n = 0; n < weights_.size(); ++n) {
    weights_[n] =
        std::isfinite(sum) ? std::exp(log_weights_[n] - sum) : 1.0 / double(nodes_.size());
  }
}

double Hypothesis::Nodes() const {
  double squares = 0;
  for (double w : weights_) squares += w * w;
  return 1 / squares;
}

bool Hypothesis::CloseIn() {
  const size_t along = kAlong[axes_.size() - 1];
  const double most = *std::max_element(log_weights_.begin(), log_weights_.end());
  bool closer = false;
  for (size_t d = 0; d < axes_.size(); ++d) {
    const double cell = (axes_[d].high - axes_[d].low) / double(along);
    double low = axes_[d].high, high = axes_[d].low;
    for (size_t n = 0; n < nodes_.size(); ++n) {
      if (log_weights_[n] < most - kNoWeight) continue;
      low = std::min(low, nodes_[n][Index(d)]);
      high = std::max(high, nodes_[n][Index(d)]);
    }
    // A cell more on either side, within what there was.
    const Axis next = {std::max(axes_[d].low, low - 1.5 * cell),
                       std::min(axes_[d].high, high + 1.5 * cell)};
    closer |= next.high - next.low < 0.7 * (axes_[d].high - axes_[d].low);
    axes_[d] = next;
  }
  return closer;
}

absl::Status Hypothesis::Update(const Acquisition& a) {
  RONCHI_RETURN_IF_ERROR(law_->Check(a));
  const std::vector<Prediction>& predictions = Predictions(a);
  for (size_t n = 0; n < nodes_.size(); ++n) {
    log_weights_[n] += LogLikelihood(predictions[n], DataOf(a), likelihood_);
  }
  data_.push_back(a);
  Weigh();
  while (Nodes() < std::pow(kFewest, double(axes_.size())) && CloseIn()) {
    Grid();
    Weigh();
  }
  return absl::OkStatus();
}

const std::vector<Prediction>& Hypothesis::Predictions(const Acquisition& at) {
  std::vector<Prediction>& known = known_[{at.settings, at.frames}];
  if (known.empty()) {
    for (const State& node : nodes_) {
      known.push_back(law_->Predict(law_->parameters().ToValues(node), at));
    }
  }
  return known;
}

std::vector<Hypothesis::Node> Hypothesis::Predict(const Acquisition& candidate) {
  constexpr double kLeast = 1e-6;
  const std::vector<Prediction>& all = Predictions(candidate);
  std::vector<Node> nodes;
  double sum = 0;
  for (size_t n = 0; n < all.size(); ++n) {
    if (weights_[n] < kLeast) continue;
    nodes.push_back({weights_[n], all[n]});
    sum += weights_[n];
  }
  for (Node& n : nodes) n.weight /= sum;
  return nodes;
}

State Hypothesis::mean() const {
  State mean = State::Zero(Index(axes_.size()));
  for (size_t n = 0; n < nodes_.size(); ++n) mean += weights_[n] * nodes_[n];
  return mean;
}

Eigen::MatrixXd Hypothesis::covariance() const {
  const State at = mean();
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(at.size(), at.size());
  for (size_t n = 0; n < nodes_.size(); ++n) {
    sum += weights_[n] * (nodes_[n] - at) * (nodes_[n] - at).transpose();
  }
  return sum;
}

std::vector<double> Probabilities(const std::vector<Hypothesis>& hypotheses) {
  std::vector<double> evidences;
  for (const Hypothesis& h : hypotheses) evidences.push_back(h.log_evidence());
  const double sum = LogSumExp(evidences);
  std::vector<double> out;
  for (double e : evidences) {
    out.push_back(std::isfinite(sum) ? std::exp(e - sum) : 1.0 / double(hypotheses.size()));
  }
  return out;
}

}  // namespace ronchi::theory
