// `ronchi monitor`: the sequential tests of theory/monitor on streams from anywhere.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "core/printable.h"
#include "experiments/command/command_line.h"
#include "experiments/monitor/csv_rows.h"
#include "experiments/monitor/run_lengths.h"

namespace ronchi {
namespace {

using nlohmann::json;

StreamWatchOptions WatchOptions(const Arguments& a) {
  StreamWatchOptions o{
      .promise = a.promise, .reference = a.reference, .method = a.method, .whiten = a.whiten};
  if (o.method == "sr") o.method = "shiryaev_roberts";
  o.seed = a.seed.value_or(1);
  return o;
}

json ToJson(const StreamWatchOptions& o) {
  return {{"promise", o.promise},
          {"reference", o.reference},
          {"method", o.method},
          {"whiten", o.whiten},
          {"seed", o.seed}};
}

int SimulateStreams(const Arguments& a, const std::string& kind) {
  const RunLengthsOptions options{.watch = WatchOptions(a), .runs = a.runs};
  const auto measured = MeasureRunLengths(kind, options);
  if (!measured.ok()) return Fail(measured.status());
  if (a.as_json) {
    json out = ToJson(options.watch);
    out["kind"] = kind;
    for (const RunLengthMeasured& m : *measured) {
      const json row = {
          {"mean", m.mean}, {"standard_error", m.standard_error}, {"runs", m.runs}, {"cut", m.cut}};
      if (m.shift == 0) {
        out["run_length"] = row;
        continue;
      }
      out["delays"].push_back(row);
      out["delays"].back()["shift"] = m.shift;
      if (m.cusum) out["delays"].back()["cusum"] = *m.cusum;
    }
    PrintJson(out);
    return Finish();
  }
  std::printf("%s frames, %s, %lld of reference, %lld runs\n", kind.c_str(),
              options.watch.method.c_str(), (long long)options.watch.reference,
              (long long)options.runs);
  for (const RunLengthMeasured& m : *measured) {
    if (m.shift == 0) {
      std::printf("frames between false alarms  promised %-8.4g measured %.4g ± %.2g%s\n",
                  options.watch.promise, m.mean, m.standard_error,
                  m.cut ? absl::StrCat("; ", m.cut, " runs cut, so at least that").c_str() : "");
    } else {
      std::printf(
          "delay of a shift by %-4.3g     %.4g ± %.2g frames%s%s\n", m.shift, m.mean,
          m.standard_error,
          m.cusum ? absl::StrFormat(" (the CUSUM tuned to it: %.3g)", *m.cusum).c_str() : "",
          m.cut ? absl::StrCat("; not found in ", m.cut, " runs").c_str() : "");
    }
  }
  return Finish();
}

json ToJson(const StreamAlarm& alarm, const std::vector<std::string>& names) {
  json shares;
  for (size_t i = 0; i < names.size(); ++i) shares[names[i]] = alarm.shares[i];
  return {{"frame", alarm.frame},
          {"statistic", std::exp(std::min(alarm.log_statistic, 700.0))},
          {"log_statistic", alarm.log_statistic},
          {"attribution", alarm.attribution},
          {"frames_since_change", alarm.frames_since_change},
          {"shares", shares}};
}

}  // namespace

int Monitor(const Arguments& a) {
  if (a.simulate) return SimulateStreams(a, *a.simulate);
  if (a.target.empty()) {
    return Fail(absl::InvalidArgumentError(
        "monitor: a file of streams is missing (- for standard input), or --simulate"));
  }
  absl::StatusOr<CsvRows> rows = CsvRows::Open(a.target);
  if (!rows.ok()) return Fail(rows.status());
  const StreamWatchOptions options = WatchOptions(a);
  absl::StatusOr<StreamWatch> watch = StreamWatch::Create(rows->names(), options);
  if (!watch.ok()) return Fail(watch.status());
  json alarms = json::array();
  std::vector<double> row;
  while (!Interrupted()) {
    const absl::StatusOr<bool> any = rows->Next(&row);
    if (!any.ok()) return Fail(any.status());
    if (!*any) break;
    const auto alarm = watch->Take(row);
    if (!alarm.ok()) return Fail(alarm.status());
    if (!*alarm) continue;
    alarms.push_back(ToJson(**alarm, rows->names()));
    if (a.as_json) continue;
    std::printf(
        "alarm at frame %lld, %lld frames after the change; most evidence in %s; R = %.3g\n",
        (long long)(*alarm)->frame, (long long)(*alarm)->frames_since_change,
        Printable((*alarm)->attribution).c_str(), std::exp((*alarm)->log_statistic));
    std::fflush(stdout);  // for whoever reads it as it comes
  }
  if (watch->frames() < options.reference) {
    return Fail(absl::InvalidArgumentError(absl::StrCat(
        "--reference ", options.reference, ": ", a.target, " has ", watch->frames(), " frames")));
  }
  if (a.as_json) {
    json out = ToJson(options);
    out["streams"] = rows->names();
    out["frames"] = watch->frames();
    out["alarms"] = alarms;
    PrintJson(out);
  } else {
    std::printf("%lld frames of %zu streams, %zu alarms; a false one every %.4g frames at most\n",
                (long long)watch->frames(), rows->names().size(), alarms.size(), options.promise);
  }
  return Finish();
}

}  // namespace ronchi
