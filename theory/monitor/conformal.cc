// A lasting shift of frames of any distribution against a fixed reference, however small: its N
// frames are sorted once, and of each later frame it is looked at in which of the N + 1 gaps
// between them it falls. Nothing of the reference is overwritten by frames after the change.
//
// For independent (or exchangeable) frames of any continuous distribution the gaps' probabilities
// are Dirichlet(1, …, 1) over reference sets (Wilks, Mathematical Statistics, 1962, 8.7), so that
// with n_k of the t frames so far in gap k the next falls into it with probability
//   p_k = (1 + n_k)/(N + 1 + t)
// exactly, whatever N is: conformal p-values against one reference depend on each other in just
// this way, which conditional conformal martingales allow for (Shaer et al., arXiv 2602.13848). If
// the mean shifted at ν, frames fall into gap k with the probabilities as they were known then,
// tilted by the gap's normal score s_k = Φ⁻¹((k + ½)/(N + 1)):
//   q_k = (1 + n_k(ν)) exp(δ s_k)/S,   S = Σ (1 + n_k(ν)) exp(δ s_k).
// q_k/p_k has mean Σ p_k q_k/p_k = 1 given all frames before it: the product over the frames since
// ν is a martingale, without any inequality, and the sum over ν and mean over δ an e-detector.
//
// Frames that are equal are ordered by lot.
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/random.h"
#include "theory/monitor/kinds.h"
#include "theory/monitor/thinning.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;

constexpr std::array<double, 10> kTilts = {-1.6, -0.8, -0.4, -0.2, -0.1, 0.1, 0.2, 0.4, 0.8, 1.6};
// At most so many moments of change are kept, ever more thinly into the past; dropping one lowers
// the statistic.
constexpr Index kMoments = 256;
constexpr double kNothing = -std::numeric_limits<double>::infinity();

class FixedReference final : public ChangeDetector {
 public:
  explicit FixedReference(const MonitorRequest& request)
      : known_(request.reference_frames),
        wanted_(known_.size() + size_t(request.learning_frames)),
        seed_(request.seed),
        moment_(kMoments),
        log_sums_(kMoments, Index(kTilts.size())),
        log_ratios_(kMoments, Index(kTilts.size())) {
    Rearm();
  }

  void Update(double value) override {
    if (!std::isfinite(value)) return;
    const Placed frame = {value, lots_.Uniform()};
    if (reference_.size() < wanted_) return Learn(frame);
    AddMoment();
    Bet(size_t(std::ranges::upper_bound(reference_, frame) - reference_.begin()));
  }

  double LogStatistic() const override { return log_statistic_; }
  int64_t Frames() const override { return frames_; }
  int64_t FramesSinceChange() const override { return since_change_; }

  void Rearm() override {
    lots_ = RandomStream({.seed = seed_, .name = "monitor.conformal"});
    frames_ = since_change_ = 0;
    count_ = 0;
    log_statistic_ = kNothing;
    reference_.clear();
    for (double value : known_) Learn({value, lots_.Uniform()});
  }

 private:
  using Placed = std::pair<double, double>;  // the value, and the lot among equals

  void Learn(const Placed& frame) {
    reference_.insert(std::ranges::upper_bound(reference_, frame), frame);
    if (reference_.size() == wanted_) Begin();
  }

  void Begin() {
    const size_t gaps = reference_.size() + 1;
    hits_.assign(gaps, {});
    scores_.resize(gaps);
    sums_.fill(0);
    for (size_t k = 0; k < gaps; ++k) {
      scores_[k] = boost::math::quantile(boost::math::normal(), (double(k) + 0.5) / double(gaps));
      AddToSums(k);
    }
  }

  void AddToSums(size_t gap) {
    for (size_t i = 0; i < kTilts.size(); ++i) sums_[i] += std::exp(kTilts[i] * scores_[gap]);
  }

  // The next frame may be the first after a change.
  void AddMoment() {
    if (count_ == kMoments) Thin();
    moment_[count_] = frames_;
    for (size_t i = 0; i < kTilts.size(); ++i) log_sums_(count_, Index(i)) = std::log(sums_[i]);
    log_ratios_.row(count_).setZero();
    ++count_;
  }

  void Thin() {
    count_ = ThinOlderHalf(count_, [this](Index from, Index to) {
      moment_[size_t(to)] = moment_[size_t(from)];
      log_sums_.row(to) = log_sums_.row(from);
      log_ratios_.row(to) = log_ratios_.row(from);
    });
  }

  void Bet(size_t gap) {
    std::vector<int64_t>& hits = hits_[gap];
    const double log_p =
        std::log((1 + double(hits.size())) / (double(hits_.size()) + double(frames_)));
    for (Index i = 0; i < count_; ++i) {
      const auto before = std::ranges::lower_bound(hits, moment_[i]) - hits.begin();
      const double log_weight = std::log1p(double(before)) - log_p;
      for (Index k = 0; k < Index(kTilts.size()); ++k) {
        log_ratios_(i, k) += log_weight + kTilts[size_t(k)] * scores_[gap] - log_sums_(i, k);
      }
    }
    hits.push_back(frames_++);
    AddToSums(gap);
    Index best = 0, tilt = 0;
    const double top = log_ratios_.topRows(count_).maxCoeff(&best, &tilt);
    since_change_ = frames_ - moment_[best];
    log_statistic_ =
        top + std::log((log_ratios_.topRows(count_) - top).exp().sum() / double(kTilts.size()));
  }

  const std::vector<double> known_;
  const size_t wanted_;  // frames of the reference
  const uint64_t seed_;
  RandomStream lots_{{}};
  std::vector<Placed> reference_;           // sorted
  std::vector<double> scores_;              // of the gaps
  std::vector<std::vector<int64_t>> hits_;  // of each gap: which frames fell into it
  std::array<double, kTilts.size()> sums_;  // Σ (1 + n_k) exp(δ s_k)
  int64_t frames_ = 0, since_change_ = 0;
  Index count_ = 0;  // moments in use
  std::vector<int64_t> moment_;
  Eigen::ArrayXXd log_sums_, log_ratios_;  // [moments, tilts]
  double log_statistic_ = kNothing;
};

absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeFixedReference(const MonitorRequest& request) {
  if (request.reference.frames > 0) {
    return absl::InvalidArgumentError(
        "conformal compares frames one by one, and a policy's file has their mean and spread "
        "alone; allowed: monitor.reference deployment");
  }
  if (request.reference_frames.size() + size_t(request.learning_frames) < 2) {
    return absl::InvalidArgumentError(
        "conformal: needs at least 2 frames of reference, better 20 or more");
  }
  return std::make_unique<FixedReference>(request);
}

}  // namespace

MonitorKind ConformalKind() {
  return {.name = "conformal",
          .summary = "a lasting shift of frames of any distribution against a fixed reference",
          .assumes =
              "independent frames, the first learning_frames in control; neither their mean "
              "nor their spread nor the shape of their distribution, however few they are",
          .make = MakeFixedReference};
}

}  // namespace ronchi::theory
