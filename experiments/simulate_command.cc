#include "experiments/simulate_command.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/storage.h"
#include "experiments/describe_structure.h"
#include "experiments/log.h"
#include "experiments/memory_check.h"
#include "experiments/simulate_resume.h"
#include "experiments/simulate_signal.h"
#include "experiments/simulate_warnings.h"
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

absl::Status CheckDisk(const SimulateJob& job, const std::string& output) {
  std::error_code ec;
  const fs::path parent = fs::path(output).parent_path();
  const fs::space_info space = fs::space(parent.empty() ? fs::path(".") : parent, ec);
  const double need = EstimateMemory(job.options, job.plan, Threads()).output;
  if (ec || need <= double(space.available))
    return absl::OkStatus();  // DataFile says what is wrong
  return absl::ResourceExhaustedError(
      absl::StrFormat("%s: needs %.3g MB: No space left on device, where %.3g MB are free", output,
                      need / 1e6, double(space.available) / 1e6));
}

void LogPlan(const SimulateJob& job) {
  const sim::SimulationOptions& o = job.options;
  const MemoryNeed need = EstimateMemory(o, job.plan, Threads());
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
  Output(const SimulateJob& job, DataFile* file)
      : job_(job), file_(file), pictures_(job.options, job.plan) {}

  absl::Status Declare() {
    for (size_t d = 0; d < job_.plan.detectors.size(); ++d) {
      RONCHI_RETURN_IF_ERROR(file_->Declare(DescribeSignal(job_.options, job_.plan, d),
                                            job_.plan.Shape(job_.options, d)));
    }
    return absl::OkStatus();
  }
  absl::Status Take(size_t d, size_t exit, size_t first, std::span<const float> values) {
    size_t n = 1;
    for (size_t s : job_.plan.detectors[d].shape()) n *= s;
    const Slab slab = SlabOf(job_.options, job_.plan, d, exit, first, values.size() / n);
    pictures_.Add(d, exit, first, values);
    return file_->WriteSlab(job_.plan.detectors[d].options().name, slab.offset, slab.count, values);
  }
  const SimulatePictures& pictures() const { return pictures_; }

 private:
  const SimulateJob& job_;
  DataFile* file_;
  SimulatePictures pictures_;
};

absl::Status WriteExtras(const SimulateJob& job, const sim::SimulationResult& result,
                         DataFile* file) {
  RONCHI_RETURN_IF_ERROR(file->WriteText("/simulate/config", job.config));
  if (const auto& summary = job.options.specimen.summary) {
    RONCHI_RETURN_IF_ERROR(file->WriteText("/simulate/structure", StructureText(*summary)));
  }
  if (const auto warnings = SimulationWarnings(job.options); !warnings.empty()) {
    RONCHI_RETURN_IF_ERROR(
        file->WriteText("/simulate/warnings", absl::StrJoin(warnings, "\n") + "\n"));
  }
  if (job.options.exit_slices.size() > 1) {
    std::vector<double> depths;
    for (size_t s : job.options.exit_slices) depths.push_back(double(s) * result.slice_thickness_A);
    RONCHI_RETURN_IF_ERROR(
        file->WriteArray("/simulate/exit_depth_A", Array<double>({depths.size()}, depths), "A"));
  }
  if (!result.unfinished) return absl::OkStatus();
  return WriteState(*result.unfinished, job.plan, file);
}

// Pictures last: a file without its pictures is worth more than the other way round.
absl::Status WritePictures(const SimulateJob& job, const SimulatePictures& pictures,
                           const std::string& output, std::vector<std::string>* files) {
  for (size_t d = 0; d < job.plan.detectors.size(); ++d) {
    RONCHI_ASSIGN_OR_RETURN(const std::string png, pictures.Draw(d));
    if (png.empty()) continue;
    const std::string& name = job.plan.detectors[d].options().name;
    const std::string path = fs::path(output).replace_extension("." + name + ".png").string();
    if (absl::Status s = WriteFileAtomically(path, png); !s.ok()) {
      for (const std::string& written : *files) std::remove(written.c_str());
      return s;
    }
    files->push_back(path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SimulateJob> ReadSimulateJob(const Config& config) {
  SimulateJob job;
  RONCHI_ASSIGN_OR_RETURN(job.options, sim::ReadSimulationOptions(config));
  ConfigReader r(config);
  const Config beam = r.Child("beam"), detectors = r.Child("detectors");
  const sim::SimulationOptions& o = job.options;
  for (const sim::DetectorOptions& d : o.detectors) {
    if (!IsGoodName(d.name)) {
      return detectors.Error(d.name, "a detector's name is made of letters, digits, _, - and .");
    }
  }
  if (const auto probe = sim::MakeProbe(o.grid(), o.beam); !probe.ok()) {
    return beam.Error("semiangle_mrad", std::string(probe.status().message()));
  }
  absl::StatusOr<sim::SimulationPlan> plan = sim::PlanSimulation(o);
  if (!plan.ok()) {  // "detectors.<name>: …": at its line in the config
    for (const sim::DetectorOptions& d : o.detectors) {
      const std::string prefix = "detectors." + d.name + ": ", what(plan.status().message());
      if (absl::StartsWith(what, prefix)) {
        return detectors.Error(d.name, what.substr(prefix.size()));
      }
    }
    return plan.status();
  }
  job.plan = std::move(*plan);
  RONCHI_RETURN_IF_ERROR(Annotate(CheckMemory(o, job.plan, Threads()), config.file()));
  job.config = config.Dump();
  return job;
}

absl::StatusOr<SimulateOutcome> SimulateToFile(const SimulateJob& job, const std::string& output,
                                               bool resume) {
  RONCHI_RETURN_IF_ERROR(CheckOutput(output));
  SimulateOutcome outcome;
  std::optional<sim::SimulationState> state;
  if (resume) {
    RONCHI_ASSIGN_OR_RETURN(Unfinished left, ReadState(output, job.config, job.options, job.plan));
    outcome.was_complete = left.complete;
    if (left.complete) return outcome;
    state = std::move(left.state);
    Log(state ? output + ": goes on" : output + ": not there yet, begins");
  }
  RONCHI_RETURN_IF_ERROR(CheckDisk(job, output));
  RONCHI_ASSIGN_OR_RETURN(DataFile file,
                          DataFile::Create(output, {.title = "simulate", .identity = job.config}));
  LogPlan(job);
  Output out(job, &file);
  RONCHI_RETURN_IF_ERROR(out.Declare());
  const auto sink = [&](size_t d, size_t exit, size_t first, std::span<const float> values) {
    return out.Take(d, exit, first, values);
  };
  if (state) {
    RONCHI_RETURN_IF_ERROR(CopyBlocks(output, state->block, job.options, job.plan, sink));
  }
  RONCHI_ASSIGN_OR_RETURN(outcome.result,
                          sim::Simulate(job.options, job.plan, sink, std::move(state)));
  RONCHI_RETURN_IF_ERROR(WriteExtras(job, outcome.result, &file));
  RONCHI_RETURN_IF_ERROR(file.Close());
  outcome.files.push_back(output);
  RONCHI_RETURN_IF_ERROR(WritePictures(job, out.pictures(), output, &outcome.files));
  for (size_t d = 0; d < job.plan.detectors.size(); ++d) {
    outcome.means.emplace_back(job.plan.detectors[d].options().name, out.pictures().Mean(d));
  }
  return outcome;
}

}  // namespace ronchi
