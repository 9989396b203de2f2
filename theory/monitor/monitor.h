// Watches several named streams of residuals at once, one a physical parameter ("C10", "C12a",
// "shift_x", "dose", …, "unexplained"), and keeps one promise for all of them together: the mean of
// their statistics R_t is again an e-detector, so a false alarm comes no sooner than every
// `frames_between_false_alarms` frames on average. An alarm names the stream that moved.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "theory/monitor/sr_detector.h"

namespace ronchi::theory {

struct MonitorStream {
  std::string name;
  // Whitened already (in control N(0, 1)), as are a belief's innovations; otherwise mean and
  // standard deviation in control are unknown.
  bool standardised = false;
  ShiftSide side = ShiftSide::kBoth;  // kUp suits norms: "unexplained"
  ReferenceSummary reference = {};    // only for streams that are not standardised
  int64_t learning_frames = 0;        // likewise
  // Makes a detector of another kind, which these numbers are not for; its statistic must be an
  // e-detector (theory/monitor/change_detector.h), on which the promise rests.
  std::function<absl::StatusOr<std::unique_ptr<ChangeDetector>>()> make_detector = {};
};

struct MonitorOptions {
  double frames_between_false_alarms = 1000;  // promised mean, at least 2
  std::vector<MonitorStream> streams;
};

struct MonitorReport {
  bool alarm = false;               // from the first frame at the threshold until Rearm
  double log_statistic = 0;         // log of the mean R_t; -infinity before any evidence
  double log_threshold = 0;         // log of the promise
  int64_t frames = 0;               // since armed
  std::string attribution;          // the stream with the largest share; empty before any evidence
  int64_t frames_since_change = 0;  // of that stream: how many of its last values are affected
  std::vector<double> shares;       // of R_t, in the order of the streams; sum 1, or all 0
};

// The promise is proven for streams that are independent of each other, and for standardised ones
// even when dependent; for dependent streams of unknown spread it is kept in simulation only
// (docs/monitors.md). Frames must be independent over time. Not thread-safe.
class MultiStreamMonitor {
 public:
  // InvalidArgument: no stream, a name that is empty or twice there, a promise below 2, or
  // what the stream's detector refuses.
  static absl::StatusOr<MultiStreamMonitor> Create(MonitorOptions options);

  // One frame: a value a stream, in the order of the options; NaN where there is none.
  // InvalidArgument: the wrong number of values.
  absl::StatusOr<MonitorReport> Update(std::span<const double> values);
  // The same by name, in any order; a stream that is not named has no value in this frame.
  // InvalidArgument: a name that is no stream's, or there twice; the frame does not count then.
  absl::StatusOr<MonitorReport> Update(std::span<const std::pair<std::string, double>> values);

  // Starts again after an alarm was dealt with; references and options stay.
  void Rearm();

  const MonitorOptions& options() const { return options_; }

 private:
  explicit MultiStreamMonitor(MonitorOptions options) : options_(std::move(options)) {}
  MonitorReport Report() const;

  MonitorOptions options_;
  std::vector<std::unique_ptr<ChangeDetector>> detectors_;
  int64_t frames_ = 0;
  bool alarm_ = false;
};

}  // namespace ronchi::theory
