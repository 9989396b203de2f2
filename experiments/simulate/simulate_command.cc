#include "experiments/simulate/simulate_command.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/storage.h"
#include "experiments/catalog/describe_structure.h"
#include "experiments/record/log.h"
#include "experiments/simulate/memory_check.h"
#include "experiments/simulate/simulate_resume.h"
#include "experiments/simulate/simulate_series.h"
#include "experiments/simulate/simulate_signal.h"
#include "experiments/simulate/simulate_warnings.h"
#include "sim/grid.h"
#include "sim/simulate_config.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

// Names become groups of the HDF5 file and parts of the pictures' names.
bool IsGoodName(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.size() <= 100 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "_-.") == std::string::npos;
}

std::string PicturePath(const SimulateSeries& series, const std::string& output, size_t detector) {
  const std::string& name = series.first().plan.detectors[detector].options().name;
  return fs::path(output).replace_extension("." + name + ".png").string();
}

absl::Status CheckOutput(const std::string& output) {
  if (!absl::EndsWith(output, ".hdf5") && !absl::EndsWith(output, ".h5")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "-o ", output, ": the name must end in .hdf5 (or .h5), which the readers expect"));
  }
  std::error_code ec;
  if (fs::is_directory(output, ec)) {
    return absl::InvalidArgumentError(absl::StrCat("-o ", output, ": is a folder, not a file"));
  }
  return absl::OkStatus();
}

absl::Status CheckIsNew(const SimulateSeries& series, const std::string& output) {
  std::vector<std::string> paths = {output};
  for (size_t d = 0; d < series.first().plan.detectors.size(); ++d) {
    paths.push_back(PicturePath(series, output, d));
  }
  for (const std::string& path : paths) {
    std::error_code ec;
    if (!fs::exists(path, ec)) continue;
    return absl::AlreadyExistsError(absl::StrCat(
        path, ": is there already; --force replaces it, --resume goes on with an interrupted run"));
  }
  return absl::OkStatus();
}

absl::Status CheckDisk(const SimulateSeries& series, const std::string& output) {
  std::error_code ec;
  const fs::path parent = fs::path(output).parent_path();
  const fs::space_info space = fs::space(parent.empty() ? fs::path(".") : parent, ec);
  const SimulateJob& job = series.first();
  const double need = EstimateMemory(job.options, job.plan, Threads(), series.points()).output;
  if (ec || need <= double(space.available))
    return absl::OkStatus();  // DataFile says what is wrong
  return absl::ResourceExhaustedError(
      absl::StrFormat("%s: needs %.3g MB: No space left on device, where %.3g MB are free", output,
                      need / 1e6, double(space.available) / 1e6));
}

void LogPlan(const SimulateSeries& series) {
  const SimulateJob& job = series.first();
  const sim::SimulationOptions& o = job.options;
  const MemoryNeed need = EstimateMemory(o, job.plan, Threads(), series.points());
  if (series.is_series()) Log(absl::StrFormat("a series of %u points", series.points()));
  Log(absl::StrFormat("%u atoms in %.5g x %.5g x %.5g A, %u x %u pixels, slices of %g A",
                      o.specimen.atoms.size(), o.specimen.cell_A[0], o.specimen.cell_A[1],
                      o.specimen.cell_A[2], o.grid_pixels[0], o.grid_pixels[1],
                      o.slice_thickness_A));
  if (const auto& summary = o.specimen.summary) {
    for (const std::string& line : StructureLines(*summary)) Log(line);
  }
  if (o.specimen.strain > 1e-6) {
    Log(absl::StrFormat("the crystal is strained by %.3g to fit the box", o.specimen.strain));
  }
  Log(absl::StrFormat("%u probes, %d configurations, seeds: phonons %u, dose %u", o.scan.probes(),
                      o.phonon_configurations, o.phonon_seed, o.dose_seed));
  Log(absl::StrFormat("%d threads, about %.3g GB of memory of %.3g GB free", Threads(),
                      need.Total() / 1e9, AvailableMemory() / 1e9));
  const std::string cache = CacheDirectory();
  Log("FFT plans: measured once a size, " +
      (cache.empty() ? "kept nowhere: no cache folder" : "kept in " + cache));
}

// What a simulation writes to: the file block by block, and what pictures need.
class Output {
 public:
  Output(const SimulateSeries& series, DataFile* file)
      : series_(series),
        file_(file),
        pictures_(series.first().options, series.first().plan, Labels(series)) {}

  absl::Status Declare() {
    for (size_t d = 0; d < detectors(); ++d) {
      RONCHI_RETURN_IF_ERROR(file_->Declare(series_.signal(d), series_.Shape(d)));
    }
    return absl::OkStatus();
  }
  absl::Status Take(size_t point, size_t d, size_t exit, size_t first,
                    std::span<const float> values) {
    const sim::Detector& detector = series_.first().plan.detectors[d];
    size_t n = 1;
    for (size_t s : detector.shape()) n *= s;
    const Slab slab = series_.Place(point, d, exit, first, values.size() / n);
    pictures_.Add(d, point, exit, first, values);
    return file_->WriteSlab(detector.options().name, slab.offset, slab.count, values);
  }
  size_t detectors() const { return series_.first().plan.detectors.size(); }
  const SimulatePictures& pictures() const { return pictures_; }

 private:
  static std::vector<std::string> Labels(const SimulateSeries& series) {
    std::vector<std::string> labels;
    for (size_t p = 0; p < series.points(); ++p) labels.push_back(series.Label(p));
    return labels;
  }
  const SimulateSeries& series_;
  DataFile* file_;
  SimulatePictures pictures_;
};

absl::Status WriteDepths(const SimulateSeries& series, DataFile* file) {
  const sim::SimulationOptions& o = series.first().options;
  if (o.exit_slices.size() < 2) return absl::OkStatus();
  // Of the first point; where a series changes the thickness, the signals' axes say so.
  std::vector<double> depths_A = ExitDepths_nm(o);
  for (double& depth : depths_A) depth *= 10;
  return file->WriteArray("/simulate/exit_depth_A", Array<double>({depths_A.size()}, depths_A),
                          "A");
}

absl::Status WriteExtras(const SimulateSeries& series, DataFile* file) {
  RONCHI_RETURN_IF_ERROR(file->WriteText("/simulate/config", series.config()));
  const sim::SimulationOptions& o = series.first().options;
  if (const auto& summary = o.specimen.summary) {
    RONCHI_RETURN_IF_ERROR(file->WriteText("/simulate/structure", StructureText(*summary)));
  }
  if (const auto warnings = SimulationWarnings(o); !warnings.empty()) {
    RONCHI_RETURN_IF_ERROR(
        file->WriteText("/simulate/warnings", absl::StrJoin(warnings, "\n") + "\n"));
  }
  RONCHI_RETURN_IF_ERROR(WriteDepths(series, file));
  for (size_t a = 0; a < series.axes().size(); ++a) {
    const ConfigSeries::Axis& numbers = series.numbers()[a];
    RONCHI_RETURN_IF_ERROR(file->WriteArray("/simulate/series/" + numbers.path,
                                            Array<double>({numbers.values.size()}, numbers.values),
                                            SeriesUnits(numbers)));
  }
  return absl::OkStatus();
}

// Pictures last: a file without its pictures is worth more than the other way round.
absl::Status WritePictures(const SimulateSeries& series, const SimulatePictures& pictures,
                           const std::string& output, std::vector<std::string>* files) {
  for (size_t d = 0; d < series.first().plan.detectors.size(); ++d) {
    RONCHI_ASSIGN_OR_RETURN(const std::string png, pictures.Draw(d));
    if (png.empty()) continue;
    const std::string path = PicturePath(series, output, d);
    if (absl::Status s = WriteFileAtomically(path, png); !s.ok()) {
      for (const std::string& written : *files) std::remove(written.c_str());
      return s;
    }
    files->push_back(path);
  }
  return absl::OkStatus();
}

// Every detector that the grid cannot serve: "detectors.<name>: …", at its line in the config.
absl::Status FindUnservedDetectors(const sim::SimulationOptions& all, const Config& detectors) {
  ErrorList errors;
  sim::SimulationOptions one = all;
  one.scan = {};  // its blocks do not matter here
  for (const sim::DetectorOptions& d : all.detectors) {
    one.detectors = {d};
    const absl::Status status = sim::PlanSimulation(one).status();
    const std::string prefix = "detectors." + d.name + ": ", what(status.message());
    if (status.ok()) continue;
    errors.Add(absl::StartsWith(what, prefix) ? detectors.Error(d.name, what.substr(prefix.size()))
                                              : status);
  }
  return errors.status();
}

}  // namespace

absl::StatusOr<SimulateJob> ReadSimulateJob(const Config& config, size_t points,
                                            const sim::SpecimenSection* known) {
  SimulateJob job;
  RONCHI_ASSIGN_OR_RETURN(job.options, sim::ReadSimulationOptions(config, known));
  ConfigReader r(config);
  const Config beam = r.Child("beam"), detectors = r.Child("detectors");
  const sim::SimulationOptions& o = job.options;
  ErrorList errors;
  for (const sim::DetectorOptions& d : o.detectors) {
    if (IsGoodName(d.name)) continue;
    errors.Add(detectors.Error(d.name, "a detector's name is made of letters, digits, _, - and ."));
  }
  if (const auto probe = sim::MakeProbe(o.grid(), o.beam); !probe.ok()) {
    errors.Add(beam.Error("semiangle_mrad", std::string(probe.status().message())));
  } else {
    errors.Add(FindUnservedDetectors(o, detectors));
  }
  RONCHI_RETURN_IF_ERROR(errors.status());
  RONCHI_ASSIGN_OR_RETURN(job.plan, sim::PlanSimulation(o));
  RONCHI_RETURN_IF_ERROR(Annotate(CheckMemory(o, job.plan, Threads(), points), config.file()));
  job.config = config.Dump();
  return job;
}

absl::StatusOr<sim::SimulationResult> SimulatePoints(SimulateSeries& series, size_t first,
                                                     std::optional<sim::SimulationState> state,
                                                     const SeriesSink& sink, size_t* last) {
  sim::SimulationResult result;
  double seconds = 0;
  for (size_t point = first; point < series.points(); ++point) {
    RONCHI_ASSIGN_OR_RETURN(const SimulateJob job, series.Job(point));
    if (series.is_series()) {
      Progress::Say(
          absl::StrCat("point ", point + 1, " of ", series.points(), ": ", series.Label(point)));
    }
    const auto one = [&](size_t d, size_t exit, size_t probe, std::span<const float> values) {
      return sink(point, d, exit, probe, values);
    };
    RONCHI_ASSIGN_OR_RETURN(result, sim::Simulate(job.options, job.plan, one, std::move(state)));
    state.reset();
    seconds += result.seconds;
    *last = point;
    if (result.unfinished) break;
  }
  result.seconds = seconds;
  return result;
}

absl::StatusOr<SimulateOutcome> SimulateToFile(SimulateSeries& series, const std::string& output,
                                               Existing existing) {
  RONCHI_RETURN_IF_ERROR(CheckOutput(output));
  if (existing == Existing::kRefuse) RONCHI_RETURN_IF_ERROR(CheckIsNew(series, output));
  SimulateOutcome outcome;
  Unfinished left;
  if (existing == Existing::kResume) {
    RONCHI_ASSIGN_OR_RETURN(left, ReadState(output, series));
    outcome.was_complete = left.complete;
    if (left.complete) return outcome;
    Log(output + (left.state ? ": goes on" : ": not there yet, begins"));
  }
  RONCHI_RETURN_IF_ERROR(CheckDisk(series, output));
  RONCHI_ASSIGN_OR_RETURN(
      DataFile file, DataFile::Create(output, {.title = "simulate", .identity = series.config()}));
  LogPlan(series);
  Output out(series, &file);
  RONCHI_RETURN_IF_ERROR(out.Declare());
  const auto sink = [&](size_t point, size_t d, size_t exit, size_t first,
                        std::span<const float> values) {
    return out.Take(point, d, exit, first, values);
  };
  if (left.state) RONCHI_RETURN_IF_ERROR(CopyBlocks(output, left, series, sink));
  size_t last = left.point;
  RONCHI_ASSIGN_OR_RETURN(outcome.result,
                          SimulatePoints(series, left.point, std::move(left.state), sink, &last));
  RONCHI_RETURN_IF_ERROR(WriteExtras(series, &file));
  RONCHI_RETURN_IF_ERROR(WriteEnd(!outcome.result.unfinished, &file));
  if (outcome.result.unfinished) {
    RONCHI_RETURN_IF_ERROR(WriteState(*outcome.result.unfinished, last, series, &file));
  }
  RONCHI_RETURN_IF_ERROR(file.Close());
  outcome.files.push_back(output);
  RONCHI_RETURN_IF_ERROR(WritePictures(series, out.pictures(), output, &outcome.files));
  for (size_t d = 0; d < out.detectors(); ++d) {
    outcome.means.emplace_back(series.first().plan.detectors[d].options().name,
                               out.pictures().Mean(d));
  }
  return outcome;
}

}  // namespace ronchi
