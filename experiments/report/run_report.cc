#include "experiments/report/run_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/png.h"
#include "env/aberration_tuning.h"
#include "experiments/report/html_report.h"

namespace ronchi {
namespace {

std::vector<double> Count(size_t n) {
  std::vector<double> x(n);
  for (size_t i = 0; i < n; ++i) x[i] = double(i);
  return x;
}

ChartSeries Series(const Trace& trace, const std::string& column, const std::string& name) {
  return {.name = name, .x = Count(trace.rows()), .y = trace[column]};
}

// Of these two keys alone: the report of a recipe that is no longer allowed has its scale, too.
double PixelSize_A(const RunRecord& r) {
  const auto config = Config::Parse(r.config, "config.yaml");
  if (!config.ok()) return 0;
  env::AberrationTuningOptions options;
  ConfigReader task(ConfigReader(*config).Child("environment"));
  task.Number("fov_A", &options.fov_A, {.min = 1, .max = 1000});
  task.Integer("pixels", &options.pixels, {.min = 8, .max = 1024});
  return task.ok() ? options.fov_A / options.pixels : 0;
}

absl::StatusOr<ReportPicture> Picture(const RunRecord& r, const Trace& trace, size_t row,
                                      const std::string& what) {
  row = std::min(row, trace.rows() - 1);
  RONCHI_ASSIGN_OR_RETURN(std::string png,
                          RenderImage(trace.images[row], {.pixel_size = PixelSize_A(r),
                                                          .length_unit = "A",
                                                          .colour_bar = true,
                                                          .value_unit = "counts"}));
  return ReportPicture{std::move(png),
                       absl::StrFormat("%s: contrast %.3f", what, trace["contrast"][row])};
}

void AddEvents(const RunRecord& r, LineChart* chart) {
  for (int row : r.disturbed_at) {
    chart->markers.push_back({double(row), "disturbance", Tone::kWarning});
  }
  for (const Alarm& a : r.deploy.alarms)
    chart->markers.push_back({double(a.image), "alarm", Tone::kBad});
  if (r.deploy.armed_at > 0) {
    chart->spans = {
        {0, double(r.deploy.armed_at), "tuning"},
        {double(r.deploy.armed_at), double(r.deploy.trace.rows() - 1), "held and watched"}};
  }
}

LineChart ContrastChart(const std::string& title, const Trace& trace) {
  return {.title = title,
          .x_label = "image",
          .y_label = "contrast",
          .series = {Series(trace, "contrast", "measured contrast var/mean²")}};
}

LineChart RatioChart(const Trace& trace) {
  return {
      .title = "How good it really is (from the twin's ground truth, not seen by agent or theory)",
      .x_label = "image",
      .y_label = "contrast / best attainable",
      .series = {Series(trace, "true_ratio", "noise-free contrast over the best attainable")},
      .levels = {{0.95, ""}},
      .y_min = 0,
      .y_max = 1.05,
      .caption = "Dashed: 0.95, what counts as tuned."};
}

// While the agent tunes, the coefficients swing by ten times what the watch is about.
void ShowWhatWasWatched(int armed_at, LineChart* chart) {
  double low = 0, high = 0;
  for (const ChartSeries& s : chart->series) {
    for (size_t i = size_t(std::max(0, armed_at)); i < s.y.size(); ++i) {
      low = std::fmin(low, s.y[i]);
      high = std::fmax(high, s.y[i]);
    }
  }
  if (armed_at < 0) return;
  const double margin_nm = 0.5 + 0.1 * (high - low);
  chart->y_min = low - margin_nm;
  chart->y_max = high + margin_nm;
  chart->caption = "Larger values while tuning are cut off.";
}

LineChart BeliefChart(const RunRecord& r, const std::string& coefficient) {
  const Trace& trace = r.deploy.trace;
  LineChart chart{.title = coefficient + ": belief and truth",
                  .x_label = "image",
                  .y_label = coefficient + " at the specimen (nm)",
                  .series = {Series(trace, "believed_" + coefficient + "_nm", "theory's belief"),
                             {.name = "truth (twin)",
                              .x = Count(trace.rows()),
                              .y = trace["true_" + coefficient + "_nm"],
                              .dashed = true}}};
  ShowWhatWasWatched(r.deploy.armed_at, &chart);
  return chart;
}

LineChart MonitorChart(const RunRecord& r) {
  return {.title = "Monitor",
          .x_label = "image",
          .y_label = "log10 of the evidence for a change",
          .series = {Series(r.deploy.trace, "log10_statistic", "Shiryaev–Roberts e-detector")},
          .levels = {{std::log10(r.frames_between_false_alarms),
                      absl::StrFormat("alarm: promised one in %g images",
                                      r.frames_between_false_alarms)}},
          .y_max = std::log10(r.frames_between_false_alarms) + 3,
          .caption = "Evidence beyond the axis is cut off."};
}

LineChart ResidualChart(const RunRecord& r) {
  LineChart chart{.title = "Residuals between theory and instrument, by physical parameter",
                  .x_label = "image",
                  .y_label = "standard deviations",
                  .y_min = -10,
                  .y_max = 10,
                  .caption = "Innovations of theory's filter; beyond ±10 cut off."};
  for (const char* name : {"C10", "C12a", "C12b", "dose", "unexplained"}) {
    chart.series.push_back(Series(r.deploy.trace, absl::StrCat("z_", name), name));
  }
  return chart;
}

bool TunedToTheEnd(const RunRecord& r) {
  return r.tune && int(r.tune->rows()) > r.tune_steps_planned;
}

std::vector<std::vector<std::string>> TableRows(const RunRecord& r) {
  std::vector<std::vector<std::string>> rows;
  auto add = [&](const std::string& stage, const Trace& t, int probing, const std::string& alarms) {
    const std::vector<double>& ratio = t["true_ratio"];
    rows.push_back({stage, absl::StrFormat("%.3f", ratio.front()),
                    absl::StrFormat("%.3f", ratio.back()), absl::StrCat(t.rows() + size_t(probing)),
                    absl::StrFormat("%.3g", t.Last("dose_e_per_A2")),
                    absl::StrFormat("%.1f", t.Last("time_s")), alarms});
  };
  if (r.tune) add(TunedToTheEnd(r) ? "tune" : "tune (not all)", *r.tune, 0, "–");
  const AlarmCount count = CountAlarms(r);
  add(r.deploy.ending == Ending::kDone ? "deploy" : "deploy (not all)", r.deploy.trace,
      r.deploy.probing_images,
      r.deploy.armed_at < 0
          ? "not watched"
          : absl::StrCat(r.deploy.alarms.size(), " (", count.false_alarms, " false)"));
  return rows;
}

// Of an alarm during whose estimate the run ended nothing is known.
std::string Moved(const Alarm& a) {
  return a.attribution.empty() ? "not known: the run ended first" : a.attribution;
}
std::string Nanometres(const Alarm& a, size_t i) {
  return a.attribution.empty() ? "–" : absl::StrFormat("%+.2f", a.moved_nm[i]);
}

const std::vector<std::string> kColumns = {"stage",      "start",  "end",   "images",
                                           "dose e/A^2", "time s", "alarms"};

std::string Lead(const RunRecord& r) {
  std::string lead = absl::StrCat("The agent '", r.agent, "'");
  if (r.training.steps > 0) {
    absl::StrAppend(&lead, ", trained on ", r.training.episodes, " episodes (", r.training.steps,
                    " images) of the simulated column",
                    r.training.interrupted ? " and interrupted before its end," : ",");
  }
  absl::StrAppend(&lead,
                  " was deployed on an instrument it had not seen, behind a guard and a recorder, "
                  "while theory predicted every image and a monitor judged the difference.");
  return lead;
}

// Green is for what has been shown: a run that ended early shows nothing of what it did not do.
Tone GoodIf(bool good, bool complete) {
  return !good ? Tone::kWarning : complete ? Tone::kGood : Tone::kNeutral;
}

std::vector<ReportTile> MakeTiles(const RunRecord& r) {
  const bool complete = r.deploy.ending == Ending::kDone;
  const AlarmCount count = CountAlarms(r);
  std::vector<ReportTile> tiles;
  if (!complete) {
    tiles.push_back({.label = "Steps of the deployment",
                     .value = absl::StrCat(r.deploy.trace.rows() - 1),
                     .unit = absl::StrCat("of ", r.deploy.steps_planned),
                     .note = DescribeEnding(r.deploy).what,
                     .tone = Tone::kBad});
  }
  if (r.tune) {
    const double end = r.tune->Last("true_ratio");
    tiles.push_back({.label = "Tuned twin",
                     .value = absl::StrFormat("%.3f", end),
                     .note = "of the best contrast",
                     .tone = GoodIf(end >= 0.95, TunedToTheEnd(r))});
  }
  const double end = r.deploy.trace.Last("true_ratio");
  tiles.push_back({.label = "Deployed, at the end",
                   .value = absl::StrFormat("%.3f", end),
                   .note = "of the best contrast",
                   .tone = GoodIf(end >= 0.95, complete)});
  if (!r.disturbed_at.empty()) {
    // As the alarm's line says it: image 76 is one image later than image 75.
    const int later = count.delay_images - 1;
    tiles.push_back({.label = "Disturbance found",
                     .value = later > 0    ? absl::StrCat(later)
                              : later == 0 ? "at once"
                                           : "no",
                     .unit = later == 1  ? "image later"
                             : later > 1 ? "images later"
                                         : "",
                     .tone = count.delay_images > 0 ? Tone::kGood : Tone::kBad});
  }
  const bool watched = r.deploy.armed_at >= 0;
  tiles.push_back(
      {.label = "False alarms",
       .value = watched ? absl::StrCat(count.false_alarms) : "–",
       .note = watched ? absl::StrFormat("promised: one in %g", r.frames_between_false_alarms)
                       : "not watched: the agent never came to rest",
       .tone = watched ? GoodIf(count.false_alarms == 0, complete) : Tone::kNeutral});
  return tiles;
}

}  // namespace

EndingWords DescribeEnding(const DeploymentResult& d) {
  if (d.ending == Ending::kDone) return {};
  const std::string where =
      absl::StrCat(" after ", d.trace.rows() - 1, " of ", d.steps_planned, " steps");
  if (d.ending == Ending::kInterrupted) return {"interrupted" + where, "by Ctrl-C or a signal"};
  return {(d.ending == Ending::kEarly ? "ended early" : "failed") + where, d.ended_by};
}

std::string RunTable(const RunRecord& r) {
  std::vector<std::vector<std::string>> rows = TableRows(r);
  rows.insert(rows.begin(), kColumns);
  std::vector<size_t> width(kColumns.size(), 0);
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c)
      width[c] = std::max(width[c], row[c] == "–" ? 1 : row[c].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      const size_t length = row[c] == "–" ? 1 : row[c].size();
      absl::StrAppend(&out, c ? "  " : "", row[c], std::string(width[c] - length, ' '));
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += "\n";
  }
  return out;
}

absl::Status WriteRunReport(const std::string& path, const RunRecord& r) {
  const Trace& deploy = r.deploy.trace;
  HtmlReport report(r.title.empty() ? r.name : r.title, Lead(r));
  if (const EndingWords words = DescribeEnding(r.deploy); !words.what.empty()) {
    report.Banner(absl::StrCat("The deployment ", words.what, "."), words.why, Tone::kBad);
  }
  report.Tiles(MakeTiles(r));
  report.Table({.caption = "Start and end: noise-free contrast over the best attainable",
                .columns = kColumns,
                .rows = TableRows(r)});
  if (r.tune) {
    report.Section("Tuning the twin");
    RONCHI_ASSIGN_OR_RETURN(ReportPicture first, Picture(r, *r.tune, 0, "Before"));
    RONCHI_ASSIGN_OR_RETURN(ReportPicture last, Picture(r, *r.tune, r.tune->rows() - 1, "After"));
    report.Pictures({first, last});
    report.Charts({ContrastChart("What the agent saw", *r.tune), RatioChart(*r.tune)});
  }
  report.Section("On the second instrument");
  std::vector<ReportPicture> pictures;
  auto picture = [&](size_t row, const std::string& what) -> absl::Status {
    RONCHI_ASSIGN_OR_RETURN(ReportPicture p, Picture(r, deploy, row, what));
    pictures.push_back(std::move(p));
    return absl::OkStatus();
  };
  RONCHI_RETURN_IF_ERROR(picture(0, "At the start"));
  if (!r.disturbed_at.empty()) {
    RONCHI_RETURN_IF_ERROR(
        picture(size_t(std::max(0, r.disturbed_at[0] - 1)), "Before the disturbance"));
    RONCHI_RETURN_IF_ERROR(picture(size_t(r.disturbed_at[0]), "Disturbed"));
  }
  RONCHI_RETURN_IF_ERROR(picture(deploy.rows() - 1, "At the end"));
  report.Pictures(pictures);
  for (LineChart chart : {ContrastChart("What the agent saw", deploy), RatioChart(deploy),
                          MonitorChart(r), ResidualChart(r)}) {
    AddEvents(r, &chart);
    report.Chart(chart);
  }
  std::vector<LineChart> beliefs;
  for (const char* c : {"C10", "C12a", "C12b"}) beliefs.push_back(BeliefChart(r, c));
  report.Section("What theory believed").Charts(beliefs);
  if (!r.deploy.alarms.empty()) {
    ReportTable table{
        .caption = "Alarms",
        .columns = {"image", "most evidence in", "what moved", "C10 nm", "C12a nm", "C12b nm"}};
    for (const Alarm& a : r.deploy.alarms) {
      table.rows.push_back({absl::StrCat(a.image), a.stream, Moved(a), Nanometres(a, 0),
                            Nanometres(a, 1), Nanometres(a, 2)});
    }
    report.Paragraph(
        "After each alarm the agent was paused, theory estimated the column anew from three "
        "images of its own, and moved the settings' origin by what had changed:");
    report.Table(table);
  }
  report.Section("To run it again")
      .Paragraph("ronchi run config.yaml --seed " + absl::StrCat(r.seed));
  report.Details("Resolved config", r.config);
  report.Footer(absl::StrCat("Ronchi ", r.version, r.commit.empty() ? "" : ", commit ", r.commit,
                             ", seed ", r.seed));
  return report.Write(path);
}

}  // namespace ronchi
