#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/progress.h"
#include "core/quantity.h"
#include "experiments/estimate/estimate_problem.h"
#include "sim/contracted/contracted_model.h"
#include "sim/physics/electron.h"
#include "theory/belief/start_search.h"
#include "theory/forward/crystal_waves.h"
#include "theory/forward/scanned_crystal.h"

namespace ronchi {
namespace {

using theory::ScannedCrystal;
constexpr int kImageTryouts = 6;
// Six are too few for a crystal at rest, whose images have more local optima.
constexpr size_t kImageStarts = 32;  // each some milliseconds a step
// Of a search along C10 and C12, in units of λ/α², on which contrast changes.
constexpr double kSearchStep = 0.4;
constexpr double kMostPlaces = 20000;  // of the search
// A probe and its tails; what a defocus adds is a cone's width.
constexpr double kProbeBox_A = 15, kLeastBox_A = 23;

const sim::DetectorOptions& RingOf(const EstimateJob& job) {
  return *std::ranges::find(job.simulate.detectors, job.detector, &sim::DetectorOptions::name);
}

// How far from the axis the outermost ray of the aperture may be displaced, Å.
double Blur_A(const EstimateJob& job) {
  double defocus_A = 0;
  const sim::Aberrations& fixed = job.simulate.beam.aberrations;
  for (int term : {sim::kC10, sim::kC12}) {
    defocus_A += std::hypot(fixed.a_A[size_t(term)], fixed.b_A[size_t(term)]);
  }
  for (const auto& [name, range] : job.unknown) {
    const auto c = theory::ParseCoefficient(name);
    if (!c || c->term > size_t(sim::kC12)) continue;
    defocus_A += c->unit_A * std::max(std::fabs(range[0]), std::fabs(range[1]));
  }
  return 2 * job.simulate.beam.semiangle_rad * defocus_A;
}

// The engine of images has factors and projection of its own.
void SayWhatIsNotUsed(const sim::SimulationOptions& o) {
  if (o.parametrization == "kirkland" && o.projection == sim::Projection::kInfinite) return;
  Progress::Say(
      "estimate: images are made with Kirkland's scattering factors and infinite projection, "
      "whatever potential says");
}

absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImages(const EstimateJob& job) {
  const sim::SimulationOptions& o = job.simulate;
  SayWhatIsNotUsed(o);
  const sim::DetectorOptions& ring = RingOf(job);
  const double tilt = std::hypot(o.tilt_rad[0], o.tilt_rad[1]);
  if (tilt > 0 && ring.inner_rad < o.beam.semiangle_rad + tilt) {
    return absl::InvalidArgumentError(
        absl::StrCat("detector '", job.detector,
                     "': the direct beam of a tilted specimen may reach it; images of ",
                     "tilted specimens are estimated from rings beyond the beam"));
  }
  const theory::CrystalCell found = theory::FindCell(o.specimen);
  sim::ContractedCrystalOptions c{.cell = found.cell.Repeated(1, 1, found.copies[2]),
                                  .periods = found.copies[2],
                                  .exits = {found.copies[2]},
                                  .energy_eV = o.beam.energy_eV,
                                  .semiangle_rad = o.beam.semiangle_rad,
                                  .rings = {{ring.inner_rad, ring.outer_rad}},
                                  .configurations = o.phonon_configurations,
                                  .phonon_seed = o.phonon_seed,
                                  .least_box_A = std::max(kLeastBox_A, kProbeBox_A + Blur_A(job)),
                                  .largest_tilt_rad = tilt,
                                  .slice_thickness_A = o.slice_thickness_A};
  for (sim::Atom& atom : c.cell.atoms) {
    const auto given = o.phonon_rms_A.find(atom.z);
    if (given != o.phonon_rms_A.end()) atom.rms_A = given->second;
    if (!o.phonons) atom.rms_A = 0;
  }
  RONCHI_ASSIGN_OR_RETURN(const auto crystal, sim::ContractedCrystal::Create(c));
  return std::make_shared<const sim::ContractedModel>(*crystal, 0, 0, o.tilt_rad);
}

// The model's names of what the job calls otherwise.
std::string ModelName(const std::string& name) {
  return name == "background" ? "dark_counts" : name;
}

absl::StatusOr<theory::ParameterSet> MakeParameters(const EstimateJob& job) {
  const sim::BeamOptics& beam = job.simulate.beam;
  const double along_A =
      sim::Wavelength_A(beam.energy_eV) / (beam.semiangle_rad * beam.semiangle_rad);
  std::vector<theory::Parameter> parameters;
  double places = 1;
  for (const auto& [name, range] : job.unknown) {
    theory::Parameter p{.name = ModelName(name),
                        .mean = (range[0] + range[1]) / 2,
                        .sigma = (range[1] - range[0]) / 2,
                        .anywhere = true};
    const auto c = theory::ParseCoefficient(name);
    if (c && c->term <= size_t(sim::kC12)) {
      p.search_step = kSearchStep * along_A / c->unit_A;
      places *= 1 + 2 * std::ceil(p.sigma / p.search_step);
    }
    parameters.push_back(p);
  }
  for (theory::Parameter& p : parameters) {
    p.search_step *= std::max(1.0, std::cbrt(places / kMostPlaces));
  }
  parameters.push_back({.name = "current_ratio", .mean = 1, .sigma = 1, .anywhere = true});
  return theory::ParameterSet::Create(std::move(parameters));
}

absl::Status CheckScan(const EstimateJob& job, const FrameSeries& frames) {
  const sim::ScanOptions& scan = job.simulate.scan;
  if (!scan.is_raster() || scan.pixels[0] < 2 || scan.pixels[1] < 2) {
    return absl::InvalidArgumentError(absl::StrCat("scan: an image by the detector '", job.detector,
                                                   "' needs a raster of 2 x 2 pixels or more"));
  }
  const auto& shape = frames.values.shape();
  const std::array<size_t, 2> size = {shape[job.turned ? 2 : 1], shape[job.turned ? 1 : 2]};
  if (size != scan.pixels) {
    return absl::InvalidArgumentError(absl::StrCat("the frame has ", size[0], " x ", size[1],
                                                   " pixels along x and y, the scan ",
                                                   scan.pixels[0], " x ", scan.pixels[1]));
  }
  for (const auto& [name, values] : job.series) {
    if (values.size() == shape[0]) continue;
    return absl::InvalidArgumentError(absl::StrCat("series.", name, " has ", values.size(),
                                                   " values, the file ", shape[0], " frames"));
  }
  return absl::OkStatus();
}

// What was known to be added to the optics for frame `i`.
std::map<std::string, double> SettingsOfFrame(const EstimateJob& job, size_t i) {
  std::map<std::string, double> out;
  for (const auto& [name, values] : job.series) {
    const auto c = *theory::ParseCoefficient(name);
    const std::string term(sim::kAberrationTerms[c.term].name);
    const std::string part = sim::kAberrationTerms[c.term].m == 0 ? "" : c.sine ? ".b" : ".a";
    out["optics." + term + part] = values[i] * c.unit_A * kMetresPerAngstrom;
  }
  return out;
}

}  // namespace

absl::StatusOr<EstimateProblem> ImageProblem(const EstimateJob& job, const FrameSeries& frames) {
  RONCHI_RETURN_IF_ERROR(CheckScan(job, frames));
  RONCHI_ASSIGN_OR_RETURN(const auto all, ElectronsOf(job, frames, job.series.empty()));
  RONCHI_ASSIGN_OR_RETURN(const auto images, MakeImages(job));
  RONCHI_ASSIGN_OR_RETURN(theory::ParameterSet parameters, MakeParameters(job));
  const sim::SimulationOptions& o = job.simulate;
  theory::ScannedCrystalOptions m{.images = images,
                                  .field = {o.scan.start_A, o.scan.Step_A(), o.scan.pixels},
                                  .electrons_per_pixel = job.electrons,
                                  .counting = {.readout_counts = 0, .model_error = job.model_error},
                                  .fixed = {o.beam.aberrations, o.source_fwhm_A, o.focal_spread_A}};
  if (!(m.electrons_per_pixel > 0)) {  // then only their scale is known by the frames' mean
    const double mean = images->MakeHarmonics(m.fixed.aberrations, 0).Mean();
    m.electrons_per_pixel = SumOf(all[0]) / (double(all[0].size()) * mean);
  }
  EstimateProblem problem{.tryout_steps = kImageTryouts};
  RONCHI_ASSIGN_OR_RETURN(problem.model,
                          ScannedCrystal::Create(std::move(m), std::move(parameters)));
  for (size_t n = 0; n < all.size(); ++n) {
    theory::Acquisition& a = problem.data.emplace_back();
    a.settings = SettingsOfFrame(job, n);
    a.data = Array<float>({o.scan.pixels[1], o.scan.pixels[0]});
    for (size_t x = 0; x < o.scan.pixels[0]; ++x) {
      for (size_t y = 0; y < o.scan.pixels[1]; ++y) a.data(y, x) = float(all[n](x, y));
    }
  }
  const auto& unknown = problem.model->parameters();
  problem.starts =
      theory::SearchStarts(*problem.model, problem.data, unknown.PriorMean(), kImageStarts);
  for (theory::State& at : problem.starts) SetScale(problem, &at);
  return problem;
}

}  // namespace ronchi
