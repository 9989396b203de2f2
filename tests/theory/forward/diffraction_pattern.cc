// Camera patterns as a forward model: built in single and in double precision.
#include "theory/forward/diffraction_pattern.h"

#include <numbers>

#include "core/random.h"
#include "sim/gradient/multislice_adjoint.h"
#include "sim/gradient/probe_gradient.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "tests/theory/forward/exact_jacobian.h"

namespace ronchi::theory {
namespace {

using testing_support::ExpectExactJacobian;

constexpr bool kIsDouble = sizeof(sim::Real) == 8;
constexpr double kEnergy_eV = 200e3, kSemiangle_rad = 0.02;
constexpr size_t kPixels = 24;
const std::vector<std::string> kTwelve = {"C10_nm",  "C12a_nm", "C12b_nm", "C21a_nm",
                                          "C21b_nm", "C23a_nm", "C23b_nm", "C30_um",
                                          "C32a_nm", "C32b_nm", "C34a_nm", "C34b_nm"};

// Random carbon and gold in a box, three slices.
sim::PotentialSlices Stack(uint64_t draw) {
  RandomStream random({.seed = draw, .name = "test.pattern"});
  sim::Specimen s{.cell_A = {18, 20, 6}};
  for (int i = 0; i < 90; ++i) {
    const double x = random.Uniform(), y = random.Uniform(), z = random.Uniform();
    s.atoms.push_back({i % 15 ? 6 : 79, 18 * x, 20 * y, 6 * z});
  }
  const auto factors = *sim::ScatteringFactors::Load("kirkland");
  const sim::Grid grid{.nx = 90, .ny = 100, .lx_A = 18, .ly_A = 20};
  return *sim::MakePotential(s, grid, 2.001, *factors);
}

DiffractionPatternOptions Options(int configurations = 2) {
  DiffractionPatternOptions o{.energy_eV = kEnergy_eV,
                              .semiangle_rad = kSemiangle_rad,
                              .tilt_rad = {0.004, -0.002},
                              .early_A = 0.7,
                              .pixels = kPixels,
                              .pixel_rad = 0.0021,
                              .electrons = 1e5,
                              .counting = {.counts_per_electron = 1.3, .dark_counts = 4}};
  for (int i = 0; i < configurations; ++i) o.stacks.push_back(Stack(uint64_t(i)));
  return o;
}

Parameter Called(const std::string& name) { return {.name = name, .mean = 1}; }

ParameterSet AllParameters() {
  std::vector<Parameter> all;
  for (const std::string& name : kTwelve) all.push_back(Called(name));
  for (const char* name : {"shift_x_A", "shift_y_A", "source_fwhm_A", "focal_spread_A",
                           "current_ratio", "dark_counts"}) {
    all.push_back(Called(name));
  }
  all.push_back({.name = "drift_x_A_per_s", .rate_of = "shift_x_A"});
  return *ParameterSet::Create(all);
}

double Turning(const std::string& name, double rad) {
  const Coefficient c = *ParseCoefficient(name);
  const int n = sim::kAberrationTerms[c.term].n;
  return rad * (n + 1) * sim::Wavelength_A(kEnergy_eV) / (2 * std::numbers::pi) /
         std::pow(kSemiangle_rad, n + 1) / c.unit_A;
}

struct Point {
  State values;
  std::vector<double> steps;
};

// Coefficients that turn the rim by some rad; steps by a twentieth (and as much for the others).
Point Somewhere(const ParameterSet& parameters) {
  static const std::map<std::string, std::array<double, 2>> kOthers = {
      {"shift_x_A", {1.1, 0.02}},     {"shift_y_A", {-0.7, 0.02}},   {"source_fwhm_A", {0.9, 0.03}},
      {"focal_spread_A", {35, 2}},    {"current_ratio", {1.2, 0.1}}, {"dark_counts", {0.5, 0.5}},
      {"drift_x_A_per_s", {0.1, 0.1}}};
  Point p{State::Zero(Eigen::Index(parameters.size())), {}};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name;
    const auto other = kOthers.find(name);
    const bool is_other = other != kOthers.end();
    p.values[Eigen::Index(i)] =
        is_other ? other->second[0] : Turning(name, 2 * std::sin(3.0 * double(i) + 1));
    p.steps.push_back(is_other ? other->second[1] : Turning(name, 0.05));
  }
  return p;
}

Acquisition Exposure() {
  return {.settings = {{"optics.C10", -2e-9}, {"probe.x", 3e-10}, {"probe.y", 4e-10}},
          .data = Array<float>({kPixels, kPixels}),
          .frames = 2};
}

// By all twelve knobs, place, source, focal spread, dose and dark level. Double precision: the
// stencil leaves 8e-8 at twentieths of a radian, by its order; single: patterns are right to some
// 1e-6 of their brightest pixel, which a step changes by a hundredth.
TEST(DiffractionPattern, JacobianIsExact) {
  const auto model = *DiffractionPattern::Create(Options(), AllParameters());
  const Point p = Somewhere(model->parameters());
  const double worst =
      ExpectExactJacobian(*model, p.values, Exposure(), p.steps, kIsDouble ? 2e-7 : 1e-3);
  std::printf("largest error %.1e of a change\n", worst);
}

// Of a source without size and one focus, against the adjoint of multislice, which runs backwards:
// Σ weights · J by any weights of the camera's pixels. On the scale of the largest; both are right
// to the precision of sums over the pattern.
TEST(DiffractionPattern, JacobianIsThatOfTheAdjoint) {
  std::vector<Parameter> some;
  for (const std::string& name : kTwelve) some.push_back(Called(name));
  some.push_back(Called("shift_x_A"));
  some.push_back(Called("shift_y_A"));
  const auto model = *DiffractionPattern::Create(Options(1), *ParameterSet::Create(some));
  const Point p = Somewhere(model->parameters());
  const Acquisition at = Exposure();
  Eigen::MatrixXd jacobian;
  model->Linearise(p.values, at, &jacobian);

  RandomStream random({.seed = 3, .name = "test.weights"});
  std::vector<double> weights(kPixels * kPixels);
  for (double& w : weights) w = random.Normal();
  // The camera's adjoint, column by column of the grid: what a lattice point gives each pixel.
  const sim::PotentialSlices stack = Stack(0);
  const sim::CameraPixels camera(stack.grid, kEnergy_eV, kPixels, 0.0021);
  std::vector<sim::Real> slope(stack.grid.size()), unit(stack.grid.size(), 0);
  std::vector<double> seen(weights.size());
  for (size_t i = 0; i < unit.size(); ++i) {
    unit[i] = 1;
    std::fill(seen.begin(), seen.end(), 0.0);
    camera.Accumulate(unit, 1, seen);
    unit[i] = 0;
    double sum = 0;
    for (size_t k = 0; k < seen.size(); ++k) sum += weights[k] * seen[k];
    slope[i] = sim::Real(sum);
  }
  const sim::MultisliceAdjoint adjoint(stack, kEnergy_eV, {0.004, -0.002}, {.stack = false});
  const std::array<double, 2> place = model->Place_A(p.values, at);
  const auto gradient =
      adjoint.Gradient(model->Probe(p.values, at), {&place, 1},
                       [&](size_t, std::span<const sim::Real>, std::span<sim::Real> out) {
                         std::copy(slope.begin(), slope.end(), out.begin());
                         return 0.0;
                       });
  const sim::BeamOptics optics{.energy_eV = kEnergy_eV, .semiangle_rad = kSemiangle_rad};
  const auto by_optics =
      sim::ToOpticsGradient(stack.grid, optics, model->Probe(p.values, at), gradient.amplitude);
  const double counts = 1e5 * 1.3;
  double scale = 0, error = 0;
  for (size_t i = 0; i < some.size(); ++i) {
    double forward = 0;
    for (size_t k = 0; k < weights.size(); ++k) {
      forward += weights[k] * jacobian(Eigen::Index(k), Eigen::Index(i));
    }
    double backward = gradient.position_per_A[0][i == 13];
    if (i < kTwelve.size()) {
      const Coefficient c = *ParseCoefficient(kTwelve[i]);
      backward = c.unit_A * (c.sine ? by_optics.b_per_A : by_optics.a_per_A)[c.term];
    }
    scale = std::max(scale, std::fabs(forward * p.steps[i]));
    error = std::max(error, std::fabs(forward - counts * backward) * p.steps[i]);
  }
  std::printf("against the adjoint: %.1e of the largest\n", error / scale);
  ASSERT_GT(scale, 0);
  EXPECT_LT(error / scale, kIsDouble ? 1e-11 : 1e-4);
}

// All electrons of a camera that sees the whole band, on the mean over its passes.
TEST(DiffractionPattern, CountsTheElectrons) {
  DiffractionPatternOptions o = Options();
  o.pixels = 96;
  const auto model = *DiffractionPattern::Create(o, AllParameters());
  State values = Somewhere(model->parameters()).values;
  values[Eigen::Index(*model->parameters().Find("dark_counts"))] = 0;
  const Acquisition at{.data = Array<float>({96, 96})};
  const double counts = (model->Predict(values, at).mean.array() - 4).sum();
  EXPECT_LT(counts, 1.2 * 1.3 * 1e5 * (1 + 1e-5));
  // What three slices of 90 atoms scatter beyond the band is some 0.1 %.
  EXPECT_GT(counts, 1.2 * 1.3 * 1e5 * 0.99);
}

TEST(DiffractionPattern, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(std::string(DiffractionPattern::Create(
                              Options(1), *ParameterSet::Create({Called("thickness_nm")}))
                              .status()
                              .message()),
              testing::HasSubstr("'thickness_nm': diffraction patterns do not depend on it"));
  EXPECT_FALSE(DiffractionPattern::Create({}, AllParameters()).ok());
  DiffractionPatternOptions wide = Options(1);
  wide.semiangle_rad = 0.2;
  EXPECT_FALSE(DiffractionPattern::Create(wide, AllParameters()).ok()) << "beyond the band limit";
  const auto model = *DiffractionPattern::Create(Options(1), AllParameters());
  EXPECT_FALSE(model->Check({.data = Array<float>({kPixels, 2})}).ok());
}

}  // namespace
}  // namespace ronchi::theory
