// Estimates from scanned images that plain `simulate` made on a finer grid.
#include <gtest/gtest.h>

#include <cmath>

#include "core/files.h"
#include "core/random.h"
#include "experiments/estimate/estimate.h"
#include "sim/simulate_config.h"

namespace ronchi {
namespace {

const char* kAtRest = "";
// Of few configurations: what differs from their mean is 5 % of a pixel.
const char* kFewPhonons =
    "phonons: {configurations: 4, rms_A: {Sr: 0.08, Ti: 0.08, O: 0.08}, seed: 41}\n";
const char* kPhonons = "phonons: {configurations: 4, rms_A: {Sr: 0.08, Ti: 0.08, O: 0.08}}\n";

std::string ImageConfig(const std::string& aberrations, const std::string& phonons,
                        const std::string& pixels) {
  return "version: 1\n"
         "specimen: {file: SrTiO3_001.xyz, repeat: [5, 5, 10]}\n" +
         phonons + "beam: {energy_keV: 200, semiangle_mrad: 20, aberrations: " + aberrations +
         "}\ngrid: {pixels: " + pixels +
         ", slice_thickness_A: 1.9525}\n"
         "scan: {start_A: [0.5, 0], end_A: [4.405, 3.905], pixels: [10, 12]}\n"
         "detectors: {haadf: {type: annular, inner_mrad: 50, outer_mrad: 100}}\n";
}

// [10, 12], x slow: shares of the electrons.
Array<double> TrueImage(const std::string& aberrations, const std::string& phonons = kAtRest) {
  const auto options = sim::ReadSimulationOptions(
      *Config::Parse(ImageConfig(aberrations, phonons, "[320, 320]"), "truth.yaml"));
  RONCHI_CHECK(options.ok());
  const auto done = sim::Simulate(*options);
  RONCHI_CHECK(done.ok());
  const Array<float>& image = done->images[0].values;
  return {image.shape(), std::vector<double>(image.begin(), image.end())};
}

absl::StatusOr<EstimateJob> JobOf(const std::string& section,
                                  const std::string& phonons = kAtRest) {
  return ReadEstimateJob(
      *Config::Parse(ImageConfig("{}", phonons, "[256, 256]") + section + "\n", "estimate.yaml"));
}

FrameSeries CountedImages(const std::vector<Array<double>>& shares, double electrons,
                          uint64_t seed) {
  FrameSeries out;
  std::vector<double> values;
  RandomStream random({.seed = seed, .name = "test.estimate"});
  for (const Array<double>& image : shares) {
    for (double v : image) values.push_back(double(random.Poisson(v * electrons)));
  }
  out.values = Array<double>({shares.size(), 10, 12}, values);
  return out;
}

double Deviations(const Estimated& x, double truth) { return (x.mean - truth) / x.sigma; }

TEST(EstimateImages, DefocusAndAstigmatismAreFound) {
  // C12 = 25 Å at 30°.
  const Array<double> truth = TrueImage("{C10_A: 35, C12_A: 25, phi12_deg: 15}");
  const auto job = JobOf("estimate: {C10_A: [-90, 90], C12a_A: [-50, 50], C12b_A: [-50, 50]}");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(job->of_images);
  const std::array<double, 3> expected = {35, 25 * std::cos(M_PI / 6), 25 * std::sin(M_PI / 6)};
  double squares = 0;
  for (uint64_t draw = 0; draw < 4; ++draw) {
    const auto found = Estimate(*job, CountedImages({truth}, 3e4, draw));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->explained) << found->why_not;
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(found->unknown[i].mean, expected[i], 3) << found->unknown[i].name;
      squares += std::pow(Deviations(found->unknown[i], expected[i]), 2);
    }
  }
  EXPECT_LT(squares, 32.9);  // of twelve normal numbers, in 999 of 1000 cases
}

// As somebody's simulation would be: the few configurations of its phonons are a deviation that
// counting does not explain, so that the stated deviations are widened.
TEST(EstimateImages, FewFrozenPhononsAreOfTheFrame) {
  const Array<double> truth = TrueImage("{C10_A: 35, C12_A: 25, phi12_deg: 15}", kFewPhonons);
  const auto job =
      JobOf("estimate: {C10_A: [-90, 90], C12a_A: [-50, 50], C12b_A: [-50, 50]}", kPhonons);
  ASSERT_TRUE(job.ok()) << job.status();
  const auto found = Estimate(*job, CountedImages({truth}, 1e4, 0));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->explained);
  EXPECT_NEAR(found->unknown[0].mean, 35, 3);
  EXPECT_NEAR(found->unknown[1].mean, 25 * std::cos(M_PI / 6), 3);
  EXPECT_NEAR(found->unknown[2].mean, 25 * std::sin(M_PI / 6), 3);
}

// One image may look alike for two settings; two, with a known change between them, do not. What is
// under the scan's origin is found besides, and so is the source's size.
TEST(EstimateImages, ASeriesOfKnownChangesAndAPlace) {
  const Array<double> first = TrueImage("{C10_A: -10}"), second = TrueImage("{C10_A: 50}");
  const auto job = JobOf(
      "estimate: {C10_A: [-200, 200], shift_x_A: [-2, 2], shift_y_A: [-2, 2], electrons: 3e4, "
      "series: {C10_A: [0, 60]}}");
  ASSERT_TRUE(job.ok()) << job.status();
  FrameSeries both = CountedImages({first, second}, 1, 0);
  for (size_t i = 0; i < first.size(); ++i) {
    both.values[i] = first[i];
    both.values[first.size() + i] = second[i];
  }
  const auto found = Estimate(*job, both);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(found->unknown[0].mean, -10, 3);
  EXPECT_NEAR(found->unknown[1].mean, 0, 0.03);
  EXPECT_NEAR(found->unknown[2].mean, 0, 0.03);
  EXPECT_NEAR(found->unknown[3].mean, 1, 0.03);  // the scale: electrons were told
  EXPECT_EQ(found->pixels, 240);
  // With the axes of a camera it is the same, to the bit.
  EstimateJob turned = *job;
  turned.turned = true;
  FrameSeries other{Array<double>({2, 12, 10})};
  for (size_t n = 0; n < 2; ++n) {
    for (size_t x = 0; x < 10; ++x) {
      for (size_t y = 0; y < 12; ++y) {
        other.values[n * 120 + y * 10 + x] = both.values[n * 120 + x * 12 + y];
      }
    }
  }
  const auto again = Estimate(turned, other);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->unknown[0].mean, found->unknown[0].mean);
}

TEST(EstimateImages, RefusesBadInputInOneLine) {
  for (const auto& [section, what] : std::vector<std::pair<std::string, std::string>>{
           {"estimate: {thickness_A: [20, 60]}", "not estimated from images"},
           {"estimate: {C10_A: [-9, 9], series: {shift_x_A: [0, 1]}}", "no aberration coefficient"},
           {"estimate: {C10_A: [-9, 9], pixel_mrad: 1}", "diffraction patterns"},
           {"estimate: {source_fwhm_A: [-1, 1]}", "allowed: from 0"},
           {"estimate: {C10_A: [-9, 9], detector: bf}", "no pixelated or annular detector"}}) {
    const auto job = JobOf(section);
    ASSERT_FALSE(job.ok()) << section;
    EXPECT_NE(std::string(job.status().message()).find(what), std::string::npos) << job.status();
  }
  const auto job = JobOf("estimate: {C10_A: [-9, 9], series: {C10_A: [0, 20, 40]}}");
  ASSERT_TRUE(job.ok()) << job.status();
  FrameSeries frames{Array<double>({2, 10, 12}, 5.0)};
  EXPECT_NE(std::string(Estimate(*job, frames).status().message()).find("has 3 values"),
            std::string::npos);
  frames.values = Array<double>({1, 12, 10}, 5.0);
  EXPECT_NE(std::string(Estimate(*job, frames).status().message()).find("12 x 10"),
            std::string::npos);
}

}  // namespace
}  // namespace ronchi
