// Scanned images of a crystal as a forward model: built in single and in double precision.
#include "theory/forward/scanned_crystal.h"

#include <numbers>

#include "core/progress.h"
#include "sim/contracted/contracted_model.h"
#include "sim/linear.h"
#include "sim/physics/electron.h"
#include "sim/specimen/read_structure.h"
#include "tests/theory/forward/exact_jacobian.h"

namespace ronchi::theory {
namespace {

using testing_support::ExpectExactJacobian;

constexpr bool kIsDouble = sizeof(sim::Real) == 8;
constexpr double kEnergy_eV = 200e3, kSemiangle_rad = 0.018;
constexpr size_t kPixels = 12;
const std::vector<std::string> kTwelve = {"C10_nm",  "C12a_nm", "C12b_nm", "C21a_nm",
                                          "C21b_nm", "C23a_nm", "C23b_nm", "C30_um",
                                          "C32a_nm", "C32b_nm", "C34a_nm", "C34b_nm"};

sim::Specimen Cell() {
  return *sim::ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz");
}

std::shared_ptr<const sim::ImageModel> Contracted() {
  static const auto model = [] {
    Progress::SetStyle(Progress::Style::kOff);
    sim::ContractedCrystalOptions o{.cell = Cell().Repeated(1, 1, 5),
                                    .periods = 5,
                                    .exits = {5},
                                    .energy_eV = kEnergy_eV,
                                    .semiangle_rad = kSemiangle_rad,
                                    .rings = {{0.06, 0.1}},
                                    .least_box_A = 15};
    for (sim::Atom& a : o.cell.atoms) a.rms_A = 0;
    return std::make_shared<const sim::ContractedModel>(**sim::ContractedCrystal::Create(o), 0, 0);
  }();
  return model;
}

std::shared_ptr<const sim::ImageModel> Linear() {
  const auto factors = *sim::ScatteringFactors::Load("kirkland");
  return std::make_shared<const sim::LinearEngine>(*sim::LinearEngine::Create(
      Cell(), {.energy_eV = kEnergy_eV, .semiangle_rad = kSemiangle_rad}, *factors));
}

// Everything that the model knows, drift included.
ParameterSet AllParameters() {
  auto some = *ScannedCrystalParameters(Prior(), {3.905, 3.905}, kTwelve);
  std::vector<Parameter> all(some.begin(), some.end());
  all.push_back({.name = "focal_spread_A", .unit = "A"});
  all.push_back({.name = "dark_counts"});
  return *ParameterSet::Create(all);
}

std::shared_ptr<const ScannedCrystal> Model(std::shared_ptr<const sim::ImageModel> images,
                                            ParameterSet parameters = AllParameters()) {
  return *ScannedCrystal::Create({.images = std::move(images),
                                  .field = ScannedField::Square(7.1, kPixels),
                                  .electrons_per_pixel = 600,
                                  .counting = {.counts_per_electron = 1.3, .dark_counts = 4}},
                                 std::move(parameters));
}

// In the coefficient's unit, what turns the phase at the aperture's rim by `rad`.
double Turning(const std::string& name, double rad) {
  const Coefficient c = *ParseCoefficient(name);
  const int n = sim::kAberrationTerms[c.term].n;
  return rad * (n + 1) * sim::Wavelength_A(kEnergy_eV) / (2 * std::numbers::pi) /
         std::pow(kSemiangle_rad, n + 1) / c.unit_A;
}

struct Point {
  State values;
  std::vector<double> steps;  // that change images about as much as a tenth of a radian at the rim
};

Point Somewhere(const ParameterSet& parameters) {
  static const std::map<std::string, std::array<double, 2>> kOthers = {
      {"shift_x_A", {1.1, 0.02}},       {"shift_y_A", {0.4, 0.02}},
      {"current_ratio", {1.2, 0.05}},   {"source_fwhm_A", {0.8, 0.02}},
      {"focal_spread_A", {30, 1}},      {"dark_counts", {0.7, 0.5}},
      {"drift_x_A_per_s", {0.1, 0.01}}, {"drift_y_A_per_s", {-0.1, 0.01}}};
  Point p{State::Zero(Eigen::Index(parameters.size())), {}};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name;
    if (const auto other = kOthers.find(name); other != kOthers.end()) {
      p.values[Eigen::Index(i)] = other->second[0];
      p.steps.push_back(other->second[1]);
    } else {
      p.values[Eigen::Index(i)] = Turning(name, std::sin(3.0 * double(i) + 1));
      p.steps.push_back(Turning(name, 0.1));
    }
  }
  return p;
}

Acquisition Scan() {
  return {.settings = {{"optics.C10", -2e-9}, {"optics.C12.a", 5e-10}, {"stage.alpha", 0.1}},
          .data = Array<float>({kPixels, kPixels}),
          .frames = 2};
}

// By all twelve knobs, the place, dose, source, focal spread and dark level. In double precision
// the seven-point stencil at steps of a tenth of a radian leaves 1e-7 (tests/sim/contracted); in
// single precision images are right to 1e-6, and the smallest change here is a hundredth of them.
TEST(ScannedCrystal, JacobianIsExact) {
  const auto model = Model(Contracted());
  const Point p = Somewhere(model->parameters());
  const double worst =
      ExpectExactJacobian(*model, p.values, Scan(), p.steps, kIsDouble ? 1e-7 : 1e-4);
  RecordProperty("largest_error", std::to_string(worst));
  std::printf("contracted: largest error %.1e of a change\n", worst);
}

// An engine of another kind, whose focal spread is a sum over eleven defoci.
TEST(ScannedCrystal, JacobianOfTheLinearEngineIsExact) {
  const auto model = Model(Linear());
  const Point p = Somewhere(model->parameters());
  const double worst =
      ExpectExactJacobian(*model, p.values, Scan(), p.steps, kIsDouble ? 1e-7 : 1e-4);
  std::printf("linear: largest error %.1e of a change\n", worst);
}

// Settings and the column's own coefficients come in only as their sum; others do nothing.
TEST(ScannedCrystal, SettingsAddToTheColumn) {
  const auto model = Model(Contracted());
  State values = Somewhere(model->parameters()).values, moved = values;
  moved[0] -= 3;
  moved[2] += 1.2;
  const Acquisition plain{.data = Array<float>({kPixels, kPixels})};
  Acquisition set = plain;
  set.settings = {{"optics.C10", 3e-9}, {"optics.C12.b", -1.2e-9}, {"beam.current", 1}};
  const Eigen::VectorXd change =
      model->Predict(values, plain).mean - model->Predict(moved, set).mean;
  // Counts near 20; the sums of aberrations round differently.
  EXPECT_LT(change.cwiseAbs().maxCoeff(), kIsDouble ? 1e-9 : 1e-4);
}

TEST(ScannedCrystal, VarianceIsShotNoiseAndReadoutOverFrames) {
  Eigen::VectorXd mean(3);
  mean << 4, 44, 404;
  const CountingOptions o{.counts_per_electron = 1.3, .dark_counts = 4, .readout_counts = 0.5};
  const Eigen::VectorXd one = CountingVariance(o, mean, 1), four = CountingVariance(o, mean, 4);
  EXPECT_NEAR(one[1], 1.3 * 40 + 0.25, 1e-9);
  EXPECT_NEAR(one[2], 1.3 * 400 + 0.25, 1e-9);
  EXPECT_GT(one[0], 0.25);  // a dark pixel may still see an electron
  EXPECT_LT((4 * four - one).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(ScannedCrystal, SaysWhatItDoesNotKnow) {
  const ScannedCrystalOptions options = Model(Contracted())->options();
  const auto create = [&](Parameter p) {
    return ScannedCrystal::Create(options, *ParameterSet::Create({p})).status();
  };
  EXPECT_THAT(std::string(create({.name = "C13_nm"}).message()),
              testing::HasSubstr("'C13_nm': scanned crystals do not depend on it; known: C10_nm"));
  EXPECT_FALSE(create({.name = "C10a_nm"}).ok()) << "round terms have no parts";
  EXPECT_FALSE(create({.name = "C12_nm"}).ok()) << "others have two";
  EXPECT_TRUE(create({.name = "C56b_mm"}).ok());
  EXPECT_FALSE(ScannedCrystal::Create({}, AllParameters()).ok());
  EXPECT_FALSE(ScannedCrystalParameters(Prior(), {4, 4}, {"C10"}).ok());
  Acquisition wrong = Scan();
  wrong.data = Array<float>({kPixels, kPixels + 1});
  EXPECT_THAT(std::string(Model(Contracted())->Check(wrong).message()),
              testing::HasSubstr("predicts 12 x 12 pixels"));
}

// What a prior says, in the unit of the name.
TEST(ScannedCrystalParameters, AreThoseOfThePrior) {
  const Prior prior(
      {{"C30_um", {-2, 4}}, {"C10_walk_nm", {0.01, 0.04}}, {"source_fwhm_A", {1, 1}}});
  const auto set = *ScannedCrystalParameters(prior, {4, 5}, {"C10_nm", "C30_um", "C12a_A"});
  EXPECT_EQ(set[0].label, "C10");
  EXPECT_EQ(set[0].walk, 0.04);
  EXPECT_EQ(set[0].search_step, 3);
  EXPECT_EQ(set[1].mean, 1);
  EXPECT_EQ(set[1].sigma, 3);
  EXPECT_EQ(set[1].search_step, 0);
  EXPECT_DOUBLE_EQ(set[2].walk, 0.3);  // 0.03 nm
  EXPECT_DOUBLE_EQ(set[2].search_step, 30);
  EXPECT_EQ(set[*set.Find("shift_y_A")].sigma, 5);
  EXPECT_EQ(set[*set.Find("source_fwhm_A")].sigma, 1e-3) << "known, yet not beyond doubt";
  EXPECT_EQ(set.Moved(*set.Find("drift_x_A_per_s")), set.Find("shift_x_A"));
}

}  // namespace
}  // namespace ronchi::theory
