#include "theory/monitor/monitor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"

namespace ronchi::theory {
namespace {

absl::StatusOr<std::unique_ptr<ChangeDetector>> MakeDetector(const MonitorStream& stream) {
  if (stream.make_detector) return stream.make_detector();
  if (stream.standardised) {
    StandardNormalOptions options;
    options.side = stream.side;
    return MakeStandardNormalDetector(options);
  }
  UnknownNormalOptions options;
  options.side = stream.side;
  options.reference = stream.reference;
  options.learning_frames = stream.learning_frames;
  return MakeUnknownNormalDetector(options);
}

absl::Status Check(const MonitorOptions& options) {
  if (!(options.frames_between_false_alarms >= 2 &&
        std::isfinite(options.frames_between_false_alarms))) {
    return absl::InvalidArgumentError(
        absl::StrCat("monitor: frames_between_false_alarms: ", options.frames_between_false_alarms,
                     " is not allowed; allowed: finite, at least 2"));
  }
  if (options.streams.empty()) return absl::InvalidArgumentError("monitor: no stream to watch");
  std::set<std::string> names;
  for (const MonitorStream& stream : options.streams) {
    if (stream.name.empty() || !names.insert(stream.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("monitor: stream '", stream.name, "': names must differ and not be empty"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MultiStreamMonitor> MultiStreamMonitor::Create(MonitorOptions options) {
  RONCHI_RETURN_IF_ERROR(Check(options));
  MultiStreamMonitor monitor(std::move(options));
  for (const MonitorStream& stream : monitor.options_.streams) {
    absl::StatusOr<std::unique_ptr<ChangeDetector>> detector = MakeDetector(stream);
    if (!detector.ok()) return Annotate(detector.status(), "stream '" + stream.name + "'");
    monitor.detectors_.push_back(*std::move(detector));
  }
  return monitor;
}

absl::StatusOr<MonitorReport> MultiStreamMonitor::Update(std::span<const double> values) {
  if (values.size() != detectors_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("monitor: ", values.size(), " values for ", detectors_.size(), " streams"));
  }
  for (size_t i = 0; i < values.size(); ++i) detectors_[i]->Update(values[i]);
  ++frames_;
  MonitorReport report = Report();
  alarm_ = report.alarm = alarm_ || report.log_statistic >= report.log_threshold;
  return report;
}

absl::StatusOr<MonitorReport> MultiStreamMonitor::Update(
    std::span<const std::pair<std::string, double>> values) {
  std::vector<double> in_order(options_.streams.size(), std::numeric_limits<double>::quiet_NaN());
  std::set<std::string> seen;
  for (const auto& [name, value] : values) {
    const auto stream = std::ranges::find(options_.streams, name, &MonitorStream::name);
    if (stream == options_.streams.end() || !seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("monitor: a value of '", name, "', which is ",
                       stream == options_.streams.end() ? "no stream" : "there twice"));
    }
    in_order[size_t(stream - options_.streams.begin())] = value;
  }
  return Update(in_order);
}

MonitorReport MultiStreamMonitor::Report() const {
  const size_t n = detectors_.size();
  MonitorReport report;
  report.frames = frames_;
  report.log_threshold = std::log(options_.frames_between_false_alarms);
  report.shares.assign(n, 0.0);
  std::vector<double> logs;
  for (const auto& detector : detectors_) logs.push_back(detector->LogStatistic());
  const size_t largest = std::max_element(logs.begin(), logs.end()) - logs.begin();
  const double top = logs[largest];
  if (top == -std::numeric_limits<double>::infinity()) {
    report.log_statistic = top;
    return report;
  }
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += report.shares[i] = std::exp(logs[i] - top);
  for (double& share : report.shares) share /= sum;
  report.log_statistic = top + std::log(sum / static_cast<double>(n));
  report.attribution = options_.streams[largest].name;
  report.frames_since_change = detectors_[largest]->FramesSinceChange();
  return report;
}

void MultiStreamMonitor::Rearm() {
  for (auto& detector : detectors_) detector->Rearm();
  frames_ = 0;
  alarm_ = false;
}

}  // namespace ronchi::theory
