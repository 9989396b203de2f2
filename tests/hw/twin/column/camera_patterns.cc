// The twin's camera against closed forms: vacuum, shadow images, Bragg's law, symmetry, counting;
// and against the contracted engine.
#include "hw/twin/column/camera_patterns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "sim/physics/electron.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::Still;
using testing_support::StillYaml;
using testing_support::TwinFromYaml;

constexpr char kFilm[] =
    "{film: {thickness_nm: 3, box_A: 64}, camera: {present: true, semiangle_mrad: 30, "
    "source_points: 1, pixels: 128, pixel_mrad: 0.5}}";

std::vector<double> Pattern(const TwinOptions& o, const PatternMoment& moment, double x_A = 0,
                            double y_A = 0) {
  auto patterns = *CameraPatterns::Create(o);
  std::vector<double> out(o.camera.pixels * o.camera.pixels);
  patterns->Compute(patterns->Prepare(moment), x_A, y_A, out);
  return out;
}
double Sum(std::span<const double> v) { return std::accumulate(v.begin(), v.end(), 0.0); }
double Sum(const Array<float>& v) { return std::accumulate(v.data(), v.data() + v.size(), 0.0); }

TEST(CameraPatterns, VacuumIsAnEvenDiscOfTheApertureThatHoldsEveryElectron) {
  TwinOptions o = TwinFromYaml(kFilm);
  o.specimen.atoms.clear();
  PatternMoment moment;
  moment.aberrations.a_A[sim::kC10] = -500;  // phases do not show
  const auto p = Pattern(o, moment, 3, 5);
  EXPECT_NEAR(Sum(p), 1, 1e-5);  // round-off of single precision
  const double middle = p[64 * 128 + 64];
  const double radius = o.camera.semiangle_rad / o.camera.pixel_rad;
  // A disc of even density that holds everything: π r² · density = 1. The rim is soft over one of
  // the grid's steps, λ/64 Å = 0.39 mrad: its mean radius is right to its square.
  EXPECT_NEAR(std::sqrt(1 / (M_PI * middle)), radius, 0.01 * radius);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      const double r = std::hypot(x - 64, y - 64), v = p[size_t(y * 128 + x)];
      // Pixel and lattice cell are 0.5 and 0.39 mrad across: beyond 1.5 pixels nothing is soft.
      if (r < radius - 1.5) {
        EXPECT_NEAR(v, middle, 1e-4 * middle) << x << ", " << y;
      } else if (r > radius + 1.5) {
        EXPECT_NEAR(v, 0, 1e-9);
      }
    }
  }
}

// By how many pixels along x the pattern b stands further along than a, over the disc.
double ShiftOf(std::span<const double> a, std::span<const double> b, int most) {
  double best = -1e300, at = 0;
  std::vector<double> score;
  for (int s = -most; s <= most; ++s) {
    double saa = 0, sbb = 0, sab = 0, ma = 0, mb = 0;
    std::vector<std::pair<double, double>> pairs;
    for (int y = 0; y < 128; ++y) {
      for (int x = 0; x < 128; ++x) {
        if (std::hypot(x - 64, y - 64) > 54 || std::hypot(x + s - 64, y - 64) > 54) continue;
        pairs.emplace_back(a[size_t(y * 128 + x)], b[size_t(y * 128 + x + s)]);
        ma += pairs.back().first;
        mb += pairs.back().second;
      }
    }
    ma /= double(pairs.size());
    mb /= double(pairs.size());
    for (const auto& [u, v] : pairs) {
      saa += (u - ma) * (u - ma);
      sbb += (v - mb) * (v - mb);
      sab += (u - ma) * (v - mb);
    }
    score.push_back(sab / std::sqrt(saa * sbb));
    if (score.back() > best) best = score.back(), at = s;
  }
  const size_t i = size_t(at + most);
  if (i > 0 && i + 1 < score.size()) {  // the parabola through the three best
    const double l = score[i - 1], c = score[i], r = score[i + 1];
    at += 0.5 * (l - r) / (l - 2 * c + r);
  }
  EXPECT_GT(best, 0.5);
  return at;
}

// The ray at the angle α meets the film at R + C10 α (docs/conventions.md: stationary phase of
// χ and the probe's shift), so that a shift of the probe by d moves its shadow by −d/C10.
TEST(CameraPatterns, AFilmsShadowMovesByShiftOverDefocus) {
  const TwinOptions o = TwinFromYaml(kFilm);
  const double d_A = 3;
  for (const double c10_A : {-1000.0, -700.0, 700.0, 1000.0}) {
    PatternMoment moment;
    moment.aberrations.a_A[sim::kC10] = c10_A;
    const auto a = Pattern(o, moment), b = Pattern(o, moment, d_A);
    // Half a pixel: what Fresnel fringes at the features' edges do to the parabola.
    EXPECT_NEAR(ShiftOf(a, b, 14), -d_A / c10_A / o.camera.pixel_rad, 0.5) << c10_A;
  }
}

// A third of a carbon atom in every 4 Å cell, 80 Å thick: weak, so that the beam g of a parallel
// probe has the kinematic intensity |Σ_n e^{2πi n d s}|² with s = g·τ − λg²/2, τ = (β, −α).
TEST(CameraPatterns, BraggsLawOfATiltedCrystal) {
  TwinOptions o = TwinFromYaml(
      "{preset: corrected_200kV, phonon_configurations: 1, camera: {present: true, pixels: 128, "
      "pixel_mrad: 0.5, semiangle_mrad: 1, source_points: 1}}");
  o.specimen = sim::Specimen{.cell_A = {4, 4, 4},
                             .atoms = {{.z = 6, .x_A = 2, .y_A = 2, .z_A = 1, .occupancy = 0.3}}}
                   .Repeated(1, 1, 20);
  auto patterns = *CameraPatterns::Create(o);
  const double lambda_A = sim::Wavelength_A(o.energy_eV), g = 1;  // (4, 0): 25 mrad
  const auto intensity = [&](double alpha, double beta, int axis, int sign) {
    std::vector<double> p(128 * 128);
    patterns->Compute(patterns->Prepare({{}, {alpha, beta}, 0}), 0, 0, p);
    double sum = 0;
    const int at = 64 + int(std::lround(sign * lambda_A * g / o.camera.pixel_rad));
    for (int i = -4; i <= 4; ++i) {
      for (int j = -4; j <= 4; ++j) {
        sum += axis == 0 ? p[size_t((64 + i) * 128 + at + j)] : p[size_t((at + j) * 128 + 64 + i)];
      }
    }
    return sum;
  };
  const auto kinematic = [&](double along) {
    const double s = g * along - lambda_A * g * g / 2;
    const double u = M_PI * s * 4;
    return std::fabs(u) < 1e-9 ? 1.0 : std::pow(std::sin(20 * u) / (20 * std::sin(u)), 2);
  };
  const double bragg = lambda_A * g / 2, peak = intensity(0, bragg, 0, 1);
  for (const double share : {-0.2, 0.3, 0.5, 0.8, 1.0, 1.3}) {
    const double tilt = share * bragg;
    // 3 % of the peak: multiple scattering, and the probe's 1 mrad.
    EXPECT_NEAR(intensity(0, tilt, 0, 1) / peak, kinematic(tilt), 0.03) << share;
    EXPECT_NEAR(intensity(0, -tilt, 0, -1) / peak, kinematic(tilt), 0.03) << share;
    EXPECT_NEAR(intensity(-tilt, 0, 1, 1) / peak, kinematic(tilt), 0.03) << share;
    EXPECT_NEAR(intensity(tilt, 0, 1, -1) / peak, kinematic(tilt), 0.03) << share;
  }
}

// Atoms at rest, probe on a column, round optics: turned by 180 degrees about its middle pixel the
// pattern is itself at the zone axis, and that of the opposite tilt off it.
TEST(CameraPatterns, CentreSymmetryIsLostWithTheZoneAxisAlone) {
  const TwinOptions o = TwinFromYaml(
      "{preset: corrected_200kV, layers: 20, thermal_rms_A: 0, camera: {present: true, pixels: 65, "
      "pixel_mrad: 1}}");
  auto patterns = *CameraPatterns::Create(o);
  const auto at = [&](double alpha, double beta) {
    std::vector<double> p(65 * 65);
    PatternMoment moment{.tilt_rad = {alpha, beta}, .source_fwhm_A = 0.8};
    moment.aberrations.a_A[sim::kC10] = -30;
    patterns->Compute(patterns->Prepare(moment), 0, 0, p);
    return p;
  };
  const auto asymmetry = [](const std::vector<double>& a, std::vector<double> b) {
    std::reverse(b.begin(), b.end());
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] - b[i]);
    return sum;
  };
  const auto zone = at(0, 0), plus = at(0.001, 0.002), minus = at(-0.001, -0.002);
  EXPECT_LT(asymmetry(zone, zone), 1e-4);  // round-off
  EXPECT_LT(asymmetry(plus, minus), 1e-4);
  EXPECT_GT(asymmetry(plus, plus), 0.05);
  // To first order in the tilt.
  const auto half = at(0.0005, 0.001);
  EXPECT_NEAR(asymmetry(plus, plus) / asymmetry(half, half), 2, 0.2);
}

// Four points of the source against the whole of it on a grid of 9 × 9 points to 3 σ.
TEST(CameraPatterns, FourPointsStandForTheSource) {
  const std::string keys = "{preset: corrected_200kV, thermal_rms_A: 0, camera: {present: true, ";
  const TwinOptions four = TwinFromYaml(keys + "pixels: 64}}");
  const TwinOptions one = TwinFromYaml(keys + "pixels: 64, source_points: 1}}");
  const double fwhm_A = 0.8, sigma_A = fwhm_A / 2.3548;
  auto point = *CameraPatterns::Create(one);
  const auto prepared = point->Prepare({});
  std::vector<double> whole(64 * 64), part(64 * 64);
  double weights = 0;
  for (int i = -4; i <= 4; ++i) {
    for (int j = -4; j <= 4; ++j) {
      const double u = 0.75 * i, v = 0.75 * j, w = std::exp(-(u * u + v * v) / 2);
      point->Compute(prepared, 0.7 + u * sigma_A, 0.4 + v * sigma_A, part);
      for (size_t k = 0; k < part.size(); ++k) whole[k] += w * part[k];
      weights += w;
    }
  }
  for (double& v : whole) v /= weights;
  PatternMoment moment;
  moment.source_fwhm_A = fwhm_A;
  const auto distance = [&](const std::vector<double>& p) {
    double sum = 0;
    for (size_t k = 0; k < p.size(); ++k) sum += std::fabs(p[k] - whole[k]);
    return sum;
  };
  // 0.8 Å across is not small against an atom: the fourth order is what is left.
  EXPECT_LT(distance(Pattern(four, moment, 0.7, 0.4)),
            0.5 * distance(Pattern(one, moment, 0.7, 0.4)));
}

// Multislice of a probe after the other against the contracted engine, which is prepared apart:
// atoms at rest, a point source, and pixels that are the box's reciprocal lattice, so that both
// sum the same beams. 0.5 %: counting noise is 0.1 %, single precision less.
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
    EXPECT_NEAR(disc / reply->frames[0].counts[i], 1, 0.005) << i;
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
    auto twin = *MakeTwin(
        TwinFromYaml("{preset: old_and_drifting, camera: {pixels: 32, pixel_mrad: 4}}"), 5);
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
  auto twin = *MakeTwin(TwinFromYaml(kFilm), 1);
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
  EXPECT_EQ(twin->ground_truth()->NoiseFreeContrast(), 0);
  // An episode stands anywhere on the film, unless it is told where.
  EXPECT_EQ(TwinFromYaml(kFilm).prior.ranges().at("shift_x_A").high, 64);
  EXPECT_EQ(TwinFromYaml().prior.ranges().at("shift_x_A").high, 3.905);
  EXPECT_EQ(TwinFromYaml("{film: {box_A: 40}, prior: {shift_x_A: [0, 5]}}")
                .prior.ranges()
                .at("shift_x_A")
                .high,
            5);
}

}  // namespace
}  // namespace ronchi::hw
