// A lasting shift of frames whose distribution in control is not known at all: sequential ranks
// (Bhattacharya & Frierson, Ann. Statist. 9, 544 (1981); McDonald, Naval Research Logistics 37, 627
// (1990)) with normal scores, by the Shiryaev–Roberts statistic (Gordon & Pollak, Ann. Statist. 22,
// 763 (1994)).
//
// The rank r_t of frame t among the first t, itself included, is uniform on 1 … t and independent
// of the ranks before it, whatever continuous distribution independent (or exchangeable) frames
// have (Rényi 1962). Its score is z_t = Φ⁻¹((r_t − ½)/t). For a shift δ the factor exp(δ z_t −
// δ²/2) has mean at most one: the ranks' midpoints lie symmetrically, so that the mean of exp(δ z)
// is that of cosh(δ z), which is convex in u = Φ(z), and the midpoint rule of a convex function is
// at most its integral, exp(δ²/2). So R_t = (1 + R_{t−1}) exp(δ z_t − δ²/2), and the mean of
// several of them, is an e-detector without any reference but the order of the frames.
//
// Frames that are equal share the mean of their ranks: a score nearer to 0, which lowers R_t.
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "theory/monitor/kinds.h"

namespace ronchi::theory {
namespace {

class SequentialRanks final : public ChangeDetector {
 public:
  SequentialRanks(const MonitorRequest& request, std::unique_ptr<ChangeDetector> of_scores)
      : known_(request.reference_frames),
        wanted_(known_.size() + size_t(request.learning_frames)),
        of_scores_(std::move(of_scores)) {
    Rearm();
  }

  void Update(double value) override {
    if (!std::isfinite(value)) return;
    const auto [first, last] = std::equal_range(seen_.begin(), seen_.end(), value);
    const double below = double(first - seen_.begin()), equal = double(last - first) + 1;
    seen_.insert(last, value);  // 20 µs among 10⁵
    if (seen_.size() <= wanted_) return;
    const double u = (below + equal / 2) / double(seen_.size());
    of_scores_->Update(boost::math::quantile(boost::math::normal(), u));
  }

  double LogStatistic() const override { return of_scores_->LogStatistic(); }
  int64_t Frames() const override { return of_scores_->Frames(); }
  int64_t FramesSinceChange() const override { return of_scores_->FramesSinceChange(); }
  void Rearm() override {
    seen_ = known_;
    std::ranges::sort(seen_);
    of_scores_->Rearm();
  }

 private:
  const std::vector<double> known_;
  const size_t wanted_;                        // frames of the reference
  std::unique_ptr<ChangeDetector> of_scores_;  // standard normal in control, but for the steps of u
  std::vector<double> seen_;                   // sorted
};

absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeSequentialRanks(const MonitorRequest& request) {
  if (request.reference.frames > 0) {
    return absl::InvalidArgumentError(
        "sequential_ranks compares frames one by one, and a policy's file has their mean and "
        "spread alone; allowed: monitor.reference deployment");
  }
  RONCHI_ASSIGN_OR_RETURN(auto of_scores, MakeStandardNormalDetector({}));
  return std::make_unique<SequentialRanks>(request, std::move(of_scores));
}

}  // namespace

MonitorKind SequentialRanksKind() {
  return {.name = "sequential_ranks",
          .summary = "a lasting shift of frames of any distribution, by their ranks",
          .assumes =
              "independent frames, the first learning_frames in control; neither their mean "
              "nor their spread nor the shape of their distribution",
          .make = MakeSequentialRanks};
}

}  // namespace ronchi::theory
