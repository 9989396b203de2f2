#include "experiments/engine_error.h"

#include <cmath>

#include "sim/linear.h"
#include "sim/simulation.h"

namespace ronchi {
namespace {

constexpr size_t kProbes = 8;  // per side of the cell
// Of frozen phonons. Their mean still fluctuates from pixel to pixel: in focus 8 give an error of
// 0.43 where 16 (on 12 × 12 probes) give 0.32.
constexpr int kConfigurations = 8;
constexpr double kThermalRms_A = 0.08;
constexpr int kCells = 6;  // the multislice box, wide enough for a defocused probe

double Contrast(const std::vector<double>& v) {
  double mean = 0, squares = 0;
  for (double x : v) mean += x / double(v.size());
  for (double x : v) squares += (x - mean) * (x - mean) / double(v.size());
  return squares / (mean * mean);
}

double RmsOverMean(const std::vector<double>& a, const std::vector<double>& reference,
                   double scale) {
  double squares = 0, mean = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += std::pow(scale * a[i] - reference[i], 2) / double(a.size());
    mean += reference[i] / double(a.size());
  }
  return std::sqrt(squares) / mean;
}

// `fast` is [y, x] as an instrument scans, `exact` [x, y] as multislice writes.
EngineError Compare(const std::vector<double>& fast, const Array<float>& exact) {
  std::vector<double> full(fast.size());
  for (size_t x = 0; x < kProbes; ++x) {
    for (size_t y = 0; y < kProbes; ++y) full[y * kProbes + x] = exact(x, y);
  }
  double cross = 0, power = 0;
  for (size_t i = 0; i < fast.size(); ++i) {
    cross += fast[i] * full[i];
    power += fast[i] * fast[i];
  }
  return {.rms_over_mean = RmsOverMean(fast, full, 1),
          .rms_over_mean_scaled = RmsOverMean(fast, full, cross / power),
          .contrast_linear = Contrast(fast),
          .contrast_multislice = Contrast(full),
          .common_factor = cross / power};
}

}  // namespace

absl::StatusOr<std::vector<EngineError>> MeasureLinearError(const hw::TwinOptions& twin) {
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load("kirkland"));
  RONCHI_ASSIGN_OR_RETURN(const sim::LinearEngine engine,
                          sim::LinearEngine::Create(twin.specimen,
                                                    {.energy_eV = twin.energy_eV,
                                                     .semiangle_rad = twin.semiangle_rad,
                                                     .inner_rad = twin.haadf_inner_rad,
                                                     .outer_rad = twin.haadf_outer_rad},
                                                    *factors));
  sim::SimulationOptions o;
  o.specimen = twin.specimen.Repeated(kCells, kCells, 1);
  o.beam.energy_eV = twin.energy_eV;
  o.beam.semiangle_rad = twin.semiangle_rad;
  for (int a : {0, 1}) {
    o.grid_pixels[size_t(a)] = size_t(std::ceil(o.specimen.cell_A[size_t(a)] / 0.0625));
  }
  o.slice_thickness_A = 2;
  o.exit_slices = {size_t(std::ceil(o.specimen.cell_A[2] / 2 - 1e-6))};
  const auto cell = engine.cell_A();
  for (const sim::Atom& atom : o.specimen.atoms) o.phonon_rms_A[atom.z] = kThermalRms_A;
  o.scan = {.end_A = {cell[0], cell[1]}, .pixels = {kProbes, kProbes}};
  o.detectors = {
      {.name = "haadf", .inner_rad = twin.haadf_inner_rad, .outer_rad = twin.haadf_outer_rad}};
  sim::LinearRaster raster{{}, cell[0] / double(kProbes), kProbes};
  for (size_t l = 0; l < kProbes; ++l)
    raster.starts_A.push_back({0, cell[1] * double(l) / double(kProbes)});

  std::vector<EngineError> errors;
  for (const bool thermal : {false, true}) {
    o.phonons = thermal;
    o.phonon_configurations = thermal ? kConfigurations : 1;
    for (const auto& [name, c10_A, c12_A] :
         {std::tuple("in focus", 0.0, 0.0), std::tuple("C10 = 5 nm", 50.0, 0.0),
          std::tuple("C12 = 5 nm", 0.0, 50.0)}) {
      o.beam.aberrations = {};
      o.beam.aberrations.SetPolar(sim::kC10, c10_A, 0);
      o.beam.aberrations.SetPolar(sim::kC12, c12_A, 0);
      RONCHI_ASSIGN_OR_RETURN(const sim::CompleteSimulation exact, sim::Simulate(o));
      std::vector<double> fast(kProbes * kProbes);
      engine.MakeHarmonics(o.beam.aberrations, 0).ComputeImage(raster, fast);
      errors.push_back(Compare(fast, exact.images[0].values));
      errors.back().optics = name;
      errors.back().thermal = thermal;
    }
  }
  return errors;
}

}  // namespace ronchi
