// Shiryaev-Roberts detectors of a shift in the mean of independent normal values.
//
// In control z_i ~ N(mu, sigma^2); from frame nu on, z_i ~ N(mu + delta sigma, sigma^2). With
// L_t(nu) the likelihood ratio of "changed at nu" to "never", R_t = sum over nu <= t of L_t(nu).
// Each L_t(nu) is a martingale of mean one and starts at one, so R_t - t is a martingale of mean
// zero, and E[T] >= A for T = first R_t >= A, without any limit theorem (docs/monitors.md).
//
// mu and sigma unknown: both are integrated out under both hypotheses with the right Haar prior
// dmu dsigma / sigma, which makes L_t(nu) the likelihood ratio of what is left when location and
// scale are divided out. It has mean one whatever mu and sigma are, from the second frame on.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/status.h"
#include "theory/monitor/change_detector.h"

namespace ronchi::theory {

enum class ShiftSide { kBoth, kUp };

// Frames that are known to be in control, by their sufficient statistics: the monitor's reference
// in a policy file.
struct ReferenceSummary {
  int64_t frames = 0;
  double mean = 0;
  double standard_deviation = 0;  // with frames - 1 in the denominator; used from 2 frames on
};
ReferenceSummary SummariseReference(std::span<const double> values);

struct UnknownNormalOptions {
  // Prior of the shift: delta ~ N(0, tau^2), averaged over these tau with equal weights, so that
  // small and large shifts are both found. In units of the unknown sigma. Larger tau win a third of
  // a frame at 4 sigma and lose several at 0.5 sigma (bench/theory/detector_delay).
  std::vector<double> tau = {0.5, 1, 2};
  ShiftSide side = ShiftSide::kBoth;  // kUp: delta > 0 only, the half-normal prior
  ReferenceSummary reference = {};
  // The first values after arming that are taken as in control, beside the reference.
  int64_t learning_frames = 0;
  // At most this many moments of change are kept, ever more thinly into the past. Dropping one
  // can only lower R_t, so the promise stands. The cost of an update is proportional to it.
  int64_t candidates = 256;
};

// In-control mean and standard deviation unknown.
// InvalidArgument: no tau, a tau that is not positive, a bad reference, fewer than 8 candidates.
absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeUnknownNormalDetector(
    const UnknownNormalOptions& options);

struct StandardNormalOptions {
  // Sizes of shift in standard deviations, equally weighted; kBoth also watches their negatives.
  std::vector<double> shifts = {0.1, 0.2, 0.4, 0.8, 1.6};
  ShiftSide side = ShiftSide::kBoth;
  // Values are cut to +-clip, so that one wild frame is no lasting change. The promise stands: the
  // distribution is symmetric, so E exp(d clip(z)) = E cosh(d clip(z)) <= E cosh(d z).
  double clip = 4;
};

// In control N(0, 1): whitened innovations of a calibrated belief. A handful of operations a frame.
// InvalidArgument: no shift, or a shift or a clip that is not positive.
absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeStandardNormalDetector(
    const StandardNormalOptions& options);

// log L_t(nu) of one tau, mu and sigma unknown, two-sided. With n = frames >= 2, of which `after`
// (1 … n-1) lie after the change, h = after (n - after) / n, and `explained` = F in [0, 1] the
// share of the sum of squares about the mean that lies between the two groups,
//   L = (1 + h tau^2)^(-1/2) (1 - F h tau^2 / (1 + h tau^2))^(-(n-1)/2).
double LogChangeRatio(int64_t frames, int64_t after, double explained, double tau);

}  // namespace ronchi::theory
