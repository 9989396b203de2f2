#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "experiments/estimate/estimate_problem.h"
#include "theory/forward/crystal_search.h"

namespace ronchi {
namespace {

using theory::CrystalPattern;
// Pixels of the waves, whatever the config's grid: what is scattered beyond the band of coarser
// ones is missing from all of the pattern alike, and is taken for another thickness. Of 70 Å of
// SrTiO₃ pixels of 0.108 Å make 1.0 Å too much and tilts wrong by 0.09 mrad, of 0.078 Å 0.27 Å and
// 0.003, of 0.065 Å 0.01 Å and 0.003 (against 0.054 Å).
constexpr double kCoarsest_A = 0.065;
constexpr double kDeepest_A = 5000;

absl::StatusOr<theory::PatternCamera> CameraOf(const EstimateJob& job, const Array<double>& frame) {
  RONCHI_ASSIGN_OR_RETURN(const sim::SimulationPlan plan, sim::PlanSimulation(job.simulate));
  theory::PatternCamera camera;
  for (const sim::Detector& d : plan.detectors) {
    if (d.options().name != job.detector) continue;
    const bool same = d.shape()[0] == frame.shape()[0] && d.shape()[1] == frame.shape()[1];
    if (!same && job.pixel_mrad <= 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the frame has ", frame.shape()[0], " x ", frame.shape()[1], " pixels, the detector '",
          job.detector, "' ", d.shape()[0], " x ", d.shape()[1],
          "; give the size of the frame's pixels as estimate.pixel_mrad"));
    }
    camera = {{d.shape()[0], d.shape()[1]},
              {d.x_axis().offset_rad, d.y_axis().offset_rad},
              {d.x_axis().step_rad, d.y_axis().step_rad}};
  }
  if (job.pixel_mrad <= 0) return camera;
  for (size_t a : {size_t(0), size_t(1)}) {
    camera.pixels[a] = frame.shape()[a];
    camera.step_rad[a] = job.pixel_mrad * kRadPerMrad;
    camera.offset_rad[a] = -camera.step_rad[a] * double(camera.pixels[a] / 2);
  }
  return camera;
}

std::array<double, 2> RangeOf(const EstimateJob& job, const std::string& name, double standard) {
  for (const auto& [key, range] : job.unknown) {
    if (key == name) return range;
  }
  return {standard, standard};
}

// Probes over whole cells, near enough that no two beams of the aperture interfere in their mean.
absl::StatusOr<bool> IsAveraged(const sim::SimulationOptions& o, const theory::CrystalCell& cell) {
  if (o.scan.probes() == 1) return false;
  const auto step = o.scan.Step_A();
  for (size_t a : {size_t(0), size_t(1)}) {
    const double period = cell.cell.cell_A[a];
    const double cells = double(o.scan.pixels[a]) * step[a] / period;
    if (o.scan.is_raster() && cells > 0.5 && std::fabs(cells - std::round(cells)) < 0.02) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "scan: one probe, or a raster over whole cells of %.4g A; along %s it covers %.3g cells",
        period, a == 0 ? "x" : "y", cells));
  }
  return true;
}

absl::StatusOr<std::shared_ptr<const CrystalPattern>> MakeModel(const EstimateJob& job,
                                                                const theory::PatternCamera& camera,
                                                                double electrons) {
  const sim::SimulationOptions& o = job.simulate;
  const theory::CrystalCell found = theory::FindCell(o.specimen);
  theory::CrystalPatternOptions m;
  RONCHI_ASSIGN_OR_RETURN(m.averaged, IsAveraged(o, found));
  const double depth = RangeOf(job, "thickness_A", o.specimen.cell_A[2])[1];
  if (depth > kDeepest_A) {
    return absl::InvalidArgumentError(
        absl::StrCat("thickness_A: ", depth, " A is too thick; allowed: up to ", kDeepest_A));
  }
  m.waves = {.cell = o.phonons ? theory::Smeared(found.cell, o.phonon_rms_A) : found.cell,
             .depth_A = depth + 12,  // planes behind the last one, for the cubic
             .pixel_A = std::min(kCoarsest_A, std::max(o.grid().dx_A(), o.grid().dy_A())),
             .slice_thickness_A = o.slice_thickness_A,
             .parametrization = o.parametrization,
             .projection = o.projection,
             .placement = o.placement,
             .energy_eV = o.beam.energy_eV};
  m.copies = {found.copies[0], found.copies[1]};
  m.semiangle_rad = o.beam.semiangle_rad;
  m.camera = camera;
  m.electrons = electrons;
  m.model_error = job.model_error;
  m.fixed = {.thickness_A = o.specimen.cell_A[2],
             .tilt_rad = o.tilt_rad,
             .aberrations = o.beam.aberrations,
             .place_A = o.scan.Position(0)};
  std::vector<theory::Parameter> parameters;
  for (const auto& [name, range] : job.unknown) {
    parameters.push_back({.name = name,
                          .mean = (range[0] + range[1]) / 2,
                          .sigma = (range[1] - range[0]) / std::sqrt(12.0),
                          .anywhere = true});
  }
  parameters.push_back({.name = "scale", .mean = 1, .sigma = 1, .anywhere = true});
  RONCHI_ASSIGN_OR_RETURN(theory::ParameterSet set,
                          theory::ParameterSet::Create(std::move(parameters)));
  return CrystalPattern::Create(std::move(m), std::move(set));
}

// The best of all tilts and thicknesses in their ranges, each with its scale.
void FindStarts(const CrystalPattern& model, const EstimateJob& job, EstimateProblem* problem) {
  const theory::State middle = model.parameters().PriorMean();
  theory::CrystalSearchOptions search;
  const theory::PatternState fixed = model.StateOf(middle);
  search.thickness_A = RangeOf(job, "thickness_A", fixed.thickness_A);
  for (size_t a : {size_t(0), size_t(1)}) {
    const auto range =
        RangeOf(job, a == 0 ? "tilt_x_mrad" : "tilt_y_mrad", fixed.tilt_rad[a] / kRadPerMrad);
    search.tilt_rad[a] = {range[0] * kRadPerMrad, range[1] * kRadPerMrad};
  }
  const Array<float>& data = problem->data[0].data;
  const std::vector<double> counts(data.begin(), data.end());
  for (const theory::CrystalStart& s : theory::SearchCrystal(model, counts, fixed, search)) {
    theory::State at = middle;
    const auto set = [&](const char* name, double value) {
      if (const auto i = model.parameters().Find(name)) at[Eigen::Index(*i)] = value;
    };
    set("thickness_A", s.thickness_A);
    set("tilt_x_mrad", s.tilt_rad[0] / kRadPerMrad);
    set("tilt_y_mrad", s.tilt_rad[1] / kRadPerMrad);
    SetScale(*problem, &at);
    problem->starts.push_back(at);
  }
}

}  // namespace

absl::StatusOr<EstimateProblem> PatternProblem(const EstimateJob& job, const FrameSeries& frames) {
  RONCHI_ASSIGN_OR_RETURN(const auto all, ElectronsOf(job, frames, true));
  const Array<double>& pattern = all[0];
  RONCHI_ASSIGN_OR_RETURN(const theory::PatternCamera camera, CameraOf(job, pattern));
  RONCHI_ASSIGN_OR_RETURN(
      const auto model, MakeModel(job, camera, job.electrons > 0 ? job.electrons : SumOf(pattern)));
  EstimateProblem problem{.model = model};
  problem.data.emplace_back();
  problem.data[0].data = Array<float>(pattern.shape());
  std::ranges::copy(pattern, problem.data[0].data.begin());
  FindStarts(*model, job, &problem);
  return problem;
}

}  // namespace ronchi
