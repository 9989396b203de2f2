// Estimates from frames that plain `simulate` made with a finer grid and thinner slices.
#include "experiments/estimate/estimate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/files.h"
#include "core/random.h"
#include "sim/simulate_config.h"
#include "sim/simulation.h"

namespace ronchi {
namespace {

// `{}` stands for what differs: the thickness in cells, the tilt, the grid.
std::string TitanateConfig(int cells, const std::string& tilt, const std::string& grid) {
  return "version: 1\n"
         "specimen: {file: SrTiO3_001.xyz, repeat: [6, 6, " +
         std::to_string(cells) + "], tilt_mrad: " + tilt +
         "}\n"
         "beam: {energy_keV: 200, semiangle_mrad: 8}\n"
         "grid: " +
         grid +
         "\n"
         "scan: {start_A: [0, 0], end_A: [3.905, 3.905], pixels: [4, 4]}\n"
         "detectors: {pacbed: {type: pixelated, max_mrad: 24}}\n";
}
const char* kCoarse = "{pixels: [216, 216], slice_thickness_A: 1.9525}";
const char* kFine = "{pixels: [432, 432], slice_thickness_A: 1.9525}";
const char* kThin = "{pixels: [300, 300], slice_thickness_A: 0.97625}";
const char* kUnknown =
    "estimate: {thickness_A: [30, 110], tilt_x_mrad: [-4, 6], tilt_y_mrad: [-5, 4]}\n";

// Mean over the scan, shares of the electrons.
Array<double> TruePacbed(const std::string& grid) {
  const Config config = *Config::Parse(TitanateConfig(18, "[3.1, -2.3]", grid), "truth.yaml");
  const auto options = sim::ReadSimulationOptions(config);
  RONCHI_CHECK(options.ok());
  const auto done = sim::Simulate(*options);
  RONCHI_CHECK(done.ok());
  const Array<float>& all = done->images[0].values;
  Array<double> mean({all.shape()[2], all.shape()[3]});
  for (size_t i = 0; i < all.size(); ++i) mean[i % mean.size()] += double(all[i]) / 16;
  return mean;
}

EstimateJob CoarseJob(const std::string& section) {
  const auto job = ReadEstimateJob(
      *Config::Parse(TitanateConfig(5, "[0, 0]", kCoarse) + section, "estimate.yaml"));
  RONCHI_CHECK(job.ok());
  return *job;
}

FrameSeries OneFrame(const Array<double>& values) {
  return {Array<double>({1, values.shape()[0], values.shape()[1]},
                        std::vector<double>(values.begin(), values.end()))};
}

FrameSeries Counted(const Array<double>& shares, double electrons, uint64_t seed) {
  FrameSeries frame = OneFrame(shares);
  RandomStream random({.seed = seed, .name = "test.estimate"});
  for (double& value : frame.values) value = double(random.Poisson(value * electrons));
  return frame;
}

// The stated deviations are true: of twelve numbers the sum of squares in them is below 32.9 in 999
// of 1000 cases.
TEST(Estimate, ThicknessAndTiltAreFoundOnAFinerGrid) {
  const Array<double> truth = TruePacbed(kFine);
  const EstimateJob job = CoarseJob(kUnknown);
  const std::array<double, 3> expected = {18 * 3.905, 3.1, -2.3};
  constexpr int kDraws = 4;
  double squares = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto found = Estimate(job, Counted(truth, 1e5, uint64_t(draw)));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->explained) << found->why_not;
    EXPECT_NEAR(found->unknown[0].mean, expected[0], 5);
    EXPECT_NEAR(found->unknown[1].mean, expected[1], 0.2);
    EXPECT_NEAR(found->unknown[2].mean, expected[2], 0.2);
    for (size_t i = 0; i < expected.size(); ++i) {
      const double z = (found->unknown[i].mean - expected[i]) / found->unknown[i].sigma;
      squares += z * z;
    }
  }
  EXPECT_LT(squares, 32.9);
  EXPECT_GT(squares, 2.2);  // below it in one of 1000
}

TEST(Estimate, SaysWhereTheoryDoesNotExplainTheFrame) {
  const FrameSeries frame = Counted(TruePacbed(kThin), 1e6, 3);
  const EstimateJob narrow =
      CoarseJob("estimate: {thickness_A: [85, 110], tilt_x_mrad: [-4, 6], tilt_y_mrad: [-5, 4]}\n");
  const auto found = Estimate(narrow, frame);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->explained);
  EXPECT_FALSE(found->why_not.empty());
  // A frame with its axes exchanged has its tilts exchanged.
  EstimateJob turned = CoarseJob(kUnknown);
  turned.turned = true;
  const auto other = Estimate(turned, frame);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NEAR(other->unknown[1].mean, -2.3, 0.2);
  EXPECT_NEAR(other->unknown[2].mean, 3.1, 0.2);
}

TEST(Estimate, RefusesBadInputInOneLine) {
  for (const auto& [section, what] : std::vector<std::pair<std::string, std::string>>{
           {"", "estimate: missing"},
           {"estimate: {thickness_A: [600, 20]}", "is no interval"},
           {"estimate: {thicknes_A: [20, 600]}", "thickness_A"},
           {"estimate: {thickness_A: 20}", "thickness_A"},
           {"estimate: {electrons: 100}", "names no unknown"}}) {
    const auto job = ReadEstimateJob(
        *Config::Parse(TitanateConfig(5, "[0, 0]", kCoarse) + section + "\n", "bad.yaml"));
    ASSERT_FALSE(job.ok()) << section;
    EXPECT_NE(std::string(job.status().message()).find(what), std::string::npos) << job.status();
  }
  const EstimateJob job = CoarseJob(kUnknown);
  FrameSeries frame{Array<double>({1, 20, 30}, 1.0)};
  EXPECT_NE(std::string(Estimate(job, frame).status().message()).find("pixel_mrad"),
            std::string::npos);
  frame.values = Array<double>({1, 20, 30}, 1e-3);
  EXPECT_NE(std::string(Estimate(job, frame).status().message()).find("electrons"),
            std::string::npos);
  EXPECT_FALSE(ReadFrameSeries("frames.png", "", "pacbed").ok());
}

}  // namespace
}  // namespace ronchi
