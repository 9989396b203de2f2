#include "experiments/simulate_command.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/png.h"
#include "core/storage.h"
#include "experiments/log.h"
#include "experiments/memory_check.h"
#include "sim/grid.h"
#include "sim/simulate_config.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

// Degenerate scans have one point: any step will do, zero will not.
double StepOrOne(double step) { return step != 0 ? step : 1; }

Signal Describe(const sim::SimulationOptions& o, const sim::DetectorImage& image) {
  using Type = sim::DetectorOptions::Type;
  const Type type = image.detector.type;
  const bool is_angle = type == Type::kCenterOfMass;
  Signal s{.name = image.detector.name, .title = image.detector.name + " (simulated)"};
  s.units = is_angle ? "mrad" : o.counts ? "electrons" : "fraction of incident electrons";
  // A detector with axes of its own is a stack of patterns; else the scan itself is the image.
  const bool navigate = type != Type::kAnnular;
  if (o.exit_slices.size() > 1) {
    s.axes.push_back(
        {.name = "exit", .navigate = true, .type = "unknown", .long_name = "exit plane"});
  }
  if (o.scan.points_A.empty()) {
    const auto step = o.scan.Step_A();
    s.axes.push_back({.name = "x",
                      .units = "A",
                      .offset = o.scan.start_A[0],
                      .scale = StepOrOne(step[0]),
                      .navigate = navigate});
    s.axes.push_back({.name = "y",
                      .units = "A",
                      .offset = o.scan.start_A[1],
                      .scale = StepOrOne(step[1]),
                      .navigate = navigate});
  } else {
    s.axes.push_back({.name = "point", .navigate = navigate, .type = "unknown"});
  }
  if (type == Type::kPixelated) {
    for (const auto& [name, axis] :
         {std::pair("qx", image.x_axis), std::pair("qy", image.y_axis)}) {
      s.axes.push_back({.name = name,
                        .units = "mrad",
                        .offset = axis.offset_rad * 1e3,
                        .scale = axis.step_rad * 1e3,
                        .type = "reciprocal"});
    }
  } else if (type != Type::kAnnular) {
    s.axes.push_back({.name = is_angle ? "component" : "segment", .type = "unknown"});
  }
  return s;
}

// One picture for a rank-2 raster image; "" for other shapes.
absl::StatusOr<std::string> Picture(const sim::SimulationOptions& o,
                                    const sim::DetectorImage& image) {
  if (image.detector.type != sim::DetectorOptions::Type::kAnnular || image.values.rank() != 2 ||
      !o.scan.points_A.empty()) {
    return std::string();
  }
  return RenderImage(image.values, {.first_axis_horizontal = true,
                                    .pixel_size = o.scan.Step_A()[0],
                                    .length_unit = "A",
                                    .colour_bar = true});
}

// Names become groups of the HDF5 file and parts of the pictures' names.
bool IsGoodName(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.size() <= 100 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "_-.") == std::string::npos;
}

// What only the whole of the options shows: names, memory, and what the grid cannot reach.
absl::Status CheckOptions(const Config& config, const sim::SimulationOptions& o) {
  ConfigReader r(config);
  const Config beam = r.Child("beam"), detectors = r.Child("detectors");
  for (const sim::DetectorOptions& d : o.detectors) {
    if (!IsGoodName(d.name)) {
      return detectors.Error(d.name, "a detector's name is made of letters, digits, _, - and .");
    }
  }
  RONCHI_RETURN_IF_ERROR(Annotate(CheckMemory(o, Threads()), config.file()));
  const sim::Grid grid{o.grid_pixels[0], o.grid_pixels[1], o.specimen.cell_A[0],
                       o.specimen.cell_A[1]};
  if (const auto probe = sim::MakeProbe(grid, o.beam); !probe.ok()) {
    return beam.Error("semiangle_mrad", std::string(probe.status().message()));
  }
  for (const sim::DetectorOptions& d : o.detectors) {
    const auto made = sim::Detector::Create(d, grid, o.beam.energy_eV);
    if (!made.ok()) return detectors.Error(d.name, std::string(made.status().message()));
  }
  return absl::OkStatus();
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

absl::Status CheckDisk(const sim::SimulationOptions& o, const std::string& output) {
  std::error_code ec;
  const fs::path parent = fs::path(output).parent_path();
  const fs::space_info space = fs::space(parent.empty() ? fs::path(".") : parent, ec);
  const double need = EstimateMemory(o, Threads()).output;
  if (ec || need <= double(space.available))
    return absl::OkStatus();  // DataFile says what is wrong
  return absl::ResourceExhaustedError(
      absl::StrFormat("%s: needs %.3g MB: No space left on device, where %.3g MB are free", output,
                      need / 1e6, double(space.available) / 1e6));
}

void LogPlan(const sim::SimulationOptions& o) {
  const MemoryNeed need = EstimateMemory(o, Threads());
  Log(absl::StrFormat("%u atoms in %.5g x %.5g x %.5g A, %u x %u pixels, slices of %g A",
                      o.specimen.atoms.size(), o.specimen.cell_A[0], o.specimen.cell_A[1],
                      o.specimen.cell_A[2], o.grid_pixels[0], o.grid_pixels[1],
                      o.slice_thickness_A));
  if (o.specimen.strain > 1e-6) {
    Log(absl::StrFormat("the crystal is strained by %.3g to fit the box", o.specimen.strain));
  }
  Log(absl::StrFormat("%u probes, %d configurations, seeds: phonons %u, dose %u",
                      o.scan.Positions().size(), o.phonon_configurations, o.phonon_seed,
                      o.dose_seed));
  Log(absl::StrFormat("%d threads, about %.3g GB of memory of %.3g GB free", Threads(),
                      need.Total() / 1e9, AvailableMemory() / 1e9));
  const std::string cache = CacheDirectory();
  Log("FFT plans: measured once a size (FFTW_PATIENT), " +
      (cache.empty() ? "kept nowhere: no cache folder" : "kept in " + cache));
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> WriteImages(
    const sim::SimulationOptions& options, const sim::SimulationResult& result,
    const std::string& output, DataFile* file) {
  std::vector<std::pair<std::string, std::string>> pictures;
  for (const sim::DetectorImage& image : result.images) {
    RONCHI_RETURN_IF_ERROR(file->Write(Describe(options, image), image.values));
    RONCHI_ASSIGN_OR_RETURN(std::string png, Picture(options, image));
    if (png.empty()) continue;
    const fs::path path = fs::path(output).replace_extension("." + image.detector.name + ".png");
    pictures.emplace_back(path.string(), std::move(png));
  }
  return pictures;
}

}  // namespace

absl::StatusOr<SimulateOutcome> SimulateToFile(const Config& config, const std::string& output) {
  RONCHI_RETURN_IF_ERROR(CheckOutput(output));
  RONCHI_ASSIGN_OR_RETURN(const sim::SimulationOptions options, sim::ReadSimulationOptions(config));
  RONCHI_RETURN_IF_ERROR(CheckOptions(config, options));
  RONCHI_RETURN_IF_ERROR(CheckDisk(options, output));
  const std::string text = config.Dump();
  RONCHI_ASSIGN_OR_RETURN(DataFile file,
                          DataFile::Create(output, {.title = "simulate", .identity = text}));
  LogPlan(options);
  SimulateOutcome outcome;
  RONCHI_ASSIGN_OR_RETURN(outcome.result, sim::Simulate(options));
  RONCHI_ASSIGN_OR_RETURN(const auto pictures, WriteImages(options, outcome.result, output, &file));
  RONCHI_RETURN_IF_ERROR(file.WriteText("/simulate/config", text));
  RONCHI_RETURN_IF_ERROR(file.Close());
  outcome.files.push_back(output);
  for (const auto& [path, png] : pictures) {
    if (absl::Status s = WriteFileAtomically(path, png); !s.ok()) {
      for (const std::string& written : outcome.files) std::remove(written.c_str());
      return s;
    }
    outcome.files.push_back(path);
  }
  return outcome;
}

}  // namespace ronchi
