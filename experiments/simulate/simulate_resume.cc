#include "experiments/simulate/simulate_resume.h"

#include <cmath>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/child_first.h"
#include "experiments/simulate/simulate_signal.h"

namespace ronchi {
namespace {

constexpr char kGroup[] = "/simulate/resume";
constexpr char kEnded[] = "/simulate/ended", kComplete[] = "complete";

std::string Place(const char* kind, const sim::Detector& d) {
  return absl::StrCat(kGroup, "/", kind, "/", d.options().name);
}

// The sums of a block that was begun, as SimulateSeries wrote them.
absl::StatusOr<sim::SimulationState> ReadState(const std::string& path, const DataFileReader& file,
                                               const SimulateJob& job, size_t block) {
  const sim::SimulationOptions& o = job.options;
  const sim::SimulationPlan& plan = job.plan;
  sim::SimulationState state;
  const auto read = [&](const std::string& place, size_t size, std::vector<double>* out) {
    RONCHI_ASSIGN_OR_RETURN(const Array<double> values, file.ReadDouble(place));
    if (values.size() != size) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", place, " has ", values.size(),
                                                     " values where ", size, " are expected"));
    }
    out->assign(values.begin(), values.end());
    return absl::OkStatus();
  };
  state.block = block;
  const size_t count = plan.blocks[state.block].count, exits = o.exit_slices.size();
  RONCHI_RETURN_IF_ERROR(
      read(absl::StrCat(kGroup, "/configurations"), count, &state.configurations));
  for (double done : state.configurations) {
    if (!(done >= 0 && done <= o.phonon_configurations && done == std::floor(done))) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", kGroup, "/configurations is damaged"));
    }
  }
  state.sums.resize(plan.detectors.size());
  state.gradients.resize(plan.detectors.size());
  for (size_t d = 0; d < plan.detectors.size(); ++d) {
    const sim::Detector& detector = plan.detectors[d];
    RONCHI_RETURN_IF_ERROR(
        read(Place("sums", detector), exits * count * detector.size(), &state.sums[d]));
    if (!detector.integrates()) continue;
    RONCHI_RETURN_IF_ERROR(
        read(Place("vectors", detector), 2 * exits * o.scan.probes(), &state.gradients[d]));
  }
  return state;
}

absl::StatusOr<Unfinished> ReadWhatIsLeft(const std::string& path, SimulateSeries& series) {
  RONCHI_ASSIGN_OR_RETURN(const DataFileReader file, DataFileReader::Open(path));
  const absl::StatusOr<std::string> text = file.ReadText("/simulate/config");
  if (!text.ok() || *text != series.config()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": is not the output of this config (with these overrides and seeds); "
                     "--force instead of --resume replaces it"));
  }
  const absl::StatusOr<Array<double>> block = file.ReadDouble(absl::StrCat(kGroup, "/block"));
  if (!block.ok()) {
    const absl::StatusOr<std::string> ended = file.ReadText(kEnded);
    if (ended.ok() && *ended == kComplete) return Unfinished{.complete = true};
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is damaged: it says neither that it is complete nor where it stopped"));
  }
  Unfinished left;
  // Files of earlier versions know no series.
  if (const auto point = file.ReadDouble(absl::StrCat(kGroup, "/point")); point.ok()) {
    if (point->size() != 1 ||
        !(*point->begin() >= 0 && *point->begin() < double(series.points()))) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", kGroup, "/point is damaged"));
    }
    left.point = size_t(*point->begin());
  }
  RONCHI_ASSIGN_OR_RETURN(const SimulateJob job, series.Job(left.point));
  if (block->size() != 1 || !(*block->begin() >= 0 && *block->begin() < job.plan.blocks.size())) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", kGroup, "/block is damaged"));
  }
  RONCHI_ASSIGN_OR_RETURN(left.state, ReadState(path, file, job, size_t(*block->begin())));
  return left;
}

}  // namespace

absl::Status WriteState(const sim::SimulationState& state, size_t point,
                        const SimulateSeries& series, DataFile* file) {
  const sim::SimulationPlan& plan = series.first().plan;
  const auto write = [&](const std::string& place, const std::vector<double>& v) {
    return file->WriteArray(place, Array<double>({v.size()}, v), "");
  };
  RONCHI_RETURN_IF_ERROR(write(absl::StrCat(kGroup, "/block"), {double(state.block)}));
  RONCHI_RETURN_IF_ERROR(write(absl::StrCat(kGroup, "/point"), {double(point)}));
  RONCHI_RETURN_IF_ERROR(write(absl::StrCat(kGroup, "/configurations"), state.configurations));
  for (size_t d = 0; d < plan.detectors.size(); ++d) {
    RONCHI_RETURN_IF_ERROR(write(Place("sums", plan.detectors[d]), state.sums[d]));
    if (!plan.detectors[d].integrates()) continue;
    RONCHI_RETURN_IF_ERROR(write(Place("vectors", plan.detectors[d]), state.gradients[d]));
  }
  return absl::OkStatus();
}

absl::Status WriteEnd(bool complete, DataFile* file) {
  return file->WriteText(kEnded, complete ? kComplete : "interrupted");
}

absl::StatusOr<Unfinished> ReadState(const std::string& path, SimulateSeries& series) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec)) return Unfinished{};
  // HDF5 1.10 trusts what it reads: damaged files can crash it, or have it take all memory. So all
  // that will be read is read first by a child.
  const auto read = [&]() -> absl::Status {
    RONCHI_ASSIGN_OR_RETURN(const Unfinished left, ReadWhatIsLeft(path, series));
    if (!left.state) return absl::OkStatus();
    return CopyBlocks(
        path, left, series,
        [](size_t, size_t, size_t, size_t, std::span<const float>) { return absl::OkStatus(); });
  };
  RONCHI_RETURN_IF_ERROR(TryInAChild(
      read, path + ": is damaged; --force instead of --resume replaces it", LimitsOfReading(path)));
  return ReadWhatIsLeft(path, series);
}

absl::Status CopyBlocks(const std::string& path, const Unfinished& left, SimulateSeries& series,
                        const SeriesSink& sink) {
  RONCHI_ASSIGN_OR_RETURN(const DataFileReader file, DataFileReader::Open(path));
  RONCHI_ASSIGN_OR_RETURN(const SimulateJob job, series.Job(left.point));
  const size_t exits = job.options.exit_slices.size();
  for (size_t point = 0; point <= left.point; ++point) {
    const bool whole = point < left.point;
    const size_t blocks = whole ? job.plan.blocks.size() : left.state->block;
    for (size_t b = 0; b < blocks; ++b) {
      const auto [first, count] = job.plan.blocks[b];
      for (size_t d = 0; d < job.plan.detectors.size(); ++d) {
        // Integrated images come at the end of their point.
        if (job.plan.detectors[d].integrates() && !whole) continue;
        for (size_t exit = 0; exit < exits; ++exit) {
          const Slab s = series.Place(point, d, exit, first, count);
          const std::string place = "/root/" + job.plan.detectors[d].options().name + "/data";
          RONCHI_ASSIGN_OR_RETURN(const Array<float> values,
                                  file.ReadSlab(place, s.offset, s.count));
          RONCHI_RETURN_IF_ERROR(sink(point, d, exit, first, values.values()));
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace ronchi
