// A belief about what a twin's camera sees: theory's patterns are made by other code than the
// twin's.
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "hw/twin/column/camera_patterns.h"
#include "hw/twin/column/film_planes.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "tests/support/column.h"
#include "theory/belief/belief.h"
#include "theory/forward/diffraction_pattern.h"

namespace ronchi::theory {
namespace {

constexpr size_t kPixels = 48;
constexpr double kElectrons = 2e6;

hw::TwinOptions Film(int source_points) {
  return testing_support::TwinFromYaml(
      "{film: {thickness_nm: 2, box_A: 32, structure: spheres}, camera: {present: true, "
      "semiangle_mrad: 25, pixels: 48, pixel_mrad: 1.3, source_points: " +
      std::to_string(source_points) + "}}");
}

std::shared_ptr<const DiffractionPattern> ModelOf(const hw::TwinOptions& o,
                                                  ParameterSet parameters) {
  const auto grid = (*hw::CameraPatterns::Create(o))->grid();
  const auto factors = *sim::ScatteringFactors::Load("kirkland");
  const double wavelength_A = sim::Wavelength_A(o.energy_eV);
  const int slices = hw::FilmSlices(o.film, o.camera.semiangle_rad, wavelength_A);
  const double slice_A = o.specimen.cell_A[2] / slices;
  const sim::Specimen film =
      hw::SharedAmongSlices(o.specimen, slices, o.camera.semiangle_rad, wavelength_A);
  return *DiffractionPattern::Create(
      {.stacks = {*sim::MakePotential(film, grid, slice_A * (1 + 1e-9), *factors)},
       .energy_eV = o.energy_eV,
       .semiangle_rad = o.camera.semiangle_rad,
       .early_A = slice_A / 2,
       .pixels = o.camera.pixels,
       .pixel_rad = o.camera.pixel_rad,
       .electrons = kElectrons,
       .counting = {.readout_counts = 0.5}},
      std::move(parameters));
}

std::vector<double> TwinPattern(const hw::TwinOptions& o, const hw::PatternMoment& moment,
                                double x_A, double y_A) {
  auto patterns = *hw::CameraPatterns::Create(o);
  std::vector<double> out(o.camera.pixels * o.camera.pixels);
  patterns->Compute(patterns->Prepare(moment), x_A, y_A, out);
  return out;
}

// The same multislice in single precision, with phases of other roundings: 1e-5 of the brightest
// pixel. Source and focal spread go by the same four points.
TEST(CameraBelief, TheoryPredictsTheTwinsPatterns) {
  const hw::TwinOptions o = Film(4);
  const auto model = ModelOf(o, *ParameterSet::Create({{.name = "C10_nm"},
                                                       {.name = "C23b_nm"},
                                                       {.name = "source_fwhm_A"},
                                                       {.name = "focal_spread_A"},
                                                       {.name = "shift_y_A"}}));
  hw::PatternMoment moment{.source_fwhm_A = 0.8, .focal_spread_A = 40};
  moment.aberrations.a_A[sim::kC10] = -300;
  moment.aberrations.b_A[sim::kC23] = 900;
  moment.aberrations.a_A[sim::kC12] = 40;
  const std::vector<double> twin = TwinPattern(o, moment, 3, 5);
  State values(5);
  values << -25, 90, 0.8, 40, 4;
  const Acquisition at{.settings = {{"optics.C10", -5e-9},
                                    {"optics.C12.a", 4e-9},
                                    {"probe.x", 3e-10},
                                    {"probe.y", 1e-10}},
                       .data = Array<float>({kPixels, kPixels})};
  const Eigen::VectorXd mean = model->Predict(values, at).mean / kElectrons;
  double brightest = 0, error = 0;
  for (size_t i = 0; i < twin.size(); ++i) {
    brightest = std::max(brightest, twin[i]);
    error = std::max(error, std::fabs(twin[i] - mean[Eigen::Index(i)]));
  }
  EXPECT_LT(error, 1e-5 * brightest);
}

// Three Ronchigrams at two defoci and two places, of a column that has moved off by some nm since
// it was known: each number within four of the posterior's standard deviations, those of three
// columns together a χ² of 12 ± 5·√24, and χ² a pixel near one.
TEST(CameraBelief, FindsTheColumnFromRonchigrams) {
  const hw::TwinOptions o = Film(1);
  const auto model = ModelOf(
      o, *ParameterSet::Create(
             {{.name = "C10_nm", .sigma = 3, .search_step = 1},
              {.name = "C12a_nm", .sigma = 2},
              {.name = "C12b_nm", .sigma = 2},
              {.name = "current_ratio", .transform = Transform::kLog, .mean = 1, .sigma = 0.1}}));
  double chi2 = 0;
  constexpr int kColumns = 3;
  for (uint64_t column = 0; column < kColumns; ++column) {
    RandomStream random({.seed = column, .name = "test.camera_belief"});
    const double c10_nm = random.Normal(0, 2), c12a_nm = random.Normal(), c12b_nm = random.Normal();
    const double current = 1.07;
    std::vector<Acquisition> exposures;
    for (const auto& [defocus_nm, x_A] :
         std::vector<std::array<double, 2>>{{-25, 0}, {-25, 9}, {-15, 9}}) {
      hw::PatternMoment moment;
      moment.aberrations.a_A[sim::kC10] = 10 * (defocus_nm + c10_nm);
      moment.aberrations.a_A[sim::kC12] = 10 * c12a_nm;
      moment.aberrations.b_A[sim::kC12] = 10 * c12b_nm;
      Acquisition a{.settings = {{"optics.C10", defocus_nm * 1e-9}, {"probe.x", x_A * 1e-10}},
                    .time_s = double(exposures.size()),
                    .data = Array<float>({kPixels, kPixels})};
      const auto fractions = TwinPattern(o, moment, x_A, 0);
      for (size_t i = 0; i < fractions.size(); ++i) {
        a.data[i] = float(double(random.Poisson(current * kElectrons * fractions[i])) +
                          0.5 * random.Normal());
      }
      exposures.push_back(std::move(a));
    }
    Belief belief(model);
    const auto fit = belief.Fit(exposures);
    ASSERT_TRUE(fit.ok() && fit->converged);
    // 6912 pixels: ±0.017.
    EXPECT_NEAR(fit->chi2_per_datum, 1, 0.1) << column;
    const double truth[] = {c10_nm, c12a_nm, c12b_nm, std::log(current)};
    for (size_t i = 0; i < 4; ++i) {
      const double off = (belief.mean()[Eigen::Index(i)] - truth[i]) / belief.Sigma(i);
      EXPECT_LT(std::fabs(off), 4) << column << " " << model->parameters()[i].name;
      if (i < 3) {
        EXPECT_LT(belief.Sigma(i), 0.1);  // nm: it does learn something
      }
      chi2 += off * off;
    }
  }
  EXPECT_LT(chi2, 12 + 5 * std::sqrt(24.0));
  EXPECT_GT(chi2, 1.2);  // and no wider than it need be: P(χ²₁₂ < 1.2) = 4e-5
}

}  // namespace
}  // namespace ronchi::theory
