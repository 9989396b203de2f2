#include "experiments/report/run_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/png.h"
#include "experiments/record/run_figures.h"
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

absl::StatusOr<ReportPicture> Picture(const RunRecord& r, const Trace& trace, size_t row,
                                      const std::string& what) {
  row = std::min(row, trace.rows() - 1);
  const ImageScale scale = ImageScaleOf(r);
  RenderOptions style{.colour_bar = true, .value_unit = scale.value_unit};
  if (scale.pixel > 0) {
    style.pixel_size = scale.pixel;
    style.length_unit = scale.unit;
  }
  RONCHI_ASSIGN_OR_RETURN(std::string png, RenderImage(trace.images[row], style));
  const std::string figure = MeasuredFigure(trace);
  const double value = trace[figure][row];
  return ReportPicture{std::move(png), std::isnan(value)
                                           ? what
                                           : absl::StrFormat("%s: %s %.3f", what, figure, value)};
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

LineChart MeasuredChart(const std::string& title, const Trace& trace) {
  const std::string figure = MeasuredFigure(trace);
  return {.title = title,
          .x_label = "row",
          .y_label = figure,
          .series = {Series(trace, figure,
                            figure == "contrast" ? "measured contrast var/mean²" : figure)}};
}

// What the monitor was fed with, a chart a stream.
std::vector<LineChart> StreamCharts(const RunRecord& r) {
  constexpr size_t kMost = 8;
  std::vector<LineChart> charts;
  for (const auto& [name, values] : r.deploy.trace.columns) {
    if (name.rfind("stream_", 0) != 0 || charts.size() == kMost) continue;
    LineChart chart{.title = name.substr(7), .x_label = "row", .y_label = name.substr(7)};
    ChartSeries series{.name = name.substr(7)};
    for (size_t i = 0; i < values.size(); ++i) {  // an episode's value stands at its last row alone
      if (std::isnan(values[i])) continue;
      series.x.push_back(double(i));
      series.y.push_back(values[i]);
    }
    chart.series = {std::move(series)};
    charts.push_back(std::move(chart));
  }
  return charts;
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
  const bool truth = r.deploy.has_truth;
  LineChart chart{.title = coefficient + (truth ? ": belief and truth" : ": belief"),
                  .x_label = "image",
                  .y_label = coefficient + " at the specimen (nm)",
                  .series = {Series(trace, "believed_" + coefficient + "_nm", "theory's belief")}};
  if (truth) {
    chart.series.push_back({.name = "truth (twin)",
                            .x = Count(trace.rows()),
                            .y = trace["true_" + coefficient + "_nm"],
                            .dashed = true});
  }
  ShowWhatWasWatched(r.deploy.armed_at, &chart);
  return chart;
}

LineChart MonitorChart(const RunRecord& r) {
  return {.title = "Monitor",
          .x_label = "image",
          .y_label = "log10 of the evidence for a change",
          .series = {Series(r.deploy.trace, "log10_statistic", "e-detector")},
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
    const auto [start, end] = StartAndEnd(t);
    rows.push_back({stage, absl::StrFormat("%.3f", start), absl::StrFormat("%.3f", end),
                    absl::StrCat(t.rows() + size_t(probing)),
                    absl::StrFormat("%.3g", t.Last("dose_e_per_A2")),
                    absl::StrFormat("%.1f", t.Last("time_s")), alarms});
  };
  if (r.tune) add(TunedToTheEnd(r) ? "tune" : "tune (not all)", *r.tune, 0, "–");
  const AlarmCount count = CountAlarms(r);
  add(r.deploy.ending == Ending::kDone ? "deploy" : "deploy (not all)", r.deploy.trace,
      r.deploy.probing_images,
      r.deploy.armed_at < 0 ? "not watched"
      : count.known ? absl::StrCat(r.deploy.alarms.size(), " (", count.false_alarms, " false)")
                    : absl::StrCat(r.deploy.alarms.size()));
  return rows;
}

// Of an alarm during whose estimate the run ended nothing is known.
std::string Moved(const Alarm& a) {
  return a.attribution.empty() ? "not known: the run ended first" : a.attribution;
}
std::string Nanometres(const Alarm& a, size_t i) {
  return a.attribution.empty() || a.moved_nm.size() <= i ? "–"
                                                         : absl::StrFormat("%+.2f", a.moved_nm[i]);
}

const std::vector<std::string> kColumns = {"stage",      "start",  "end",   "rows",
                                           "dose e/A^2", "time s", "alarms"};

constexpr const char* kNoTruth =
    "This instrument tells no ground truth: what is shown is what was measured, and whether an "
    "alarm is right or false is not known.";

std::string Lead(const RunRecord& r) {
  std::string lead = absl::StrCat("The agent '", r.agent, "'");
  if (r.training.steps > 0) {
    absl::StrAppend(&lead, ", trained on ", r.training.episodes, " episodes (", r.training.steps,
                    " steps) on a simulated instrument",
                    r.training.interrupted ? " and interrupted before its end," : ",");
  }
  absl::StrAppend(&lead,
                  " was deployed on an instrument it had not seen, behind a guard and a "
                  "recorder, while ");
  absl::StrAppend(&lead, r.deploy.trace.Has("believed_C10_nm")
                             ? "theory predicted every image and a monitor judged the difference."
                             : "a monitor watched what it saw and did.");
  if (!r.deploy.has_truth) {
    lead += absl::StrCat(" ", kNoTruth);
  }
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
  const auto add_end = [&](const std::string& label, const Trace& trace, bool whole) {
    const std::string figure = FigureOf(trace);
    const double end = StartAndEnd(trace).second;
    tiles.push_back({.label = label,
                     .value = absl::StrFormat("%.3f", end),
                     .note = figure == "true_ratio" ? "of the best contrast" : figure,
                     .tone = figure == "true_ratio" ? GoodIf(end >= 0.95, whole) : Tone::kNeutral});
  };
  if (r.tune) add_end("Tuned twin", *r.tune, TunedToTheEnd(r));
  add_end("Deployed, at the end", r.deploy.trace, complete);
  if (!r.disturbed_at.empty()) {
    // As the alarm's line says it: image 76 is one image later than image 75.
    const int later = count.delay_images - 1;
    tiles.push_back({.label = "Disturbance found",
                     .value = later > 0    ? absl::StrCat(later)
                              : later == 0 ? "at once"
                                           : "no",
                     .unit = later < 1 ? ""
                                       : absl::StrCat(RowWord(r.deploy.trace),
                                                      later == 1 ? " later" : "s later"),
                     .tone = count.delay_images > 0 ? Tone::kGood : Tone::kBad});
  }
  const bool watched = r.deploy.armed_at >= 0;
  if (watched && !count.known) {
    tiles.push_back({.label = "Alarms",
                     .value = absl::StrCat(r.deploy.alarms.size()),
                     .note = "right or false: not known without ground truth"});
    return tiles;
  }
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

namespace {

absl::Status AddPictures(const RunRecord& r, const Trace& trace,
                         const std::vector<std::pair<size_t, std::string>>& rows,
                         HtmlReport* report) {
  if (trace.images.empty()) return absl::OkStatus();
  std::vector<ReportPicture> pictures;
  for (const auto& [row, what] : rows) {
    RONCHI_ASSIGN_OR_RETURN(ReportPicture p, Picture(r, trace, row, what));
    pictures.push_back(std::move(p));
  }
  report->Pictures(pictures);
  return absl::OkStatus();
}

absl::Status AddTuning(const RunRecord& r, HtmlReport* report) {
  report->Section("Tuning the twin");
  RONCHI_RETURN_IF_ERROR(
      AddPictures(r, *r.tune, {{0, "Before"}, {r.tune->rows() - 1, "After"}}, report));
  std::vector<LineChart> charts = {MeasuredChart("What the agent saw", *r.tune)};
  if (r.tune->Has("true_ratio")) charts.push_back(RatioChart(*r.tune));
  report->Charts(charts);
  return absl::OkStatus();
}

absl::Status AddDeployment(const RunRecord& r, HtmlReport* report) {
  const Trace& deploy = r.deploy.trace;
  report->Section("On the second instrument");
  std::vector<std::pair<size_t, std::string>> shown = {{0, "At the start"}};
  if (!r.disturbed_at.empty()) {
    shown.push_back({size_t(std::max(0, r.disturbed_at[0] - 1)), "Before the disturbance"});
    shown.push_back({size_t(r.disturbed_at[0]), "Disturbed"});
  }
  shown.push_back({deploy.rows() - 1, "At the end"});
  RONCHI_RETURN_IF_ERROR(AddPictures(r, deploy, shown, report));
  std::vector<LineChart> charts = {MeasuredChart("What the agent saw", deploy)};
  if (deploy.Has("true_ratio")) charts.push_back(RatioChart(deploy));
  if (deploy.Has("log10_statistic")) charts.push_back(MonitorChart(r));
  if (deploy.Has("z_C10")) charts.push_back(ResidualChart(r));
  for (LineChart& chart : charts) {
    AddEvents(r, &chart);
    report->Chart(chart);
  }
  std::vector<LineChart> streams = StreamCharts(r);
  for (LineChart& chart : streams) AddEvents(r, &chart);
  if (!streams.empty()) report->Section("What the monitor watched").Charts(streams);
  if (!deploy.Has("believed_C10_nm")) return absl::OkStatus();
  std::vector<LineChart> beliefs;
  for (const char* c : {"C10", "C12a", "C12b"}) beliefs.push_back(BeliefChart(r, c));
  report->Section("What theory believed").Charts(beliefs);
  return absl::OkStatus();
}

void AddAlarms(const RunRecord& r, HtmlReport* report) {
  if (r.deploy.alarms.empty()) return;
  const bool estimated =
      std::ranges::any_of(r.deploy.alarms, [](const Alarm& a) { return !a.moved_nm.empty(); });
  ReportTable table{.caption = "Alarms", .columns = {RowWord(r.deploy.trace), "most evidence in"}};
  if (estimated) {
    for (const char* c : {"what moved", "C10 nm", "C12a nm", "C12b nm"}) table.columns.push_back(c);
  }
  for (const Alarm& a : r.deploy.alarms) {
    table.rows.push_back({absl::StrCat(a.image), a.stream});
    if (!estimated) continue;
    for (const std::string& cell : {Moved(a), Nanometres(a, 0), Nanometres(a, 1), Nanometres(a, 2)})
      table.rows.back().push_back(cell);
  }
  report->Paragraph(estimated
                        ? "After each alarm the agent was paused, theory estimated the column anew "
                          "from three images of its own, and moved the settings' origin by what "
                          "had changed:"
                        : "After each alarm the agent was paused, the actions of the recipe's "
                          "on_alarm were taken, and the monitor was armed anew:");
  report->Table(table);
}

}  // namespace

absl::Status WriteRunReport(const std::string& path, const RunRecord& r) {
  HtmlReport report(r.title.empty() ? r.name : r.title, Lead(r));
  if (const EndingWords words = DescribeEnding(r.deploy); !words.what.empty()) {
    report.Banner(absl::StrCat("The deployment ", words.what, "."), words.why, Tone::kBad);
  }
  report.Tiles(MakeTiles(r));
  report.Table({.caption = "Start and end: " + FigureMeaning(r.deploy.trace),
                .columns = kColumns,
                .rows = TableRows(r)});
  if (r.tune) RONCHI_RETURN_IF_ERROR(AddTuning(r, &report));
  RONCHI_RETURN_IF_ERROR(AddDeployment(r, &report));
  AddAlarms(r, &report);
  report.Section("To run it again")
      .Paragraph("ronchi run config.yaml --seed " + absl::StrCat(r.seed));
  report.Details("Resolved config", r.config);
  report.Footer(absl::StrCat("Ronchi ", r.version, r.commit.empty() ? "" : ", commit ", r.commit,
                             ", seed ", r.seed));
  return report.Write(path);
}

}  // namespace ronchi
