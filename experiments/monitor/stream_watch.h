// Streams of numbers from anywhere, a row a frame, watched by any sequential test of
// theory/monitor: `ronchi monitor`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "theory/monitor/kinds.h"
#include "theory/monitor/monitor.h"
#include "theory/monitor/whitening.h"

namespace ronchi {

struct StreamWatchOptions {
  double promise = 1000;                    // mean frames between false alarms, at least
  int64_t reference = 0;                    // the first so many frames are in control
  std::string method = "shiryaev_roberts";  // of theory::MonitorKinds()
  int whiten = 0;     // order of the autoregression that frames follow; 0: independent
  uint64_t seed = 1;  // of lots that a test draws
};

struct StreamAlarm {
  int64_t frame = 0;                // counted from 0, the reference with it
  double log_statistic = 0;         // of R_t, at least the promise's
  std::string attribution;          // the stream with the largest share of it
  int64_t frames_since_change = 0;  // that one included
  std::vector<double> shares;       // in the order of the streams
};

class StreamWatch {
 public:
  // InvalidArgument: what the test or the whitening cannot do, with the option.
  static absl::StatusOr<StreamWatch> Create(std::vector<std::string> names,
                                            StreamWatchOptions options);

  // A row, NaN where a number is missing. An alarm, if it raises one: the test is armed anew then,
  // with the same reference. InvalidArgument: a reference that the test cannot use.
  absl::StatusOr<std::optional<StreamAlarm>> Take(std::span<const double> row);

  int64_t frames() const { return frames_; }

 private:
  StreamWatch(std::vector<std::string> names, StreamWatchOptions options);
  absl::Status Arm();

  std::vector<std::string> names_;
  StreamWatchOptions options_;
  const theory::MonitorKind* kind_ = nullptr;
  std::vector<std::vector<double>> references_;  // of each stream
  std::vector<theory::Whitening> whitenings_;
  std::optional<theory::MultiStreamMonitor> monitor_;  // from the end of the reference on
  int64_t frames_ = 0;
};

}  // namespace ronchi
