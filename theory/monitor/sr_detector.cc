#include "theory/monitor/sr_detector.h"

#include <Eigen/Core>
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "theory/monitor/kinds.h"
#include "theory/monitor/thinning.h"

namespace ronchi::theory {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
// Squares of larger values would overflow; such a value is as good as missing.
constexpr double kLargestValue = 1e150;
// Keeps R_t finite however long nobody stops; lowering R_t keeps the promise.
constexpr double kLargestStatistic = 1e300;

bool Usable(double z) { return std::abs(z) < kLargestValue; }  // false for NaN

double LogSumExp(const Eigen::Ref<const Eigen::ArrayXd>& logs) {
  const double top = logs.size() > 0 ? logs.maxCoeff() : kNone;
  return top == kNone ? kNone : top + std::log((logs - top).exp().sum());
}

// P(t < x), Student with `dof` degrees of freedom. From 20 on by Hill (1970), Algorithm 395: its
// error there, below 1e-10, is far less than the promise could notice; thirty times faster.
double StudentCdf(double dof, double x) {
  if (dof < 20) return boost::math::cdf(boost::math::students_t(dof), x);
  const double a = dof - 0.5, b = 48 * a * a;
  const double z2 = a * std::log1p(x * x / dof), z = std::sqrt(z2);
  const double correction =
      z * ((((-0.4 * z2 - 3.3) * z2 - 24) * z2 - 85.5) / (0.8 * z2 * z2 + 100 + b) + z2 + 3) / b;
  return 0.5 * std::erfc(-std::copysign(z + correction, x) / std::sqrt(2.0));
}

class UnknownNormalDetector final : public ChangeDetector {
 public:
  explicit UnknownNormalDetector(const UnknownNormalOptions& options)
      : options_(options),
        before_(options.candidates),
        prefix_(options.candidates),
        half_effect_(options.candidates),
        explained_(options.candidates),
        log_ratios_(options.candidates * options.tau.size()) {
    Rearm();
  }

  void Rearm() override {
    const ReferenceSummary& reference = options_.reference;
    n_ = static_cast<double>(reference.frames);
    origin_ = reference.mean;
    sum_ = 0;
    squares_ = reference.frames > 1
                   ? (n_ - 1) * reference.standard_deviation * reference.standard_deviation
                   : 0;
    learned_ = frames_ = since_change_ = 0;
    count_ = 0;
    log_statistic_ = kNone;
  }

  void Update(double z) override {
    if (!Usable(z)) return;
    if (learned_ < options_.learning_frames) {
      ++learned_;
    } else if (n_ > 0) {  // a change at the very first value cannot show
      AddCandidate();
      ++frames_;
    }
    Accumulate(z);
    if (count_ > 0) Evaluate();
  }

  double LogStatistic() const override { return log_statistic_; }
  int64_t Frames() const override { return frames_; }
  int64_t FramesSinceChange() const override { return since_change_; }

 private:
  // Values are counted from the first one (or the reference mean): exact under large offsets.
  void Accumulate(double z) {
    if (n_ == 0) origin_ = z;
    const double x = z - origin_;
    const double old_mean = n_ > 0 ? sum_ / n_ : 0;
    n_ += 1;
    sum_ += x;
    squares_ += (x - old_mean) * (x - sum_ / n_);  // Welford (1962)
  }

  void AddCandidate() {
    if (count_ == before_.size()) Thin();
    before_[count_] = n_;
    prefix_[count_] = sum_;
    ++count_;
  }

  void Thin() {
    count_ = ThinOlderHalf(count_, [this](Eigen::Index from, Eigen::Index to) {
      before_[to] = before_[from];
      prefix_[to] = prefix_[from];
    });
  }

  void Evaluate() {
    const Eigen::Index taus = static_cast<Eigen::Index>(options_.tau.size());
    const auto before = before_.head(count_);
    auto h = half_effect_.head(count_);
    auto explained = explained_.head(count_);
    h = before * (n_ - before) / n_;
    // Sum of the values after the change about the mean of all of them.
    const auto difference = before * (sum_ / n_) - prefix_.head(count_);
    if (squares_ > 0) {
      explained = (difference.square() / (h * squares_)).min(1.0);
    } else {
      explained = 0;
    }
    Eigen::Index best = 0;
    double best_log = kNone;
    for (Eigen::Index k = 0; k < taus; ++k) {
      const double tau = options_.tau[k];
      auto logs = log_ratios_.segment(k * count_, count_);
      // LogChangeRatio for all candidates at once; that function is its reference in the tests.
      logs = -0.5 * (h * (tau * tau)).log1p() -
             0.5 * (n_ - 1) * (-explained * (1 - 1 / (1 + h * (tau * tau)))).log1p();
      if (options_.side == ShiftSide::kUp) KeepUpward(tau, difference, &logs);
      Eigen::Index at;
      const double top = logs.maxCoeff(&at);
      if (top > best_log) {
        best_log = top;
        best = at;
      }
    }
    since_change_ = static_cast<int64_t>(n_ - before_[best]);
    log_statistic_ = LogSumExp(log_ratios_.head(taus * count_)) - std::log(taus);
  }

  // The prior restricted to delta > 0: times 2 P(delta > 0 | values), and that posterior is
  // Student's t with n - 1 degrees of freedom.
  template <class Difference, class Logs>
  void KeepUpward(double tau, const Difference& difference, Logs* logs) const {
    for (Eigen::Index i = 0; i < count_; ++i) {
      const double shrink = 1 / (1 + half_effect_[i] * tau * tau);
      const double left = squares_ * (1 - explained_[i] * (1 - shrink));
      if (!(left > 0)) continue;
      const double t = difference[i] * tau * std::sqrt(shrink * (n_ - 1) / left);
      (*logs)[i] += std::log(2 * StudentCdf(n_ - 1, t));
    }
  }

  const UnknownNormalOptions options_;
  double n_ = 0, origin_ = 0, sum_ = 0, squares_ = 0;  // count; sum from the origin; about the mean
  int64_t learned_ = 0, frames_ = 0, since_change_ = 0;
  Eigen::Index count_ = 0;          // candidates in use
  Eigen::ArrayXd before_, prefix_;  // a candidate's number of values before it, and their sum
  Eigen::ArrayXd half_effect_, explained_, log_ratios_;  // scratch
  double log_statistic_ = kNone;
};

class StandardNormalDetector final : public ChangeDetector {
 public:
  explicit StandardNormalDetector(const StandardNormalOptions& options) : clip_(options.clip) {
    for (double shift : options.shifts) {
      shifts_.push_back(shift);
      if (options.side == ShiftSide::kBoth) shifts_.push_back(-shift);
    }
    Rearm();
  }

  void Rearm() override {
    statistics_.assign(shifts_.size(), 0.0);
    log_peaks_.assign(shifts_.size(), 0.0);
    since_.assign(shifts_.size(), 0);
    frames_ = 0;
  }

  void Update(double z) override {
    if (!Usable(z)) return;
    ++frames_;
    z = std::clamp(z, -clip_, clip_);
    for (size_t k = 0; k < shifts_.size(); ++k) {
      const double log_ratio = shifts_[k] * z - shifts_[k] * shifts_[k] / 2;
      statistics_[k] = std::min((1 + statistics_[k]) * std::exp(log_ratio), kLargestStatistic);
      // The likeliest change of this size: where Page's sum last left zero.
      since_[k] = log_peaks_[k] > 0 ? since_[k] + 1 : 1;
      log_peaks_[k] = std::max(0.0, log_peaks_[k]) + log_ratio;
    }
  }

  double LogStatistic() const override {
    double sum = 0;
    for (double statistic : statistics_) sum += statistic / statistics_.size();
    return frames_ > 0 ? std::log(sum) : kNone;
  }
  int64_t Frames() const override { return frames_; }
  int64_t FramesSinceChange() const override {
    return since_[std::max_element(log_peaks_.begin(), log_peaks_.end()) - log_peaks_.begin()];
  }

 private:
  const double clip_;
  std::vector<double> shifts_, statistics_, log_peaks_;
  std::vector<int64_t> since_;
  int64_t frames_ = 0;
};

absl::Status CheckPositive(const std::vector<double>& values, std::string_view name) {
  if (values.empty()) return absl::InvalidArgumentError(std::string(name) + ": none given");
  for (double value : values) {
    if (!(value > 0 && std::isfinite(value))) {
      return absl::InvalidArgumentError(std::string(name) + ": " + std::to_string(value) +
                                        " is not allowed; allowed: finite, above 0");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckReference(const ReferenceSummary& reference) {
  const bool spread_known =
      reference.standard_deviation > 0 && std::isfinite(reference.standard_deviation);
  if (reference.frames >= 0 && std::isfinite(reference.mean) &&
      (reference.frames < 2 || spread_known)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "monitor reference: needs frames >= 0, a finite mean and, from two frames on, a standard "
      "deviation above 0");
}

}  // namespace

ReferenceSummary SummariseReference(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  const auto [low, high] = std::ranges::minmax_element(values);
  if (values.empty() || *low == *high) {  // a sum would leave a round-off for a spread
    return {static_cast<int64_t>(values.size()), values.empty() ? 0 : *low, 0};
  }
  double mean = 0, squares = 0;
  for (double value : values) mean += value / n;
  for (double value : values) squares += (value - mean) * (value - mean);
  return {static_cast<int64_t>(values.size()), mean, n > 1 ? std::sqrt(squares / (n - 1)) : 0};
}

double LogChangeRatio(int64_t frames, int64_t after, double explained, double tau) {
  const double n = static_cast<double>(frames);
  const double h = static_cast<double>(after) * (n - static_cast<double>(after)) / n;
  const double x = h * tau * tau;
  return -0.5 * std::log1p(x) - 0.5 * (n - 1) * std::log1p(-explained * x / (1 + x));
}

absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeUnknownNormalDetector(
    const UnknownNormalOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckPositive(options.tau, "monitor tau"));
  RONCHI_RETURN_IF_ERROR(CheckReference(options.reference));
  if (options.candidates < 8 || options.learning_frames < 0) {
    return absl::InvalidArgumentError("monitor: needs candidates >= 8 and learning_frames >= 0");
  }
  return std::make_unique<UnknownNormalDetector>(options);
}

absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeStandardNormalDetector(
    const StandardNormalOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckPositive(options.shifts, "monitor shifts"));
  RONCHI_RETURN_IF_ERROR(CheckPositive({options.clip}, "monitor clip"));
  return std::make_unique<StandardNormalDetector>(options);
}

MonitorKind ShiryaevRobertsKind() {
  return {.name = "shiryaev_roberts",
          .summary = "a lasting shift of the mean, whatever mean and spread are in control",
          .assumes =
              "independent normal frames; the first learning_frames, or those of the "
              "policy's file, in control",
          .make = [](const MonitorRequest& r) {
            return MakeUnknownNormalDetector(
                {.reference = r.reference_frames.empty() ? r.reference
                                                         : SummariseReference(r.reference_frames),
                 .learning_frames = r.learning_frames});
          }};
}

MonitorKind ShiryaevRobertsKnownKind() {
  return {.name = "shiryaev_roberts_known",
          .summary =
              "a lasting shift of what is standard normal in control, as innovations of a "
              "calibrated theory are",
          .assumes =
              "independent frames, symmetric about 0, with tails no heavier than N(0, 1); "
              "nothing is learned",
          .make = [](const MonitorRequest&) { return MakeStandardNormalDetector({}); }};
}

}  // namespace ronchi::theory
