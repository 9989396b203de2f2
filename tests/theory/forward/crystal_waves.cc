// A sum of plane waves through one cell against one probe through the whole box by plain
// multislice: the same waves by another route.
#include "theory/forward/crystal_waves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "sim/physics/electron.h"
#include "sim/simulation.h"
#include "theory/forward/crystal_pattern.h"

namespace ronchi::theory {
namespace {

constexpr double kCellSide_A = 3.905;
constexpr int kBoxCells = 6;

sim::Specimen TitanateCell() {
  sim::Specimen s{.cell_A = {kCellSide_A, kCellSide_A, kCellSide_A}};
  const double h = kCellSide_A / 2;
  s.atoms = {{38, 0, 0, h / 2},
             {22, h, h, 3 * h / 2},
             {8, h, h, h / 2},
             {8, h, 0, 3 * h / 2},
             {8, 0, h, 3 * h / 2}};
  return s;
}

TEST(CrystalWaves, FindTheCellOfABox) {
  const CrystalCell found = FindCell(TitanateCell().Repeated(4, 3, 7));
  EXPECT_EQ(found.copies, (std::array<int, 3>{4, 3, 7}));
  EXPECT_EQ(found.cell.atoms.size(), 5u);
  for (double side : found.cell.cell_A) EXPECT_NEAR(side, kCellSide_A, 1e-9);
  // One atom elsewhere, and there is no smaller cell.
  sim::Specimen broken = TitanateCell().Repeated(4, 3, 7);
  broken.atoms[17].x_A += 0.3;
  EXPECT_EQ(FindCell(broken).copies, (std::array<int, 3>{1, 1, 1}));
}

TEST(CrystalWaves, SmearedAtomsKeepTheirSumAndGetTheVariance) {
  const sim::Specimen cell = TitanateCell(), smeared = Smeared(cell, {{38, 0.1}});
  double sum = 0, square = 0;
  for (const sim::Atom& a : smeared.atoms) {
    if (a.z != 38) continue;
    sum += a.occupancy;
    square += a.occupancy * a.x_A * a.x_A;
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_NEAR(square, 0.01, 1e-9);
  EXPECT_EQ(smeared.atoms.size(), 4u + 16u);
}

// Patterns of `simulate`, at each probe of the options' scan.
Array<float> PlainPatterns(sim::SimulationOptions o) {
  o.specimen = TitanateCell().Repeated(kBoxCells, kBoxCells, 12);
  o.grid_pixels = {240, 240};
  o.slice_thickness_A = kCellSide_A / 2;
  o.exit_slices = {24};
  o.beam.semiangle_rad = 0.009;
  o.detectors = {
      {.name = "cbed", .type = sim::DetectorOptions::Type::kPixelated, .max_rad = 0.025}};
  const auto done = sim::Simulate(o);
  RONCHI_CHECK(done.ok());
  return done->images[0].values;
}

CrystalPatternOptions PatternOptions(size_t pixels, bool averaged) {
  CrystalPatternOptions o;
  o.waves = {.cell = TitanateCell(),
             .depth_A = 14 * kCellSide_A,
             .pixel_A = kCellSide_A / 40,
             .slice_thickness_A = kCellSide_A / 2};
  o.copies = {kBoxCells, kBoxCells};
  o.semiangle_rad = 0.009;
  o.averaged = averaged;
  const double step = sim::Wavelength_A(200e3) / (kBoxCells * kCellSide_A);
  o.camera = {
      {pixels, pixels}, {-step * double(pixels / 2), -step * double(pixels / 2)}, {step, step}};
  o.electrons = 1;
  o.fixed.thickness_A = 12 * kCellSide_A;
  return o;
}

double LargestDifference(const CrystalPatternOptions& o, const Array<float>& plain) {
  auto none = ParameterSet::Create({{.name = "scale", .mean = 1}});
  const auto model = CrystalPattern::Create(o, *none);
  RONCHI_CHECK(model.ok());
  const Prediction p = (*model)->Predict(State::Constant(1, 1.0), {});
  const size_t area = o.camera.pixels[0] * o.camera.pixels[1];
  double largest = 0, most = 0;
  for (size_t i = 0; i < area; ++i) {
    double mean = 0;
    for (size_t at = i; at < plain.size(); at += area) mean += double(plain[at]);
    mean /= double(plain.size() / area);
    most = std::max(most, mean);
    largest = std::max(largest, std::fabs(mean - p.mean[Eigen::Index(i)]));
  }
  return largest / most;
}

// Overlapping discs, a place off the symmetry points, aberrations and a tilt: every phase counts.
// The tolerance is the band limit, which each plane wave has about its own direction and the probe
// about the axis.
TEST(CrystalWaves, OneProbeIsThatOfPlainMultislice) {
  sim::SimulationOptions o;
  o.tilt_rad = {0.004, -0.0025};
  o.beam.aberrations.a_A[sim::kC10] = 150;
  o.scan.points_A = {{0.7, 1.1}};
  const Array<float> plain = PlainPatterns(o);
  CrystalPatternOptions model = PatternOptions(plain.shape().back(), false);
  model.fixed.tilt_rad = o.tilt_rad;
  model.fixed.aberrations = o.beam.aberrations;
  model.fixed.place_A = {0.7, 1.1};
  EXPECT_LT(LargestDifference(model, plain), 2e-3);
  model.fixed.tilt_rad[0] = -model.fixed.tilt_rad[0];  // the sign of the tilt is seen
  EXPECT_GT(LargestDifference(model, plain), 0.05);
}

TEST(CrystalWaves, TheMeanOverTheCellIsTheIncoherentSum) {
  sim::SimulationOptions o;
  o.tilt_rad = {0.004, -0.0025};
  o.scan.end_A = {kCellSide_A, kCellSide_A};
  o.scan.pixels = {5, 5};
  const Array<float> plain = PlainPatterns(o);
  CrystalPatternOptions model = PatternOptions(plain.shape().back(), true);
  model.fixed.tilt_rad = o.tilt_rad;
  EXPECT_LT(LargestDifference(model, plain), 2e-3);
}

// Columns of Linearise against wider central differences: the step's error is of second order.
TEST(CrystalWaves, DerivativesAreThoseOfThePrediction) {
  CrystalPatternOptions o = PatternOptions(33, false);
  o.electrons = 1e5;
  const std::vector<std::pair<const char*, double>> steps = {
      {"thickness_A", 0.05}, {"tilt_x_mrad", 0.1}, {"C10_A", 2},           {"shift_y_A", 0.05},
      {"scale", 0.01},       {"background", 0.1},  {"center_x_mrad", 0.02}};
  std::vector<Parameter> parameters;
  for (const auto& [name, step] : steps) parameters.push_back({.name = name});
  const auto model = CrystalPattern::Create(o, *ParameterSet::Create(parameters));
  ASSERT_TRUE(model.ok()) << model.status();
  State at(7);
  at << 41.3, 2.1, 80, 0.4, 0.9, 1.5, 0.13;
  Eigen::MatrixXd jacobian;
  (*model)->Linearise(at, {}, &jacobian);
  for (size_t i = 0; i < steps.size(); ++i) {
    State up = at, down = at;
    up[Eigen::Index(i)] += steps[i].second;
    down[Eigen::Index(i)] -= steps[i].second;
    const Eigen::VectorXd slope =
        ((*model)->Predict(up, {}).mean - (*model)->Predict(down, {}).mean) / (2 * steps[i].second);
    EXPECT_LT((slope - jacobian.col(Eigen::Index(i))).norm(), 0.05 * slope.norm())
        << steps[i].first;
  }
}

TEST(CrystalWaves, RefuseWhatPatternsDoNotDependOn) {
  const auto model =
      CrystalPattern::Create(PatternOptions(33, true), *ParameterSet::Create({{.name = "C10_A"}}));
  EXPECT_NE(std::string(model.status().message()).find("C10_A"), std::string::npos);
}

}  // namespace
}  // namespace ronchi::theory
