// How long a watch really runs: promised against measured, on streams of a named kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "experiments/monitor/stream_watch.h"

namespace ronchi {

// "gaussian", "student_t3", "ar1" (0.5 from frame to frame), "poisson" (of mean 3), "cauchy".
std::vector<std::string> StreamKindNames();

struct RunLengthMeasured {
  double shift = 0;  // in standard deviations of a frame (of Cauchy's, scales); 0: none
  double mean = 0, standard_error = 0;  // frames from the change to the alarm, that one included
  int64_t runs = 0;                     // that were quiet until the change
  int64_t cut = 0;                      // that ran to the limit: the mean is a lower bound
  // Of Gaussian frames: what the CUSUM of that promise takes from its start which knows mean,
  // spread and shift: the shortest worst delay there can be.
  std::optional<double> cusum;
};

struct RunLengthsOptions {
  StreamWatchOptions watch;  // its reference is drawn anew for every run
  std::vector<double> shifts = {0.5, 1, 2};
  int64_t quiet = 50;  // frames between the reference and the shift
  int64_t runs = 400;
};

// The run length without a change first, from the reference's end, cut at 20 promises; then the
// delays. InvalidArgument: no such kind, or what the watch refuses.
absl::StatusOr<std::vector<RunLengthMeasured>> MeasureRunLengths(const std::string& kind,
                                                                 const RunLengthsOptions& options);

}  // namespace ronchi
