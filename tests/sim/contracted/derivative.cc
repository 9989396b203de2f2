// Every derivative of the contracted engine's images against central differences: built in single
// and in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/sim/contracted/made.h"

namespace ronchi::sim {
namespace {

constexpr bool kIsDouble = sizeof(Real) == 8;
// What the seven-point stencil below leaves, and round-off: in double precision 1e-16 of an image
// over steps of a tenth of a radian; in single precision 1e-7.
constexpr double kTolerance = kIsDouble ? 1e-7 : 1e-4;

struct Parameter {
  std::string name;
  double step;  // that changes the image about as much as a tenth of a radian at the rim
  std::function<double&(Contracted::Setting&)> of_setting;
  std::function<double&(Contracted::Variation&)> of_variation;
};

std::vector<Parameter> Parameters() {
  std::vector<Parameter> all;
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const std::string name(kAberrationTerms[t].name);
    all.push_back({name + ".a", CoefficientOf(0.1, t),
                   [t](auto& s) -> double& { return s.beam.aberrations.a_A[t]; },
                   [t](auto& v) -> double& { return v.aberrations.a_A[t]; }});
    if (kAberrationTerms[t].m == 0) continue;
    all.push_back({name + ".b", CoefficientOf(0.1, t),
                   [t](auto& s) -> double& { return s.beam.aberrations.b_A[t]; },
                   [t](auto& v) -> double& { return v.aberrations.b_A[t]; }});
  }
  for (size_t i : {0, 1}) {
    all.push_back({"shift", 0.02, [i](auto& s) -> double& { return s.scan.shift_A[i]; },
                   [i](auto& v) -> double& { return v.shift[i]; }});
  }
  for (size_t i : {0, 1, 2, 3}) {
    all.push_back({"matrix", 0.01, [i](auto& s) -> double& { return s.scan.matrix[i]; },
                   [i](auto& v) -> double& { return v.matrix[i]; }});
  }
  all.push_back({"focal spread", 1, [](auto& s) -> double& { return s.focal_spread_A; },
                 [](auto& v) -> double& { return v.focal_spread; }});
  all.push_back({"source", 0.02, [](auto& s) -> double& { return s.source_fwhm_A; },
                 [](auto& v) -> double& { return v.source_fwhm; }});
  all.push_back({"dose", 1, [](auto& s) -> double& { return s.dose; },
                 [](auto& v) -> double& { return v.dose; }});
  return all;
}

class ContractedDerivatives : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    SimulationOptions o = SmallCrystal(2, 64);
    if (GetParam()) AddPhonons(1, &o);
    engine = MakeEngine(o);
    setting = {.beam = o.beam, .focal_spread_A = 25, .source_fwhm_A = 0.6, .dose = 40};
    Scramble(5, &setting.beam);
    setting.beam.tilt_rad = {0.002, -0.001};
    setting.beam.semiangle_rad = 0.019;
    // Oblique lines.
    setting.scan = ScanTransform::Rotation(0.3, {1, 2});
    scan = MakeLines(o.scan);
    RandomStream random({.seed = 1, .name = "test.weights"});
    for (size_t i = 0; i < engine->values() * scan.probes(); ++i) {
      weights.push_back(random.Normal());
    }
  }
  double Loss(const Contracted::Setting& at) {
    std::vector<double> image(weights.size());
    RONCHI_CHECK(engine->ComputeImage(at, scan, &workspace, image).ok());
    double sum = 0;
    for (size_t i = 0; i < image.size(); ++i) sum += weights[i] * image[i];
    return sum;
  }
  // Change of the loss by a step of the parameter: the sixth-order stencil.
  double CentralDifference(const Parameter& p) {
    const auto at = [&](double steps) {
      Contracted::Setting s = setting;
      p.of_setting(s) += steps * p.step;
      return Loss(s);
    };
    return (45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + (at(3) - at(-3))) / 60;
  }

  std::shared_ptr<const Contracted> engine;
  Contracted::Setting setting;
  ScanLines scan;
  std::vector<double> weights;
  Contracted::Workspace workspace;
};

TEST_P(ContractedDerivatives, AreThoseOfTheImage) {
  std::vector<double> image(weights.size()), along(weights.size()), plain(weights.size());
  Contracted::Variation gradient;
  ASSERT_TRUE(engine->ComputeGradient(setting, scan, weights, &workspace, image, &gradient).ok());
  ASSERT_TRUE(engine->ComputeImage(setting, scan, &workspace, plain).ok());
  // A gradient is compared on the scale of the largest change by a step: the loss is a sum over
  // all of the image, in which single terms may vanish.
  double scale = 0;
  for (const Parameter& p : Parameters()) {
    scale = std::max(scale, std::fabs(p.of_variation(gradient) * p.step));
  }
  ASSERT_GT(scale, 0);
  for (size_t i = 0; i < image.size(); ++i) {
    EXPECT_NEAR(image[i], plain[i], (kIsDouble ? 1e-13 : 1e-5) * setting.dose);
  }
  for (const Parameter& p : Parameters()) {
    const double backward = p.of_variation(gradient) * p.step;
    EXPECT_NEAR(backward, CentralDifference(p), kTolerance * scale) << p.name;
    Contracted::Variation direction;
    p.of_variation(direction) = p.step;
    ASSERT_TRUE(engine->ComputeDerivative(setting, direction, scan, &workspace, along).ok());
    double forward = 0;
    for (size_t i = 0; i < along.size(); ++i) forward += weights[i] * along[i];
    EXPECT_NEAR(forward, backward, (kIsDouble ? 1e-12 : 1e-5) * scale) << p.name;
  }
  // All directions at once: the products are adjoint to each other.
  Contracted::Variation direction;
  RandomStream random({.seed = 2, .name = "test.direction"});
  double backward = 0;
  for (const Parameter& p : Parameters()) {
    p.of_variation(direction) = p.step * random.Normal();
    backward += p.of_variation(direction) * p.of_variation(gradient);
  }
  ASSERT_TRUE(engine->ComputeDerivative(setting, direction, scan, &workspace, along).ok());
  double forward = 0;
  for (size_t i = 0; i < along.size(); ++i) forward += weights[i] * along[i];
  EXPECT_NEAR(forward, backward, (kIsDouble ? 1e-12 : 1e-5) * scale);
}

INSTANTIATE_TEST_SUITE_P(AtRestAndDisplaced, ContractedDerivatives, testing::Bool());

}  // namespace
}  // namespace ronchi::sim
