#include "experiments/monitor/stream_watch.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi {

StreamWatch::StreamWatch(std::vector<std::string> names, StreamWatchOptions options)
    : names_(std::move(names)), options_(std::move(options)), references_(names_.size()) {}

absl::StatusOr<StreamWatch> StreamWatch::Create(std::vector<std::string> names,
                                                StreamWatchOptions options) {
  StreamWatch watch(std::move(names), std::move(options));
  const absl::StatusOr<const theory::MonitorKind*> kind =
      theory::FindMonitorKind(watch.options_.method);
  if (!kind.ok()) return Annotate(kind.status(), "--method");
  watch.kind_ = *kind;
  if (watch.options_.whiten > 0 && watch.options_.reference == 0) {
    return absl::InvalidArgumentError(
        "--whiten: needs --reference, the frames from which it is learned");
  }
  if (watch.options_.reference == 0) RONCHI_RETURN_IF_ERROR(watch.Arm());
  return watch;
}

// From the references as they are.
absl::Status StreamWatch::Arm() {
  theory::MonitorOptions options{.frames_between_false_alarms = options_.promise};
  for (size_t i = 0; i < names_.size(); ++i) {
    std::vector<double> reference = std::move(references_[i]);
    if (options_.whiten > 0) {
      absl::StatusOr<theory::Whitening> learned =
          theory::Whitening::Learn(reference, options_.whiten);
      if (!learned.ok()) return Annotate(learned.status(), "stream '" + names_[i] + "'");
      reference = learned->reference();
      whitenings_.push_back(*std::move(learned));
    }
    std::erase_if(reference, [](double value) { return !std::isfinite(value); });
    options.streams.push_back(
        {.name = names_[i], .make_detector = [kind = kind_, reference, seed = options_.seed] {
           return kind->make({.reference_frames = reference, .seed = seed});
         }});
  }
  RONCHI_ASSIGN_OR_RETURN(monitor_, theory::MultiStreamMonitor::Create(std::move(options)));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<StreamAlarm>> StreamWatch::Take(std::span<const double> row) {
  const int64_t frame = frames_++;
  if (!monitor_) {
    for (size_t i = 0; i < row.size(); ++i) references_[i].push_back(row[i]);
    if (frames_ == options_.reference) RONCHI_RETURN_IF_ERROR(Arm());
    return std::nullopt;
  }
  std::vector<double> values(row.begin(), row.end());
  for (size_t i = 0; i < whitenings_.size(); ++i) values[i] = whitenings_[i].Next(values[i]);
  RONCHI_ASSIGN_OR_RETURN(const theory::MonitorReport report, monitor_->Update(values));
  if (!report.alarm) return std::nullopt;
  monitor_->Rearm();
  return StreamAlarm{.frame = frame,
                     .log_statistic = report.log_statistic,
                     .attribution = report.attribution,
                     .frames_since_change = report.frames_since_change,
                     .shares = report.shares};
}

}  // namespace ronchi
