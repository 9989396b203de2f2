#include "experiments/estimate/estimate.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "core/interrupt.h"
#include "theory/belief/normal_equations.h"
#include "theory/forward/crystal_search.h"

namespace ronchi {
namespace {

using theory::CrystalPattern;
using FitIndex = Eigen::Index;
constexpr const char* kScale = "scale";
constexpr int kMostFitSteps = 25, kTryoutSteps = 3;
constexpr double kSettled = 1e-2;        // of χ²: a tenth of a standard deviation
constexpr double kQuantile999 = 3.2905;  // of the normal distribution, two-sided 99.9 %
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
  parameters.push_back({.name = kScale, .mean = 1, .sigma = 1, .anywhere = true});
  RONCHI_ASSIGN_OR_RETURN(theory::ParameterSet set,
                          theory::ParameterSet::Create(std::move(parameters)));
  return CrystalPattern::Create(std::move(m), std::move(set));
}

// Fisher scoring within the ranges.
class PatternFit {
 public:
  PatternFit(const CrystalPattern& model, const EstimateJob& job, theory::Acquisition data)
      : model_(model), data_(std::move(data)) {
    const FitIndex n = FitIndex(model.parameters().size());
    low_.setConstant(n, 1e-3);  // of the scale
    high_.setConstant(n, 1e3);
    prior_.resize(n);
    for (FitIndex i = 0; i < n; ++i) {
      prior_[i] = 1 / std::pow(model.parameters()[size_t(i)].sigma, 2);
      if (size_t(i) >= job.unknown.size()) continue;
      low_[i] = job.unknown[size_t(i)].second[0];
      high_[i] = job.unknown[size_t(i)].second[1];
    }
  }

  struct Point {
    theory::State at;
    theory::NormalEquations equations;
    double damping = 1e-2;
    bool settled = false;
  };
  Point Begin(const theory::State& at) const { return {at, Equations(at)}; }

  void Improve(Point* p, int steps) const {
    for (int i = 0; i < steps && !p->settled && p->damping < 1e6 && !Interrupted(); ++i) {
      Eigen::MatrixXd damped = Information(p->equations);
      damped.diagonal() *= 1 + p->damping;
      const theory::State step = Free(*p, damped);
      const theory::State trial = (p->at + step).cwiseMax(low_).cwiseMin(high_);
      theory::NormalEquations there = Equations(trial);
      // With the weights of the point from which the step goes.
      const double gain =
          p->equations.chi2 - there.residuals[0].cwiseAbs2().dot(p->equations.weights[0]);
      if (!(gain > 0)) {
        p->settled = p->damping > 1e2 || (trial - p->at).cwiseAbs().maxCoeff() == 0;
        p->damping *= 8;
        continue;
      }
      p->at = trial;
      p->equations = std::move(there);
      p->damping = std::max(1e-9, p->damping / 8);
      p->settled = gain < kSettled;
    }
  }

  double Deviance(const Point& p) const { return p.equations.chi2 + p.equations.log_variance; }
  Eigen::MatrixXd Information(const theory::NormalEquations& e) const {
    Eigen::MatrixXd out = e.information;
    out.diagonal() += prior_;
    return out;
  }
  bool AtEnd(FitIndex i, double value) const {
    const double margin = 1e-6 * (high_[i] - low_[i]);
    return value < low_[i] + margin || value > high_[i] - margin;
  }
  const theory::Acquisition& data() const { return data_; }

 private:
  theory::NormalEquations Equations(const theory::State& at) const {
    return theory::Accumulate(model_, {&data_, 1}, at, 0);
  }
  // The step, of unknowns at an end of their range only where it leads inwards.
  theory::State Free(const Point& p, const Eigen::MatrixXd& information) const {
    std::vector<FitIndex> free;
    for (FitIndex i = 0; i < p.at.size(); ++i) {
      const bool outwards = (p.at[i] <= low_[i] && p.equations.score[i] < 0) ||
                            (p.at[i] >= high_[i] && p.equations.score[i] > 0);
      if (!outwards) free.push_back(i);
    }
    theory::State step = theory::State::Zero(p.at.size());
    const Eigen::MatrixXd some = information(free, free);
    const Eigen::VectorXd score = p.equations.score(free);
    const Eigen::VectorXd solved = some.ldlt().solve(score);
    step(free) = solved;
    return step;
  }
  const CrystalPattern& model_;
  theory::Acquisition data_;
  theory::State low_, high_, prior_;
};

std::vector<theory::State> StartsOf(const CrystalPattern& model, const EstimateJob& job,
                                    const theory::Acquisition& data) {
  const theory::State middle = model.parameters().PriorMean();
  theory::CrystalSearchOptions search;
  const theory::PatternState fixed = model.StateOf(middle);
  search.thickness_A = RangeOf(job, "thickness_A", fixed.thickness_A);
  for (size_t a : {size_t(0), size_t(1)}) {
    const auto range =
        RangeOf(job, a == 0 ? "tilt_x_mrad" : "tilt_y_mrad", fixed.tilt_rad[a] / kRadPerMrad);
    search.tilt_rad[a] = {range[0] * kRadPerMrad, range[1] * kRadPerMrad};
  }
  const std::vector<double> counts(data.data.begin(), data.data.end());
  std::vector<theory::State> starts;
  for (const theory::CrystalStart& s : theory::SearchCrystal(model, counts, fixed, search)) {
    theory::State at = middle;
    const auto set = [&](const char* name, double value) {
      if (const auto i = model.parameters().Find(name)) at[FitIndex(*i)] = value;
    };
    set("thickness_A", s.thickness_A);
    set("tilt_x_mrad", s.tilt_rad[0] / kRadPerMrad);
    set("tilt_y_mrad", s.tilt_rad[1] / kRadPerMrad);
    const double predicted = model.Predict(at, data).mean.sum();
    double seen = 0;
    for (double c : counts) seen += c;
    set(kScale, seen / predicted);
    starts.push_back(at);
  }
  return starts;
}

EstimateResult Tell(const CrystalPattern& model, const EstimateJob& job, const PatternFit& fit,
                    const PatternFit::Point& p) {
  EstimateResult out;
  const theory::NormalEquations& e = p.equations;
  const Eigen::VectorXd mean = theory::DataOf(fit.data()) - e.residuals[0];
  const double n = double(e.data), freedom = n - double(p.at.size());
  // χ² of counts of mean μ with variance v: mean μ/v, variance (μ + 2μ²)/v².
  double expected = 0, spread = 0;
  for (FitIndex i = 0; i < mean.size(); ++i) {
    const double v = 1 / e.weights[0][i], m = std::max(0.0, mean[i]);
    const double model_part = std::pow(job.model_error * m, 2), all = m + model_part;
    expected += all / v;
    spread += (m + 2 * all * all) / (v * v);
  }
  const double kept = freedom / n;
  out.chi2_per_pixel = e.chi2 / freedom;
  for (int sign : {-1, 1}) {
    out.chi2_interval[sign > 0] =
        (expected * kept + sign * kQuantile999 * std::sqrt(spread)) / freedom;
  }
  out.pixels = n;
  out.electrons = mean.sum();
  out.converged = p.settled;
  const double looser = std::max(1.0, out.chi2_per_pixel / out.chi2_interval[1]);
  const Eigen::MatrixXd covariance = fit.Information(e).inverse() * looser;
  std::string ends;
  for (size_t i = 0; i < model.parameters().size(); ++i) {
    Estimated x{.name = model.parameters()[i].name,
                .mean = p.at[FitIndex(i)],
                .sigma = std::sqrt(covariance(FitIndex(i), FitIndex(i)))};
    if (i < job.unknown.size()) x.range = job.unknown[i].second;
    x.at_end = i < job.unknown.size() && fit.AtEnd(FitIndex(i), x.mean);
    if (x.at_end) ends += (ends.empty() ? "" : ", ") + x.name;
    out.unknown.push_back(x);
    out.covariance.emplace_back();
    for (size_t k = 0; k < model.parameters().size(); ++k) {
      out.covariance.back().push_back(covariance(FitIndex(i), FitIndex(k)));
    }
  }
  if (out.chi2_per_pixel > out.chi2_interval[1]) {
    out.why_not = absl::StrFormat(
        "chi2 per pixel is %.4g, above the %.4g that counting and the model's error of %g allow",
        out.chi2_per_pixel, out.chi2_interval[1], job.model_error);
  } else if (!ends.empty()) {
    out.why_not = absl::StrCat("at the end of its range: ", ends);
  } else if (!p.settled) {
    out.why_not = "the fit has not settled";
  }
  out.explained = out.why_not.empty();
  return out;
}

}  // namespace

absl::StatusOr<EstimateResult> Estimate(const EstimateJob& job, const EstimateFrame& frame) {
  Array<double> image = frame.mean;
  if (job.turned) {
    image = Array<double>({frame.mean.shape()[1], frame.mean.shape()[0]});
    for (size_t i = 0; i < image.shape()[0]; ++i) {
      for (size_t j = 0; j < image.shape()[1]; ++j) image(i, j) = frame.mean(j, i);
    }
  }
  // Shares of the electrons, of the mean frame; counts add up over the frames.
  double sum = 0;
  for (double& value : image) {
    value *= job.electrons > 0 ? job.electrons : frame.frames;
    sum += value;
  }
  if (!(sum > 10)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the frame holds %.3g electrons; if its values are shares of the beam, give their number "
        "as estimate.electrons or --electrons",
        sum));
  }
  RONCHI_ASSIGN_OR_RETURN(const theory::PatternCamera camera, CameraOf(job, image));
  RONCHI_ASSIGN_OR_RETURN(const auto model,
                          MakeModel(job, camera, job.electrons > 0 ? job.electrons : sum));
  theory::Acquisition data;
  data.data = Array<float>(image.shape());
  for (size_t i = 0; i < image.size(); ++i) data.data[i] = float(image[i]);
  const PatternFit fit(*model, job, data);
  std::optional<PatternFit::Point> best;
  for (const theory::State& start : StartsOf(*model, job, data)) {
    PatternFit::Point point = fit.Begin(start);
    fit.Improve(&point, kTryoutSteps);
    if (Interrupted()) return absl::CancelledError("interrupted");
    if (!best || fit.Deviance(point) < fit.Deviance(*best)) best = std::move(point);
  }
  fit.Improve(&*best, kMostFitSteps);
  if (Interrupted()) return absl::CancelledError("interrupted");
  return Tell(*model, job, fit, *best);
}

}  // namespace ronchi
