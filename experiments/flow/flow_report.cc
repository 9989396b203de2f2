#include "experiments/flow/flow_report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/json_error.h"
#include "core/png.h"
#include "experiments/flow/flow_ending.h"
#include "experiments/report/html_report.h"
#include "hw/workflow/journal.h"

namespace ronchi {
namespace {

namespace wf = hw::workflow;
using nlohmann::json;

struct Run {
  json summary;
  std::vector<json> entries;
  std::string document, folder;
  Ending ending = Ending::kDone;
};

// Runs of versions that wrote no report do not name their ending; it follows from what ended them.
std::optional<Ending> ReadEnding(const json& summary) {
  if (!summary.is_object()) return std::nullopt;
  if (summary.contains("ending")) return EndingFromName(summary.value("ending", ""));
  if (!summary.contains("finished") || !summary.contains("ended_by")) return std::nullopt;
  wf::RunResult result;
  result.finished = summary.value("finished", false);
  result.ended_by = summary.value("ended_by", "");
  if (absl::StartsWith(result.ended_by, "fault: ")) return Ending::kFault;
  return EndingOf(result);
}

absl::StatusOr<Run> ReadRun(const std::string& folder) {
  Run run;
  run.folder = folder;
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/summary.json"));
  run.summary = json::parse(text, nullptr, false);
  const std::optional<Ending> ending = ReadEnding(run.summary);
  for (const char* key : {"spent", "expected", "worst"}) {
    if (ending && run.summary.contains(key) && run.summary[key].is_object()) continue;
    return absl::InvalidArgumentError(folder + "/summary.json: not of a workflow's run");
  }
  run.ending = *ending;
  RONCHI_ASSIGN_OR_RETURN(run.entries, wf::ReadJournal(folder));
  RONCHI_ASSIGN_OR_RETURN(run.document, ReadFile(folder + "/workflow.yaml"));
  return run;
}

double Number(const json& j, const char* key) {
  return j.contains(key) && j[key].is_number() ? j[key].get<double>() : 0.0;
}
std::string Text(double v) { return absl::StrFormat("%.4g", v); }

void AddEnding(const Run& run, HtmlReport* report) {
  const std::string why = run.summary.value("ended_by", "");
  const std::string go_on = run.summary.value("finished", false)
                                ? ""
                                : " It can be gone on with: ronchi run <this folder> --resume.";
  if (run.ending == Ending::kEarly) {
    report->Banner("The run ended before all its steps were done.", why + "." + go_on, Tone::kBad);
  } else if (run.ending == Ending::kFault) {
    report->Banner("The run failed.", why + "." + go_on, Tone::kBad);
  } else if (run.ending == Ending::kInterrupted) {
    report->Banner("The run was stopped before all its steps were done.", why + "." + go_on,
                   Tone::kBad);
  }
  const double failed = Number(run.summary, "passed_over"),
               skipped = Number(run.summary, "skipped");
  if (skipped > 0) {
    report->Banner(absl::StrFormat("%g steps were left out by a person.", skipped),
                   "By flow skip: who and when stands below.", Tone::kWarning);
  }
  if (failed == 0) return;
  report->Banner(absl::StrFormat("%g commands failed and were passed over.", failed),
                 "Their steps say on_fault: continue; what they said stands below.",
                 Tone::kWarning);
}

void AddFigures(const Run& run, HtmlReport* report) {
  const json &spent = run.summary["spent"], &worst = run.summary["worst"];
  const auto tile = [&](const char* label, const char* key, const char* unit) {
    const double at_most = Number(worst, key), value = Number(spent, key);
    // A command that was in flight when a process was killed is done and counted twice.
    return ReportTile{.label = label,
                      .value = Text(value),
                      .unit = unit,
                      .note = absl::StrCat("forecast at most ", Text(at_most)),
                      .tone = value > at_most * (1 + 1e-9) ? Tone::kWarning : Tone::kNeutral};
  };
  const bool done = run.ending == Ending::kDone;
  report->Tiles({{.label = "Ended",
                  .value = done ? "done" : std::string(EndingName(run.ending)),
                  .tone = done ? Tone::kGood : Tone::kBad},
                 tile("Time", "time_s", "s"),
                 tile("Dose on one place", "dose_e_per_A2", "e/Å²"),
                 tile("Electrons", "electrons", ""),
                 tile("Commands", "commands", "")});
  ReportTable table{.caption = "Spent, by the instrument's clock, and what the check foretold",
                    .columns = {"", "time s", "dose e/Å²", "electrons", "commands"}};
  for (const char* row : {"spent", "expected", "worst"}) {
    const json& s = run.summary[row];
    table.rows.push_back({row == std::string("worst") ? "at most" : row, Text(Number(s, "time_s")),
                          Text(Number(s, "dose_e_per_A2")), Text(Number(s, "electrons")),
                          Text(Number(s, "commands"))});
  }
  report->Table(table);
}

void AddQuestions(const Run& run, HtmlReport* report) {
  ReportTable table{.columns = {"question", "answer", "by", "because"}};
  for (const json& e : run.entries) {
    if (e.value("type", "") != "answered") continue;
    const bool given = e.value("given", false);
    table.rows.push_back({absl::StrCat(e.value("text", ""), " (", e.value("name", ""), ")"),
                          given ? e.value("is", "") : "not answered", e.value("who", ""),
                          e.value("why", "")});
  }
  if (table.rows.empty()) return;
  report->Section("What was asked").Table(table);
}

void AddEvents(const Run& run, HtmlReport* report) {
  ReportTable table{.columns = {"sitting", "what", "detail"}};
  int sitting = 0;
  for (const json& e : run.entries) {
    const std::string type = e.value("type", ""), what = e.value("what", "");
    if (type == "sitting") {
      sitting = e.value("number", 0);
      table.rows.push_back(
          {absl::StrCat(sitting), "begins",
           absl::StrCat("process ", e.value("pid", 0), " of ", e.value("who", ""))});
    } else if (type == "note" && what != "ask") {
      table.rows.push_back({absl::StrCat(sitting), what, e.value("detail", "")});
    } else if (type == "lost") {
      table.rows.push_back({absl::StrCat(sitting), "in flight when the process was killed",
                            e.value("command", json()).dump()});
    } else if (type == "finish") {
      table.rows.push_back({absl::StrCat(sitting), "finished", e.value("ended_by", "")});
    }
  }
  report->Section("What happened").Table(table);
}

void AddSteps(const Run& run, HtmlReport* report) {
  struct Sum {
    std::string verb;
    double times = 0, failed = 0, time_s = 0, electrons = 0;
  };
  std::vector<std::string> order;
  std::map<std::string, Sum> sums;
  for (const json& e : run.entries) {
    const std::string type = e.value("type", "");
    if (type != "command" && type != "handler" && type != "failed") continue;
    if (!e.contains("command")) continue;
    const std::string step = e.value("step", "");
    Sum& s = sums[step];
    if (s.times++ == 0) order.push_back(step);
    s.verb = e["command"].value("verb", "");
    s.failed += e.contains("failed");
    s.time_s += Number(e, "elapsed_s");
    s.electrons += Number(e, "electrons");
  }
  ReportTable table{.columns = {"step", "verb", "times", "failed", "time s", "electrons"}};
  for (const std::string& step : order) {
    const Sum& s = sums[step];
    table.rows.push_back(
        {step, s.verb, Text(s.times), Text(s.failed), Text(s.time_s), Text(s.electrons)});
  }
  report->Section("Steps").Table(table);
}

absl::StatusOr<ReportPicture> Picture(const Run& run, const std::string& name, const json& saved,
                                      size_t number, size_t count) {
  RONCHI_ASSIGN_OR_RETURN(const auto images, wf::Journal::LoadImages(run.folder, saved));
  if (images->frames.empty() || images->frames[0].rank() != 2) {
    return absl::InvalidArgumentError("no picture");
  }
  RONCHI_ASSIGN_OR_RETURN(
      std::string png,
      RenderImage(images->frames[0], {.colour_bar = true, .value_unit = "counts"}));
  return ReportPicture{std::move(png),
                       count > 1 ? absl::StrCat(name, ", ", number + 1, " of ", count) : name};
}

// Of each name numbers as a curve, or as they are when there are few; images the first and last.
void AddSaved(const Run& run, HtmlReport* report) {
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, std::vector<json>> images;
  std::map<std::string, std::string> units;
  for (const json& e : run.entries) {
    if (!e.contains("saved")) continue;
    for (const auto& [name, j] : e["saved"].items()) {
      const auto value = wf::Journal::ValueFrom(j);
      if (!value.ok()) continue;
      if (value->type == wf::Type::kImage) images[name].push_back(j);
      if (value->type == wf::Type::kNumber) numbers[name].push_back(value->number.low);
      if (value->type == wf::Type::kNumber) units[name] = value->unit.Name();
    }
  }
  if (numbers.empty() && images.empty()) return;
  report->Section("What it saved");
  report->Paragraph(
      "All of it is in data.hdf5; here are the numbers in the order in which they "
      "were saved, in SI units, and the first and last image of each name.");
  std::vector<LineChart> charts;
  ReportTable few{.columns = {"name", "of", "values"}};
  for (const auto& [name, values] : numbers) {
    if (values.size() < 3) {
      std::string all;
      for (double v : values) absl::StrAppend(&all, all.empty() ? "" : ", ", Text(v));
      few.rows.push_back({name, units[name], all});
      continue;
    }
    std::vector<double> x(values.size());
    for (size_t i = 0; i < x.size(); ++i) x[i] = double(i + 1);
    charts.push_back({.title = name,
                      .x_label = "saved",
                      .y_label = absl::StrCat(name, " (", units[name], ", SI)"),
                      .series = {{.name = name, .x = x, .y = values}}});
  }
  if (charts.size() == 1) report->Chart(charts[0]);
  if (charts.size() > 1) report->Charts(charts);
  if (!few.rows.empty()) report->Table(few);
  std::vector<ReportPicture> pictures;
  for (const auto& [name, all] : images) {
    for (size_t i : {size_t{0}, all.size() - 1}) {
      if (i == 0 || all.size() > 1) {
        const auto picture = Picture(run, name, all[i], i, all.size());
        if (picture.ok()) pictures.push_back(*picture);
      }
      if (all.size() == 1) break;
    }
  }
  if (!pictures.empty()) report->Pictures(pictures);
}

HtmlReport Make(const Run& run) {
  const std::string title = run.summary.value("title", "");
  HtmlReport report(title.empty() ? "A workflow" : title,
                    absl::StrCat("A workflow, run on ", run.summary.value("instrument", ""),
                                 ", checked beforehand and behind a guard."));
  AddEnding(run, &report);
  AddFigures(run, &report);
  AddQuestions(run, &report);
  AddSaved(run, &report);
  AddSteps(run, &report);
  AddEvents(run, &report);
  report.Details("The workflow", run.document);
  const std::string commit = run.summary.value("commit", "");
  report.Footer(absl::StrCat("Ronchi ", run.summary.value("version", ""),
                             commit.empty() ? "" : ", commit ", commit, ", seed ",
                             run.summary.value("seed", uint64_t{0})));
  return report;
}

}  // namespace

absl::Status WriteFlowReport(const std::string& folder, const std::string& path) {
  try {
    RONCHI_ASSIGN_OR_RETURN(const Run run, ReadRun(folder));
    return Make(run).Write(path);
  } catch (const json::exception& e) {  // a file of the folder that somebody has written
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": not a workflow's run: ", JsonError(e)));
  }
}

}  // namespace ronchi
