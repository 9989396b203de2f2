#include "experiments/simulate_command.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/png.h"
#include "core/storage.h"
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

}  // namespace

absl::StatusOr<SimulateOutcome> SimulateToFile(const Config& config, const std::string& output) {
  if (!absl::EndsWith(output, ".hdf5") && !absl::EndsWith(output, ".h5")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "-o ", output, ": the name must end in .hdf5 (or .h5), which the readers expect"));
  }
  RONCHI_ASSIGN_OR_RETURN(const sim::SimulationOptions options, sim::ReadSimulationOptions(config));
  const std::string text = config.Dump();
  RONCHI_ASSIGN_OR_RETURN(DataFile file,
                          DataFile::Create(output, {.title = "simulate", .identity = text}));
  SimulateOutcome outcome;
  RONCHI_ASSIGN_OR_RETURN(outcome.result, sim::Simulate(options));
  std::vector<std::pair<std::string, std::string>> pictures;
  for (const sim::DetectorImage& image : outcome.result.images) {
    RONCHI_RETURN_IF_ERROR(file.Write(Describe(options, image), image.values));
    RONCHI_ASSIGN_OR_RETURN(std::string png, Picture(options, image));
    if (png.empty()) continue;
    const fs::path path = fs::path(output).replace_extension("." + image.detector.name + ".png");
    pictures.emplace_back(path.string(), std::move(png));
  }
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
