// The map twin against closed forms, and its promises as an instrument.
#include "hw/twin/particles/particles_twin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "hw/conformance/conformance.h"
#include "hw/twin/base/beam.h"
#include "hw/twin/base/ring_cross_section.h"
#include "sim/physics/electron.h"
#include "tests/support/instruments.h"
#include "tests/support/map_twin.h"

namespace ronchi::hw {
namespace {

using testing_support::MapFromYaml;
using testing_support::SameReply;
using testing_support::StillMap;

std::unique_ptr<Instrument> Make(const std::string& yaml, uint64_t seed = 1) {
  auto twin = *MakeMapTwin(MapFromYaml(yaml), seed);
  RONCHI_CHECK(twin->Execute(Unblank{}).ok());
  return twin;
}

// One cube of 20 nm at the origin, one of 10 nm at x = 30 nm, film alone at x = −30 nm.
const char* const kTwoCubes = R"(
particles:
  fixed: [{shape: cube, size_nm: 20}, {shape: cube, size_nm: 10, x_nm: 30}]
)";
constexpr double kElectrons_per_s = 5e-12 / kElementaryCharge_C;

Scan Points(std::vector<std::array<double, 2>> points_m, const char* detector = "haadf",
            double dwell_s = 1e-4) {
  return {.dwell_s = dwell_s,
          .detectors = {detector},
          .pattern = ScanPattern::kPoints,
          .points_m = std::move(points_m)};
}

TEST(MapTwin, Conforms) {
  auto twin = *MakeMapTwin(MapFromYaml(), 1);
  const auto checks = CheckConformance(twin.get());
  int failed = 0, skipped = 0;
  for (const ConformanceCheck& c : checks) {
    failed += c.outcome == Outcome::kFail;
    skipped += c.outcome == Outcome::kSkip;
  }
  EXPECT_EQ(failed, 0) << ConformanceReport(checks);
  EXPECT_LE(skipped, 1) << ConformanceReport(checks);  // it has no measurements
}

// Fraction = 1 − e^{−μt}: −ln(1 − fraction) is linear in the thickness, whatever the film.
TEST(MapTwin, HaadfIsMassThickness) {
  auto twin = Make(StillMap(kTwoCubes));
  const double electrons = kElectrons_per_s * 1e-3;
  const std::vector<std::array<double, 2>> at = {{0, 0}, {30e-9, 0}, {-30e-9, 0}};
  std::vector<double> counts(3);
  ASSERT_TRUE(twin->ground_truth()->NoiseFree("haadf", at, 1e-3, counts).ok());
  const auto x = [&](int i) { return -std::log1p(-(counts[size_t(i)] - 2) / 4 / electrons); };
  EXPECT_NEAR((x(0) - x(2)) / (x(1) - x(2)), 2, 1e-9);
  const double in = *RingCrossSection_nm2("In", 60e3, 0.08, 0.2);
  const double o = *RingCrossSection_nm2("O", 60e3, 0.08, 0.2);
  const double c = *RingCrossSection_nm2("C", 60e3, 0.08, 0.2);
  EXPECT_NEAR((x(0) - x(2)) / (20 * (31.2 * in + 46.7 * o)), 1, 1e-9);
  EXPECT_NEAR(x(2) / (5 * 100.3 * c), 1, 1e-9);
  const double exponent = std::log(in / o) / std::log(49.0 / 8);
  std::printf("haadf 80 … 200 mrad at 60 kV: sigma goes as Z^%.2f from O to In\n", exponent);
  // Screened Rutherford: between Z^{4/3} (all angles, Lenz) and Z² (none screened).
  EXPECT_GT(exponent, 4.0 / 3);
  EXPECT_LT(exponent, 2);
}

// Two routes: the rule in ln sin²(θ/2), and a trapezoid in θ with as many steps as it takes.
TEST(MapTwin, CrossSectionIsTheIntegral) {
  const double by_rule = *RingCrossSection_nm2("In", 60e3, 0.08, 0.2);
  const auto inner = *RingCrossSection_nm2("In", 60e3, 0.08, 0.13);
  const auto outer = *RingCrossSection_nm2("In", 60e3, 0.13, 0.2);
  EXPECT_NEAR((inner + outer) / by_rule, 1, 1e-6);  // Simpson's rule, 256 steps
  // Far out all of the nucleus is seen: Rutherford's Z² /(2π² a₀ k²)², f_x of carbon being 0.1 to
  // 0.2 at k = 9 1/Å: up to 7 % less.
  const double wavelength_A = sim::Wavelength_A(300e3), gamma = 1 + 300e3 / 510998.95;
  const auto s2 = [](double theta) { return std::pow(std::sin(theta / 2), 2); };
  const double strength = gamma * 6 * wavelength_A * wavelength_A /
                          (2 * std::numbers::pi * std::numbers::pi * 0.529177 * 4);
  const double rutherford_nm2 =
      4 * std::numbers::pi * strength * strength * (1 / s2(0.16) - 1 / s2(0.2)) * 0.01;
  EXPECT_NEAR(*RingCrossSection_nm2("C", 300e3, 0.16, 0.2) / rutherford_nm2, 0.96, 0.05);
  EXPECT_FALSE(RingCrossSection_nm2("Xx", 60e3, 0.08, 0.2).ok());
}

// A defocused edge is as wide as said: the 2σ-points of an error function.
TEST(MapTwin, DefocusWidensTheProbe) {
  auto twin = Make(StillMap(kTwoCubes));
  const auto width = [&] {  // of the edge at x = 10 nm, between 16 and 84 %
    std::vector<std::array<double, 2>> at;
    for (int i = 0; i < 400; ++i) at.push_back({(2 + 0.04 * i) * 1e-9, 0});
    std::vector<double> counts(at.size());
    RONCHI_CHECK(twin->ground_truth()->NoiseFree("haadf", at, 1e-3, counts).ok());
    const auto x = [&](double c) { return -std::log1p(-(c - 2) / 4 / (1e-3 * kElectrons_per_s)); };
    const double full = x(counts.front()), none = x(counts.back());
    double from = 0, to = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      const double share = (x(counts[i]) - none) / (full - none);
      if (share > 0.8413) from = at[i][0];
      if (share > 0.1587) to = at[i][0];
    }
    return (to - from) * 1e9 / 2;
  };
  EXPECT_NEAR(width(), 0.5 / 2.3548, 0.04);  // the grid's step
  ASSERT_TRUE(twin->Execute(Set{"optics.C10", Nanometres(100)}).ok());
  EXPECT_NEAR(width(), std::hypot(0.5 / 2.3548, 100 * 0.03 / 2), 0.04);
  EXPECT_LT(twin->ground_truth()->Figure("contrast").value(),
            twin->ground_truth()->Figure("best_contrast").value());
}

// 4000 dwells on one place: mean and variance of g·Poisson(n f) + dark, each within four of its
// own standard errors (of a variance: √(2/N)).
TEST(MapTwin, ImagesCountAsPoisson) {
  auto twin = Make(StillMap(kTwoCubes));
  std::vector<double> mean(1);
  const std::array<double, 2> origin = {0, 0};
  ASSERT_TRUE(twin->ground_truth()->NoiseFree("haadf", {&origin, 1}, 1e-5, mean).ok());
  const size_t n = 4000;
  const auto reply =
      *twin->Execute(Points(std::vector<std::array<double, 2>>(n, {0, 0}), "haadf", 1e-5));
  double sum = 0, squares = 0;
  for (float v : reply.frames[0].counts) sum += v, squares += double(v) * v;
  const double variance = squares / n - sum / n * sum / n;
  const double expected_variance = 4 * (mean[0] - 2);
  EXPECT_NEAR(sum / n, mean[0], 4 * std::sqrt(expected_variance / n));
  EXPECT_NEAR(variance / expected_variance, 1, 4 * std::sqrt(2.0 / n));
}

// All channels together are the electrons that reach the spectrometer; every channel's variance is
// its mean. Nothing is lost but what the axis ends before and what goes past the aperture.
TEST(MapTwin, SpectraCountTheElectrons) {
  auto twin = Make(StillMap(kTwoCubes));
  constexpr int kTimes = 400;
  constexpr double kExposure_s = 2e-3;
  const std::vector<std::array<double, 2>> at = {{0, 0}};
  std::vector<double> mean(512), sum(512), squares(512);
  ASSERT_TRUE(twin->ground_truth()->NoiseFree("eels", at, kExposure_s, mean).ok());
  double electrons = 0;
  for (int i = 0; i < kTimes; ++i) {
    const Reply r = *twin->Execute(Expose{"eels", kExposure_s});
    electrons += r.electrons;
    for (size_t j = 0; j < 512; ++j) {
      const double c = r.frames[0].counts[j];
      sum[j] += c;
      squares[j] += c * c;
    }
  }
  EXPECT_NEAR(electrons, kTimes * kElectrons_per_s * kExposure_s, 1e-6 * electrons);
  double chi2 = 0, dispersion = 0, total = 0, expected = 0;
  int channels = 0;
  for (size_t j = 0; j < 512; ++j) {
    total += sum[j];
    expected += mean[j] * kTimes;
    if (mean[j] < 1) continue;  // for a normal limit
    chi2 += std::pow(sum[j] - kTimes * mean[j], 2) / (kTimes * mean[j]);
    const double variance = (squares[j] - sum[j] * sum[j] / kTimes) / (kTimes - 1);
    dispersion += variance / mean[j];
    ++channels;
  }
  EXPECT_GT(channels, 50);
  EXPECT_NEAR(chi2 / channels, 1, 4 * std::sqrt(2.0 / channels));
  EXPECT_NEAR(dispersion / channels, 1, 4 * std::sqrt(2.0 / kTimes / channels));
  EXPECT_NEAR(total, expected, 4 * std::sqrt(expected));
  const double lost = 20 * (31.2 * *RingCrossSection_nm2("In", 60e3, 0.035, std::numbers::pi) +
                            46.7 * *RingCrossSection_nm2("O", 60e3, 0.035, std::numbers::pi)) +
                      5 * 100.3 * *RingCrossSection_nm2("C", 60e3, 0.035, std::numbers::pi);
  // Beyond the axis's ends (−0.2 and 1.85 eV) lie some 1e-3 of the tails.
  EXPECT_NEAR(expected / electrons, std::exp(-lost), 4e-3 * std::exp(-lost));
}

// Spectra along a line away from a face; the band of the dipole is fitted by a · K₀(d/Λ) + b, and
// Λ, scanned, comes out as the model's within four standard errors.
TEST(MapTwin, TheDipoleDecaysAsK0InMeasuredSpectra) {
  auto twin = Make(StillMap(R"(  mode_fwhm_eV: [0.1, 0.1]
  edge_probability: [0, 0]
  bulk_probability: [0, 0]
particles: {fixed: [{shape: cube, size_nm: 24, doping: 0.5}]}
)"));
  std::vector<double> distance, band, sigma;
  for (double d = 0.5; d < 30; d += 0.5) {
    const Reply r = *twin->Execute(Expose{.camera = "eels", .time_s = 1, .x_m = (12 + d) * 1e-9});
    double in = 0, all = 0;
    for (size_t j = 0; j < 512; ++j) {
      const double e = -0.2 + 0.004 * double(j), c = r.frames[0].counts[j];
      all += c;
      if (e > 0.35 && e < 0.55) in += c;
    }
    distance.push_back(d);
    band.push_back(in / all);
    sigma.push_back(std::sqrt(in) / all);
  }
  // χ² of the best a and b at a decay length.
  const auto chi2 = [&](double length) {
    double s = 0, sk = 0, skk = 0, sy = 0, sky = 0, syy = 0;
    for (size_t i = 0; i < band.size(); ++i) {
      const double w = 1 / (sigma[i] * sigma[i]);
      const double k = std::cyl_bessel_k(0.0, std::hypot(distance[i], 1.0) / length);
      s += w, sk += w * k, skk += w * k * k;
      sy += w * band[i], sky += w * k * band[i], syy += w * band[i] * band[i];
    }
    const double a = (s * sky - sk * sy) / (s * skk - sk * sk), b = (sy - a * sk) / s;
    return syy - a * sky - b * sy;
  };
  double best = 0, least = 1e300;
  for (double length = 3; length < 9; length += 0.002) {
    if (const double c = chi2(length); c < least) least = c, best = length;
  }
  const double curvature = (chi2(best + 0.1) - 2 * least + chi2(best - 0.1)) / 0.01;
  const double error = std::sqrt(2 / curvature);
  const double hbar_v = 197.3269804 * SpeedOverLight(60e3);
  const double expected = 0.5 / std::hypot(0.45 / hbar_v, 1.0 / 12);
  std::printf("decay length %.3f ± %.3f nm, model %.3f nm, chi2 %.1f of %zu\n", best, error,
              expected, least, band.size());
  EXPECT_NEAR(best, expected, 4 * error);
  EXPECT_LT(error, 0.1 * expected);
  // Three parameters fitted; a χ² of n degrees of freedom is n ± √(2n).
  EXPECT_NEAR(least, double(band.size() - 3), 4 * std::sqrt(2.0 * double(band.size())));
}

std::vector<Reply> Session(Instrument* twin) {
  std::vector<Reply> replies;
  const auto go = [&](const Command& c) { replies.push_back(*twin->Execute(c)); };
  go(Unblank{});
  go(Scan{.fov_x_m = 1e-7,
          .fov_y_m = 1e-7,
          .pixels_x = 16,
          .pixels_y = 16,
          .dwell_s = 1e-5,
          .frames = 2,
          .detectors = {"haadf"}});
  go(Expose{.camera = "eels", .time_s = 0.01, .x_m = 1e-8, .frames = 2});
  go(Set{"optics.C10", Nanometres(12)});
  go(Points({{0, 0}, {1e-8, 2e-8}}));
  go(Read{{"beam.current", "dose.max", "optics.C10"}});
  return replies;
}

bool SameReplies(const std::vector<Reply>& a, const std::vector<Reply>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), SameReply);
}

TEST(MapTwin, IsAFunctionOfSeedEnvironmentAndEpisode) {
  auto a = *MakeMapTwin(MapFromYaml(), 5), b = *MakeMapTwin(MapFromYaml(), 5);
  const auto first = Session(a.get());
  EXPECT_TRUE(SameReplies(first, Session(b.get())));
  const auto again = [&](uint64_t seed, uint64_t environment, uint64_t episode) {
    a->ground_truth()->Randomise(seed, environment, episode);
    return Session(a.get());
  };
  EXPECT_TRUE(SameReplies(first, again(5, 0, 0)));
  EXPECT_FALSE(SameReplies(first, again(6, 0, 0)));
  EXPECT_FALSE(SameReplies(first, again(5, 1, 0)));
  EXPECT_FALSE(SameReplies(first, again(5, 0, 1)));
}

TEST(MapTwin, SavedInMidEpisodeItGoesOnToTheBit) {
  auto a = *MakeMapTwin(MapFromYaml(), 5), b = *MakeMapTwin(MapFromYaml(), 9);
  (void)Session(a.get());
  const std::string saved = *a->ground_truth()->Save();
  const auto went_on = Session(a.get());
  ASSERT_TRUE(b->ground_truth()->Restore(saved).ok());
  EXPECT_TRUE(SameReplies(went_on, Session(b.get())));
  EXPECT_FALSE(b->ground_truth()->Restore("nonsense").ok());
  auto other = *MakeMapTwin(MapFromYaml("{preset: plasmonic_particles, current_pA: 7}"), 5);
  EXPECT_TRUE(absl::IsInvalidArgument(other->ground_truth()->Restore(saved)));
}

TEST(MapTwin, SpecimenMovesWithTheDrift) {
  auto options = MapFromYaml(StillMap("  mode_fwhm_eV: [0.1, 0.1]\n"));
  auto ranges = options.prior.ranges();
  ranges["drift_x_nm_per_s"] = {0.5, 0.5};
  options.prior = theory::Prior(ranges);
  auto twin = *MakeMapTwin(options, 1);
  const auto under = [&] { return twin->ground_truth()->Hidden().at("under_origin_x_nm"); };
  const double before = under();
  twin->ground_truth()->Pass(4);
  EXPECT_NEAR(under() - before, 2, 1e-9);
}

TEST(MapTwin, DosesAreBooked) {
  auto twin = Make(StillMap(kTwoCubes));
  const Reply scan = *twin->Execute(Scan{.fov_x_m = 2e-8,
                                         .fov_y_m = 1e-8,
                                         .pixels_x = 10,
                                         .pixels_y = 5,
                                         .dwell_s = 1e-5,
                                         .detectors = {"haadf"}});
  EXPECT_NEAR(scan.electrons, 50 * 1e-5 * kElectrons_per_s, 1e-6);
  // Fifty places of a probe's size, λ/(√π · semiangle) here, and none of what lies between.
  const double probe = twin->description().probe_m;
  EXPECT_NEAR(probe, std::max(1e-10, 4.866e-12 / (std::sqrt(M_PI) * 0.030)), 1e-14);  // 60 kV
  EXPECT_NEAR(scan.dose_e_per_m2, scan.electrons / (50 * probe * probe), 1e-6 * scan.dose_e_per_m2);
  const Reply spectrum = *twin->Execute(Expose{"eels", 0.01});
  const Reply read = *twin->Execute(Read{{"dose.max"}});
  // A place has had both.
  EXPECT_NEAR(read.readings[0].value.si, scan.dose_e_per_m2 + spectrum.dose_e_per_m2,
              1e-9 * spectrum.dose_e_per_m2);
}

TEST(MapTwin, ASpectrumOfEveryPixel) {
  auto twin = Make(StillMap(kTwoCubes));
  const Reply r = *twin->Execute(Scan{.fov_x_m = 4e-8,
                                      .fov_y_m = 4e-8,
                                      .pixels_x = 4,
                                      .pixels_y = 3,
                                      .dwell_s = 1e-3,
                                      .detectors = {"haadf", "eels"}});
  ASSERT_EQ(r.frames.size(), 2u);
  EXPECT_EQ(r.frames[1].counts.shape(), (std::vector<size_t>{3, 4, 512}));
  const Reply binned = *twin->Execute(Expose{.camera = "eels", .time_s = 1e-3, .binning = 4});
  EXPECT_EQ(binned.frames[0].counts.size(), 128u);
  Scan large{.fov_x_m = 4e-8,
             .fov_y_m = 4e-8,
             .pixels_x = 4096,
             .pixels_y = 4096,
             .dwell_s = 1e-3,
             .detectors = {"eels"}};
  EXPECT_TRUE(absl::IsOutOfRange(twin->Execute(large).status()));
  ASSERT_TRUE(twin->Execute(Blank{}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(twin->Execute(Expose{"eels", 1e-3}).status()));
}

TEST(MapTwin, BadOptionsAreNamed) {
  const auto message = [](const std::string& yaml) {
    const auto options = ReadMapTwinOptions(*Config::Parse(yaml, "t.yaml"));
    EXPECT_FALSE(options.ok()) << yaml;
    return std::string(options.status().message());
  };
  using testing::HasSubstr;
  EXPECT_THAT(message("{energy_kV: 60}"), HasSubstr("energy_keV"));
  EXPECT_THAT(message("{kind: atoms}"), HasSubstr("particles"));
  EXPECT_THAT(message("{current_pA: -1}"), HasSubstr("t.yaml:1: current_pA: -1 is not allowed"));
  EXPECT_THAT(message("{particles: {count: [5, 2]}}"), HasSubstr("low <= high"));
  EXPECT_THAT(message("{particles: {count: [1.5, 2]}}"), HasSubstr("whole"));
  EXPECT_THAT(message("{particles: {atoms_per_nm3: {Xx: 1}}}"), HasSubstr("symbol"));
  EXPECT_THAT(message("{particles: {fixed: [{shape: rod}]}}"), HasSubstr("cube"));
  EXPECT_THAT(message("{haadf: {inner_mrad: 90, outer_mrad: 80}}"), HasSubstr("inner_mrad"));
  EXPECT_THAT(message("{prior: {film_nm: [-1, 2]}}"), HasSubstr("film_nm"));
  EXPECT_THAT(message("{prior: {film_thickness: [1, 2]}}"), HasSubstr("film_thickness"));
  EXPECT_THAT(message("{preset: nothing_like_it}"), HasSubstr("nothing_like_it"));
}

}  // namespace
}  // namespace ronchi::hw
