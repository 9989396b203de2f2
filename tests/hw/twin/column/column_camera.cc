// The twin's camera: its counts against their statistics, its disc against the contracted engine,
// what an exposure costs and what the stage does.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "hw/twin/column/camera_patterns.h"
#include "sim/physics/electron.h"
#include "tests/support/camera.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::kFilmWithCamera;
using testing_support::Pattern;
using testing_support::Still;
using testing_support::StillYaml;
using testing_support::TwinFromYaml;

double Sum(const Array<float>& v) { return std::accumulate(v.data(), v.data() + v.size(), 0.0); }

// Multislice of a probe after the other against the contracted engine, which is prepared apart:
// atoms at rest, a point source, and pixels that are the box's reciprocal lattice, so that both
// sum the same beams. 1 %: counting noise is 0.1 %, single precision less, but beams on the soft
// rim interfere more strongly in patterns (sim/camera_pixels.h) than in images: 0.6 % here.
TEST(TwinCamera, ItsDiscIsTheContractedEnginesBrightField) {
  const double pixel_rad = sim::Wavelength_A(200e3) / (6 * 3.905);
  auto twin =
      Still("  source_fwhm_A: [0, 0]\n",
            "thermal_rms_A: 0\n"
            "detectors: {bf: {inner_mrad: 0, outer_mrad: 9.9, saturation_counts: 1e12}}\n"
            "camera: {present: true, pixels: 65, saturation_counts: 1e12, source_points: 1, "
            "pixel_mrad: " +
                std::to_string(pixel_rad * 1e3) + "}\n");
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  ASSERT_TRUE(twin->Execute(Set{"optics.C10", Nanometres(-3)}).ok());
  const auto reply = twin->Execute(Scan{.center_y_m = 0.7e-10,
                                        .fov_x_m = 3.905e-10,
                                        .fov_y_m = 3.905e-10,
                                        .pixels_x = 8,
                                        .pixels_y = 1,
                                        .dwell_s = 0.1,
                                        .detectors = {"bf", "camera"}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  const Array<float>& patterns = reply->frames[1].counts;
  ASSERT_EQ(patterns.shape(), (std::vector<size_t>{1, 8, 65, 65}));
  for (size_t i = 0; i < 8; ++i) {
    double disc = 0;
    for (int y = 0; y < 65; ++y) {
      for (int x = 0; x < 65; ++x) {
        if (std::hypot(x - 32, y - 32) * pixel_rad >= 9.9e-3) continue;
        disc += patterns[(i * 65 + size_t(y)) * 65 + size_t(x)];
      }
    }
    EXPECT_NEAR(disc / reply->frames[0].counts[i], 1, 0.01) << i;
  }
}

// 187 000 electrons, on a pixel of the disc 700: mean gain · n · f + dark, variance gain² n f +
// readout².
TEST(TwinCamera, CountsArePoissonTimesGainPlusDarkAndReadout) {
  const TwinOptions o = TwinFromYaml(StillYaml(
      "  gain_ratio: [0.9, 0.9]\n  dark_error_counts: [0.5, 0.5]\n  readout_counts: [2, 2]\n",
      "camera: {present: true, pixels: 32, pixel_mrad: 2, counts_per_electron: 3, dark_counts: "
      "7}\n"));
  auto twin = *MakeTwin(o, 3);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  constexpr size_t kFrames = 200;
  const double electrons = 60e-12 * 0.5e-3 / kElementaryCharge_C;
  const auto reply = twin->Execute(Expose{"camera", 0.5e-3, 0, 0, kFrames});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_NEAR(reply->electrons, electrons * kFrames, 1e-6 * electrons);
  PatternMoment moment;
  moment.source_fwhm_A = twin->ground_truth()->Hidden().at("source_fwhm_A");
  const auto fractions = Pattern(o, moment);
  double chi2 = 0, ratio = 0;
  for (size_t i = 0; i < fractions.size(); ++i) {
    const double gain = 2.7, mean = gain * electrons * fractions[i] + 7.5;
    const double variance = gain * gain * electrons * fractions[i] + 4;
    double sum = 0, squares = 0;
    for (const Frame& f : reply->frames) {
      sum += f.counts[i] - mean;
      squares += std::pow(f.counts[i] - mean, 2);
    }
    chi2 += sum * sum / (variance * kFrames);
    ratio += squares / (variance * kFrames);
  }
  const double n = double(fractions.size());
  EXPECT_NEAR(chi2, n, 5 * std::sqrt(2 * n));
  // A normal's sum of squares has the relative variance 2; few electrons add 1/mean to it.
  EXPECT_NEAR(ratio / n, 1, 5 * std::sqrt(3 / (n * kFrames)));
}

TEST(TwinCamera, BinsAreSummedBeforeTheyAreRead) {
  auto twin = Still("", "camera: {present: true, dark_counts: 3, saturation_counts: 20000}\n");
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  const auto fine = twin->Execute(Expose{"camera", 1e-3}),
             coarse = twin->Execute(Expose{.camera = "camera", .time_s = 1e-3, .binning = 4});
  ASSERT_TRUE(fine.ok() && coarse.ok()) << coarse.status();
  EXPECT_EQ(coarse->frames[0].counts.shape(), (std::vector<size_t>{32, 32}));
  const double total = Sum(fine->frames[0].counts);
  // Two draws of the same mean, 370 000 electrons and a dark level of 49 000.
  EXPECT_NEAR(Sum(coarse->frames[0].counts), total, 5 * std::sqrt(2 * total));
  const auto bright = twin->Execute(Expose{.camera = "camera", .time_s = 1, .binning = 4});
  float most = 0;
  for (size_t i = 0; i < 1024; ++i) most = std::max(most, bright->frames[0].counts[i]);
  EXPECT_EQ(most, 20000);
}

// The dose of an exposure falls on 1 Å², is in the ledger, and takes its time.
TEST(TwinCamera, AnExposureCostsWhatItSays) {
  auto twin = Still("", "camera: {present: true, pixels: 32}\n");
  EXPECT_EQ(twin->Execute(Expose{"camera", 0.01}).status().code(),
            absl::StatusCode::kFailedPrecondition);  // blanked
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  const auto r = twin->Execute(Expose{"camera", 0.01, 5e-9, 0, 3});
  ASSERT_TRUE(r.ok()) << r.status();
  ASSERT_EQ(r->frames.size(), 3u);
  EXPECT_NEAR(r->elapsed_s, 3 * (0.02 + 0.01), 1e-12);
  EXPECT_NEAR(r->dose_e_per_m2, r->electrons * 1e20, 1e-6 * r->dose_e_per_m2);
  const auto dose = twin->Execute(Read{{"dose.max"}});
  EXPECT_NEAR(dose->readings[0].value.si, r->dose_e_per_m2, 1e-6 * r->dose_e_per_m2);
  // Out of time after two frames.
  const auto late = twin->Execute(Expose{"camera", 0.01, 0, 0, 3}, {.timeout_s = 0.07});
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->ended, Ended::kTimeout);
  EXPECT_EQ(late->frames.size(), 2u);
  EXPECT_EQ(twin->Execute(Expose{"camera", 0.01, 0, 0, 1, 3}).status().code(),
            absl::StatusCode::kOutOfRange);  // 3 does not divide 32
}

TEST(TwinCamera, AScanWithItIsTheSameScan) {
  const std::string camera = "camera: {present: true, pixels: 16, pixel_mrad: 4}\n";
  auto one = Still("", camera), two = Still("", camera);
  Scan scan{.fov_x_m = 1e-9,
            .fov_y_m = 1e-9,
            .pixels_x = 3,
            .pixels_y = 2,
            .dwell_s = 1e-3,
            .frames = 2,
            .detectors = {"haadf"}};
  ASSERT_TRUE(one->Execute(Unblank{}).ok() && two->Execute(Unblank{}).ok());
  const auto alone = one->Execute(scan);
  scan.detectors = {"camera", "haadf"};
  std::vector<std::array<size_t, 3>> lines;
  ExecuteOptions options;
  options.on_line = [&](const ScanLine& l) { lines.push_back({l.frame, l.line, l.counts.size()}); };
  const auto both = two->Execute(scan, options);
  ASSERT_TRUE(alone.ok() && both.ok()) << both.status();
  EXPECT_EQ(both->frames[0].counts.shape(), (std::vector<size_t>{2, 3, 16, 16}));
  EXPECT_EQ(both->frames[1].counts, alone->frames[0].counts);
  EXPECT_EQ(both->frames[3].counts, alone->frames[1].counts);
  EXPECT_EQ(both->electrons, alone->electrons);
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[0], (std::array<size_t, 3>{0, 0, 3 * 16 * 16}));
  EXPECT_EQ(lines[1], (std::array<size_t, 3>{0, 0, 3}));
  // Ended after its first line, the rest of the patterns is NaN.
  CancelToken token;
  ExecuteOptions ends;
  ends.cancel = &token;
  ends.on_line = [&](const ScanLine&) { token.Cancel(); };
  const auto ended = two->Execute(scan, ends);
  ASSERT_TRUE(ended.ok());
  const Array<float>& p = ended->frames[0].counts;
  EXPECT_TRUE(std::isfinite(p[3 * 16 * 16 - 1]));
  EXPECT_TRUE(std::isnan(p[3 * 16 * 16]));
  // More than any memory holds.
  scan.pixels_x = scan.pixels_y = 4096;
  EXPECT_EQ(two->Execute(scan).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(TwinCamera, AnyNumberOfThreadsGivesTheSameBytes) {
  std::vector<Reply> replies;
  for (const int threads : {1, 3}) {
    SetThreads(threads);
    auto twin = *MakeTwin(TwinFromYaml("{preset: old_and_drifting, phonon_configurations: 2, "
                                       "camera: {pixels: 32, pixel_mrad: 4}}"),
                          5);
    ASSERT_TRUE(twin->Execute(Unblank{}).ok());
    replies.push_back(*twin->Execute(Scan{.fov_x_m = 1e-9,
                                          .fov_y_m = 1e-9,
                                          .pixels_x = 7,
                                          .pixels_y = 2,
                                          .dwell_s = 1e-3,
                                          .detectors = {"camera", "haadf"}}));
  }
  SetThreads(0);
  EXPECT_TRUE(testing_support::SameReply(replies[0], replies[1]));
}

// The hidden tilt, the stage and its play add up; at the right setting the pattern is the zone
// axis' own to the bit.
TEST(TwinCamera, TheStageBringsTheZoneAxisBack) {
  const std::string keys =
      "layers: 20\nstage: {present: true}\ncamera: {present: true, pixels: 64}\n";
  auto straight = Still("", keys);
  auto tilted = Still(
      "  mistilt_alpha_mrad: [6, 6]\n  mistilt_beta_mrad: [-3, -3]\n  tilt_backlash_mrad: [2, 2]\n",
      keys);
  const auto pattern = [](Instrument* twin) {
    EXPECT_TRUE(twin->Execute(Unblank{}).ok());
    return twin->Execute(Expose{"camera", 1e-2})->frames[0].counts;
  };
  const auto zone = pattern(straight.get());
  ASSERT_TRUE(tilted->Execute(Set{"stage.alpha", Radians(-0.006)}).ok());
  // Half of the play behind: 5 of 6 mrad.
  EXPECT_NEAR(tilted->ground_truth()->Hidden().at("true_tilt_alpha_mrad"), 1, 1e-6);
  ASSERT_TRUE(tilted->Execute(Set{"stage.alpha", Radians(-0.007)}).ok());
  ASSERT_TRUE(tilted->Execute(Set{"stage.beta", Radians(0.004)}).ok());
  EXPECT_NEAR(tilted->ground_truth()->Hidden().at("true_tilt_beta_mrad"), 0, 1e-6);
  auto again = Still("", keys);  // as many exposures before: the same noise
  EXPECT_EQ(pattern(again.get()), zone);
  EXPECT_EQ(pattern(tilted.get()), zone);
}

TEST(TwinCamera, AFilmIsForTheCameraAlone) {
  auto twin = *MakeTwin(TwinFromYaml(kFilmWithCamera), 1);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  EXPECT_TRUE(twin->Execute(Expose{"camera", 0.01}).ok());
  EXPECT_EQ(twin->description().FindDetector("haadf"), nullptr);
  EXPECT_EQ(twin->Execute(Scan{.fov_x_m = 1e-9,
                               .fov_y_m = 1e-9,
                               .pixels_x = 4,
                               .pixels_y = 4,
                               .dwell_s = 1e-6,
                               .detectors = {"camera"}})
                .status()
                .code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(twin->ground_truth()->Figure("contrast").value(), 0);
  // An episode stands anywhere on the film, unless it is told where.
  EXPECT_EQ(TwinFromYaml(kFilmWithCamera).prior.ranges().at("shift_x_A").high, 64);
  EXPECT_EQ(TwinFromYaml().prior.ranges().at("shift_x_A").high, 3.905);
  EXPECT_EQ(TwinFromYaml("{film: {box_A: 40}, prior: {shift_x_A: [0, 5]}}")
                .prior.ranges()
                .at("shift_x_A")
                .high,
            5);
}

}  // namespace
}  // namespace ronchi::hw
