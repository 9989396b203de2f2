// Measures how long a detector runs: the harness that the statistical tests and the bench share.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/parallel.h"
#include "core/random.h"

namespace ronchi {

struct RunLengthOptions {
  double threshold = 0;    // on LogStatistic()
  double shift = 0;        // of the mean, in standard deviations
  int64_t change_at = 0;   // frames before the shift; runs that end there are left out
  int64_t limit = 100000;  // frames at which a run is cut: the mean is then a lower bound
  size_t runs = 1000;
  double mean = 0, sigma = 1;  // in control
};

struct RunLength {
  double mean = 0;            // frames after the change up to the alarm, that one included
  double standard_error = 0;  // of the mean
  size_t runs = 0;            // that reached the change
};

// `make(run)` gives a pointer to a fresh detector with Update(double) and LogStatistic().
template <class Make>
RunLength MeasureRunLength(const RunLengthOptions& options, const Make& make) {
  std::vector<double> lengths(options.runs, -1);
  ParallelFor(options.runs, 8, [&](size_t begin, size_t end) {
    for (size_t run = begin; run < end; ++run) {
      auto detector = make(run);
      RandomStream random({.seed = 1, .name = "tests.run_length", .environment = run});
      int64_t frame = 0;
      double statistic = 0;
      do {
        const double shift = frame >= options.change_at ? options.shift : 0;
        detector->Update(options.mean + options.sigma * (shift + random.Normal()));
        statistic = detector->LogStatistic();
        ++frame;
      } while (statistic < options.threshold && frame < options.limit);
      lengths[run] = static_cast<double>(frame - options.change_at);
    }
  });
  RunLength result;
  double sum = 0, squares = 0;
  for (double length : lengths) {
    if (length <= 0) continue;
    ++result.runs;
    sum += length;
    squares += length * length;
  }
  const double n = static_cast<double>(result.runs);
  result.mean = sum / n;
  result.standard_error = std::sqrt((squares / n - result.mean * result.mean) / n);
  return result;
}

}  // namespace ronchi
