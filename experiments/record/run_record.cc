#include "experiments/record/run_record.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/child_first.h"
#include "core/files.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "core/storage.h"
#include "experiments/record/run_figures.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {

using nlohmann::json;

json StageSummary(const Trace& trace) {
  json j = {{"images", trace.rows()},
            {"time_s", trace.Last("time_s")},
            {"dose_e_per_A2", trace.Last("dose_e_per_A2")}};
  const auto [start, end] = StartAndEnd(trace);
  j["figure"] = {{"of", FigureMeaning(trace)}, {"start", start}, {"end", end}};
  if (trace.Has("contrast")) {
    j["contrast_start"] = trace["contrast"].front();
    j["contrast_end"] = trace["contrast"].back();
  }
  if (trace.Has("true_ratio")) {
    j["of_best_start"] = trace["true_ratio"].front();
    j["of_best_end"] = trace["true_ratio"].back();
  }
  return j;
}

std::string Run(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return "";
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, pipe)) out += buffer;
  return pclose(pipe) == 0 ? out : "";
}

Array<float> Stack(const Trace& trace) {
  const std::vector<size_t> frame = trace.images.at(0).shape();
  Array<float> stack({trace.rows(), frame[0], frame[1]});
  float* out = stack.data();
  for (const Array<float>& image : trace.images) out = std::copy(image.begin(), image.end(), out);
  return stack;
}

absl::Status WriteImages(DataFile* file, const std::string& stage, const Trace& trace,
                         const ImageScale& scale) {
  if (trace.images.empty()) return absl::OkStatus();  // a task that shows none
  const double pixel = scale.pixel > 0 ? scale.pixel : 1;
  const double half = pixel * double(trace.images.at(0).shape()[1]) / 2;
  const Signal images{.name = stage + "_images",
                      .title = "Images of the stage '" + stage + "'",
                      .units = scale.value_unit,
                      .axes = {{.name = "image", .navigate = true, .type = "unknown"},
                               {.name = "y", .units = scale.unit, .offset = -half, .scale = pixel},
                               {.name = "x", .units = scale.unit, .offset = -half, .scale = pixel}},
                      .dwell_s = scale.dwell_s};
  return file->Write(images, Stack(trace));
}

absl::Status WriteTrace(DataFile* file, const std::string& stage, const Trace& trace,
                        const ImageScale& scale) {
  RONCHI_RETURN_IF_ERROR(WriteImages(file, stage, trace, scale));
  for (const auto& [name, values] : trace.columns) {
    const size_t cut = name.rfind("_nm") != std::string::npos   ? 3
                       : name.rfind("_s") == name.size() - 2    ? 2
                       : name.rfind("_A2") != std::string::npos ? 9
                                                                : 0;
    const std::string units = cut == 3 ? "nm" : cut == 2 ? "s" : cut == 9 ? "e/A^2" : "";
    RONCHI_RETURN_IF_ERROR(file->WriteArray(absl::StrCat("/run/", stage, "/", name),
                                            Array<double>({values.size()}, values), units));
  }
  return absl::OkStatus();
}

absl::Status ReadImages(const DataFileReader& file, const std::string& stage, Trace* trace) {
  RONCHI_ASSIGN_OR_RETURN(const auto signals, file.List("/root"));
  if (std::ranges::find(signals, stage + "_images") == signals.end()) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(const Array<float> stack,
                          file.ReadFloat(absl::StrCat("/root/", stage, "_images/data")));
  if (stack.rank() != 3) return absl::InvalidArgumentError(stage + "_images: expected rank 3");
  const size_t size = stack.shape()[1] * stack.shape()[2];
  for (size_t i = 0; i < stack.shape()[0]; ++i) {
    trace->images.emplace_back(
        std::vector<size_t>{stack.shape()[1], stack.shape()[2]},
        std::vector<float>(stack.begin() + long(i * size), stack.begin() + long((i + 1) * size)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Trace> ReadTrace(const DataFileReader& file, const std::string& stage) {
  Trace trace;
  RONCHI_RETURN_IF_ERROR(ReadImages(file, stage, &trace));
  RONCHI_ASSIGN_OR_RETURN(const auto names, file.List(absl::StrCat("/run/", stage)));
  for (const std::string& name : names) {
    RONCHI_ASSIGN_OR_RETURN(const Array<double> values,
                            file.ReadDouble(absl::StrCat("/run/", stage, "/", name)));
    trace.columns[name].assign(values.begin(), values.end());
    trace.row_count = std::max(trace.row_count, values.size());
  }
  for (const auto& [name, values] : trace.columns) {
    if (values.size() != trace.row_count) {
      return absl::InvalidArgumentError(absl::StrCat(
          "/run/", stage, "/", name, " has ", values.size(), " rows; expected ", trace.row_count));
    }
  }
  if (!trace.images.empty() && trace.images.size() != trace.row_count) {
    return absl::InvalidArgumentError(absl::StrCat(stage, "_images has ", trace.images.size(),
                                                   " images; expected ", trace.row_count));
  }
  return trace;
}

}  // namespace

std::string SourceCommit() {
  const std::string git = absl::StrCat("git -C '", kSourceDirectory, "' ");
  std::string commit = Run(git + "rev-parse HEAD 2>/dev/null");
  if (commit.size() < 12) return "";
  commit.resize(12);
  return Run(git + "status --porcelain -uno 2>/dev/null").empty() ? commit : commit + "+changes";
}

AlarmCount CountAlarms(const RunRecord& record) {
  AlarmCount count{.known = record.deploy.has_truth};
  if (!count.known) return count;
  std::vector<bool> answered(record.disturbed_at.size(), false);
  for (const Alarm& alarm : record.deploy.alarms) {
    int latest = -1;  // the last disturbance before the alarm
    for (size_t d = 0; d < record.disturbed_at.size(); ++d) {
      if (record.disturbed_at[d] <= alarm.image) latest = int(d);
    }
    if (latest < 0 || answered[size_t(latest)]) {
      ++count.false_alarms;
      continue;
    }
    answered[size_t(latest)] = true;
    ++count.right;
    if (latest == 0) count.delay_images = alarm.image - record.disturbed_at[0] + 1;
  }
  return count;
}

json Summarise(const RunRecord& r) {
  json alarms = json::array();
  for (const Alarm& a : r.deploy.alarms) {
    alarms.push_back({{"image", a.image},
                      {"stream", a.stream},
                      {"attribution", a.attribution},
                      {"moved_nm", a.moved_nm}});
  }
  const AlarmCount count = CountAlarms(r);
  json j = {{"format", "ronchi run"},
            {"format_version", 1},
            {"name", r.name},
            {"title", r.title},
            {"agent", r.agent},
            {"environment", r.environment},
            {"seed", r.seed},
            {"version", r.version},
            {"commit", r.commit},
            {"ending", std::string(EndingName(r.deploy.ending))},
            {"interrupted", r.deploy.ending == Ending::kInterrupted},
            {"ended_by", r.deploy.ended_by},
            {"frames_between_false_alarms", r.frames_between_false_alarms},
            {"training",
             {{"steps", r.training.steps},
              {"episodes", r.training.episodes},
              {"interrupted", r.training.interrupted}}},
            {"deploy", StageSummary(r.deploy.trace)},
            {"alarms", alarms},
            {"disturbed_at", r.disturbed_at}};
  j["deploy"]["episodes"] = r.deploy.episodes;
  j["deploy"]["watched"] = r.deploy.watched;
  j["deploy"]["has_ground_truth"] = r.deploy.has_truth;
  j["deploy"]["steps_planned"] = r.deploy.steps_planned;
  j["deploy"]["armed_at"] = r.deploy.armed_at;
  j["deploy"]["probing_images"] = r.deploy.probing_images;
  const auto known = [&](int n) { return count.known ? json(n) : json(); };
  j["deploy"]["alarms_right"] = known(count.right);
  j["deploy"]["alarms_false"] = known(count.false_alarms);
  j["deploy"]["alarm_delay_images"] = known(count.delay_images);
  if (r.tune) j["tune"] = StageSummary(*r.tune);
  if (r.tune) j["tune"]["steps_planned"] = r.tune_steps_planned;
  return j;
}

absl::Status WriteRunRecord(const std::string& folder, const RunRecord& r) {
  RONCHI_ASSIGN_OR_RETURN(
      DataFile file,
      DataFile::Create(folder + "/data.hdf5",
                       {.title = r.title, .identity = absl::StrCat(r.config, r.seed)}));
  const ImageScale scale = ImageScaleOf(r);
  RONCHI_RETURN_IF_ERROR(WriteTrace(&file, "deploy", r.deploy.trace, scale));
  if (r.tune) RONCHI_RETURN_IF_ERROR(WriteTrace(&file, "tune", *r.tune, scale));
  RONCHI_RETURN_IF_ERROR(file.WriteText("/run/config", r.config));
  RONCHI_RETURN_IF_ERROR(file.Close());
  return WriteFileAtomically(
      folder + "/summary.json",
      Summarise(r).dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

namespace {

// Before endings had names a summary said whether the run was interrupted, and what ended it.
absl::StatusOr<Ending> EndingOf(const json& summary, const std::string& folder) {
  if (!summary.contains("ending")) {
    if (summary.value("interrupted", false)) return Ending::kInterrupted;
    return summary.value("ended_by", "") == "steps" ? Ending::kDone : Ending::kEarly;
  }
  const std::optional<Ending> ending = EndingFromName(summary.at("ending").get<std::string>());
  if (!ending) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder, "/summary.json: ending: ", summary.at("ending").dump(), " is not allowed"));
  }
  return *ending;
}

absl::StatusOr<RunRecord> ReadWithoutCare(const std::string& folder) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/summary.json", kConfigFile));
  RunRecord r;
  RONCHI_ASSIGN_OR_RETURN(const DataFileReader file, DataFileReader::Open(folder + "/data.hdf5"));
  RONCHI_ASSIGN_OR_RETURN(r.deploy.trace, ReadTrace(file, "deploy"));
  RONCHI_ASSIGN_OR_RETURN(r.config, ReadFile(folder + "/config.yaml", kConfigFile));
  if (NestsTooDeeply(text)) {
    return absl::InvalidArgumentError(folder + "/summary.json: nested too deeply");
  }
  try {
    const json j = json::parse(text);
    r.name = j.at("name");
    r.title = j.at("title");
    r.agent = j.at("agent");
    r.environment = j.value("environment", "AberrationTuning-v0");  // the only one there was
    r.seed = j.at("seed");
    r.version = j.at("version");
    r.commit = j.at("commit");
    r.frames_between_false_alarms = j.at("frames_between_false_alarms");
    r.training.steps = j.at("training").at("steps");
    r.training.episodes = j.at("training").at("episodes");
    r.training.interrupted = j.at("training").at("interrupted");
    r.deploy.ended_by = j.at("ended_by");
    RONCHI_ASSIGN_OR_RETURN(r.deploy.ending, EndingOf(j, folder));
    // Before these were written there was one episode, and always a truth.
    r.deploy.episodes = j.at("deploy").value("episodes", 1);
    r.deploy.watched = j.at("deploy").value("watched", 0);
    r.deploy.has_truth = j.at("deploy").value("has_ground_truth", true);
    // Before these were written a report could not say how many were left out.
    r.deploy.steps_planned = j.at("deploy").value("steps_planned", r.deploy.trace.rows() - 1);
    r.deploy.armed_at = j.at("deploy").at("armed_at");
    r.deploy.probing_images = j.at("deploy").at("probing_images");
    r.disturbed_at = j.at("disturbed_at").get<std::vector<int>>();
    for (const json& a : j.at("alarms")) {
      r.deploy.alarms.push_back(
          {a.at("image"), a.at("stream"), a.at("attribution"), a.at("moved_nm")});
      const size_t moved = r.deploy.alarms.back().moved_nm.size();
      if (moved != 0 && moved != 3) {
        return absl::InvalidArgumentError(absl::StrCat(folder, "/summary.json: moved_nm: ", moved,
                                                       " numbers are not allowed; allowed: 0, 3"));
      }
    }
    if (j.contains("tune")) {
      RONCHI_ASSIGN_OR_RETURN(r.tune, ReadTrace(file, "tune"));
      r.tune_steps_planned = j.at("tune").value("steps_planned", r.tune->rows() - 1);
    }
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(folder, "/summary.json: ", JsonError(e)));
  }
  return r;
}

}  // namespace

absl::StatusOr<RunRecord> ReadRunRecord(const std::string& folder) {
  const std::string path = folder + "/data.hdf5";
  // HDF5 1.10 trusts what it reads: damaged files can crash it, or have it take all memory.
  RONCHI_RETURN_IF_ERROR(TryInAChild([&] { return ReadWithoutCare(folder).status(); },
                                     path + ": is damaged", LimitsOfReading(path)));
  return ReadWithoutCare(folder);
}

}  // namespace ronchi
