// What makes a twin as hard as a microscope, each against its closed form: the source's tails,
// afterglow, biased measurements. Those of the scan: scan_errors.cc.
#include "tests/hw/twin/column/nuisances.h"

#include <cmath>

#include "hw/twin/column/afterglow.h"
#include "hw/twin/column/camera_patterns.h"
#include "hw/twin/column/measurements.h"
#include "hw/twin/column/source_profile.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::Do;
using testing_support::Field;
using testing_support::Known;
using testing_support::kPi;
using testing_support::Still;
using testing_support::TwinFromYaml;

// ---- The source's tails.

// J0 averaged over the tail's own radii, half-way between N quantiles. The last ones lie far out,
// where J0 turns fast between neighbours: 1/N^{1/2} of the mean, 1e-3 for 2e5.
TEST(Source, TheTailsTransformIsThatOfItsProfile) {
  const SourceProfile tail{.tail_share = 1, .tail_fwhm_A = 1.5};
  for (double q : {0.05, 0.25, 0.7, 1.5}) {
    constexpr int kN = 200000;
    double mean = 0;
    for (int i = 0; i < kN; ++i) {
      mean += std::cyl_bessel_j(0, 2 * kPi * q * tail.TailRadius_A((i + 0.5) / kN)) / kN;
    }
    EXPECT_NEAR(mean, tail.Transform(q), 1e-3) << q;
  }
  // Half as dense at half of the full width as in the middle.
  const auto density = [&](double r) {
    return tail.TailScale_A() / std::pow(r * r + std::pow(tail.TailScale_A(), 2), 1.5);
  };
  EXPECT_NEAR(density(0.75) / density(0), 0.5, 1e-12);
}

TEST(Source, TheMixtureIsTheMixtureOfTransforms) {
  const SourceProfile source{0.8, 0.3, 1.5};
  const double s = 0.8 / 2.3548200450309493, g = source.TailScale_A();
  for (double q : {0.0, 0.25, 0.6}) {
    EXPECT_NEAR(source.Transform(q),
                0.7 * std::exp(-2 * kPi * kPi * s * s * q * q) + 0.3 * std::exp(-2 * kPi * g * q),
                1e-12);
  }
}

// In an image: against a point source's image seen from many places of the source, at its quantiles
// of distance and turned by the golden angle from one to the next. Those that lie many cells out, a
// half, see the crystal at random: 0.4/√50 000 of a contrast of about one, 0.2 % of the mean.
TEST(Source, AnImageIsConvolvedWithTheProfile) {
  const TwinOptions o = TwinFromYaml();
  const DetectorImages images = *DetectorImages::Create(o);
  const SourceProfile source{0.8, 0.4, 1.5};
  sim::Aberrations optics;
  optics.a_A[sim::kC10] = 20;
  const auto with = images.MakeHarmonics(0, {.aberrations = optics, .source = source});
  const auto core = images.MakeHarmonics(0, {.aberrations = optics, .source = {.fwhm_A = 0.8}});
  const auto point = images.MakeHarmonics(0, {.aberrations = optics});
  sim::LinearRaster places{{}, 0, 1};
  constexpr int kPlaces = 100000;
  const double x = 0.4, y = 1.3;
  for (int i = 0; i < kPlaces; ++i) {
    const double r = source.TailRadius_A((i + 0.5) / kPlaces), phi = 2.399963229728653 * i;
    places.starts_A.push_back({x + r * std::cos(phi), y + r * std::sin(phi)});
  }
  std::vector<double> seen(places.starts_A.size()), is(1), of_core(1);
  point.ComputeImage(places, seen);
  double tail = 0;
  for (double v : seen) tail += v / double(seen.size());
  const sim::LinearRaster here{{{x, y}}, 0, 1};
  with.ComputeImage(here, is);
  core.ComputeImage(here, of_core);
  EXPECT_NEAR(is[0], 0.6 * of_core[0] + 0.4 * tail, 5e-3 * with.Mean());
  EXPECT_NEAR(with.Mean(), core.Mean(), 1e-12);
  EXPECT_LT(with.Contrast(), 0.8 * core.Contrast());
  // The twin images so.
  auto twin = Still(Known("source_fwhm_A", 0.8) + Known("source_tail_share", 0.4) +
                    Known("source_tail_fwhm_A", 1.5) + Known("C10_nm", 2));
  EXPECT_NEAR(twin->ground_truth()->Figure("contrast").value(), with.Contrast(), 1e-9);
}

// A pattern is linear in the share; the tail alone is the mean of four places. A crystal at rest,
// so that all its cells and configurations are one.
TEST(Source, PatternsHaveTheTail) {
  const TwinOptions o = TwinFromYaml(
      "{preset: corrected_200kV, thermal_rms_A: 0, layers: 1, box_A: 12, "
      "camera: {present: true, pixels: 32, pixel_mrad: 2}}");
  const auto patterns = *CameraPatterns::Create(o);
  const auto pattern = [&](double share, double x, double y, double fwhm, const auto& camera) {
    std::vector<double> out(32 * 32);
    camera->Compute(camera->Prepare({{}, {0, 0}, fwhm, share, 1.5}), x, y, out);
    return out;
  };
  const auto none = pattern(0, 0.3, 0.5, 0.8, patterns),
             half = pattern(0.5, 0.3, 0.5, 0.8, patterns);
  const auto all = pattern(1, 0.3, 0.5, 0.8, patterns);
  TwinOptions point_source = o;
  point_source.camera.source_points = 1;
  const auto points = *CameraPatterns::Create(point_source);
  const SourceProfile tail{.tail_share = 1, .tail_fwhm_A = 1.5};
  const double near = tail.TailRadius_A(0.25), far = tail.TailRadius_A(0.75);
  std::vector<double> mean(32 * 32);
  for (const auto& [dx, dy] :
       {std::pair(near, 0.0), std::pair(-near, 0.0), std::pair(0.0, far), std::pair(0.0, -far)}) {
    const auto one = pattern(0, 0.3 + dx, 0.5 + dy, 0, points);
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += one[i] / 4;
  }
  for (size_t i = 0; i < mean.size(); ++i) {
    EXPECT_NEAR(half[i], (none[i] + all[i]) / 2, 1e-12);
    // Waves are single: 1e-6 of the brightest pixels, some 1e-3.
    EXPECT_NEAR(all[i], mean[i], 1e-8);
  }
}

// ---- The detector.

// Against the double integral over arrival and delay, by midpoints; and all of it together is 1.
TEST(Afterglow, TheResponseIsThatOfALateExponential) {
  const double share = 0.3, decay = 4e-6, dwell = 3e-6;
  Afterglow glow(share, decay, dwell);
  std::vector<double> response = {glow.Pixel(1)};
  for (int m = 1; m < 60; ++m) response.push_back(glow.Pixel(0));
  constexpr int kSteps = 20000;
  for (size_t m = 0; m < 6; ++m) {
    double seen = 0;
    for (int i = 0; i < kSteps; ++i) {
      const double left = (double(m) + 1 - (i + 0.5) / kSteps) * dwell;  // to the pixel's end
      const double before = std::max(0.0, left - dwell);
      seen += (std::exp(-before / decay) - std::exp(-left / decay)) / kSteps;
    }
    EXPECT_NEAR(response[m], (m == 0 ? 1 - share : 0) + share * seen, 1e-8) << m;
  }
  double sum = glow.stored();
  for (double v : response) sum += v;
  EXPECT_NEAR(sum, 1, 1e-12);
  const double before = glow.stored();
  glow.Wait(decay);
  EXPECT_NEAR(glow.stored(), before / std::numbers::e, 1e-15);
}

// The same electrons: what the twin reads is the recursion over what it reads without, each line
// after its flyback. Floats of some hundred counts.
TEST(Afterglow, TheTwinsLinesHaveTails) {
  const double share = 0.2, decay = 1e-4, dwell = 2e-5, flyback = 1e-4;
  auto plain = Still(),
       glowing = Still(Known("afterglow_share", share) + Known("afterglow_s", decay));
  Do(plain.get(), Unblank{});
  Do(glowing.get(), Unblank{});
  const Reply a = Do(plain.get(), Field(16, 2, dwell)), b = Do(glowing.get(), Field(16, 2, dwell));
  const double kept = std::exp(-dwell / decay), carried = decay / dwell * (1 - kept);
  for (size_t f = 0; f < 2; ++f) {
    double stored = 0;
    for (size_t i = 0; i < 256; ++i) {
      if (i % 16 == 0) stored *= std::exp(-flyback / decay);
      const double in = a.frames[f].counts[i] - 2;
      const double out = in * (1 - share * carried) + stored * (1 - kept);
      stored = stored * kept + share * in * carried;
      EXPECT_NEAR(b.frames[f].counts[i] - 2, out, 1e-4);
    }
  }
}

// ---- Measurements.

constexpr char kMeasures[] = "measurements: {present: true}\n";

// One bias an episode, within its bound, the same in every measurement that has the coefficient;
// uniform from episode to episode.
TEST(MeasureFlaws, TheBiasStaysForAnEpisode) {
  auto twin = Still(Known("measure_bias_nm", 20), kMeasures);
  constexpr int kEpisodes = 200, kDraws = 30;
  double sum = 0, squares = 0;
  for (uint64_t e = 0; e < kEpisodes; ++e) {
    twin->ground_truth()->Randomise(1, 0, e);
    Do(twin.get(), Unblank{});
    double mean[2] = {}, variance[2] = {};
    for (int i = 0; i < (e < 5 ? kDraws : 1); ++i) {
      for (int w : {0, 1}) {
        const Estimate x = Do(twin.get(), Measure{w ? "aberrations" : "defocus"}).estimates[0];
        mean[w] += x.values[0].si * 1e9;
        variance[w] = x.covariance[0] * 1e18;
      }
    }
    if (e < 5) {
      for (double& m : mean) m /= kDraws;
      EXPECT_NEAR(mean[0], mean[1], 5 * std::sqrt((variance[0] + variance[1]) / kDraws));
    }
    EXPECT_LT(std::fabs(mean[0]), 20 + 5 * std::sqrt(variance[0]));
    sum += mean[0] / kEpisodes;
    squares += mean[0] * mean[0] / kEpisodes;
  }
  // Uniform in ±20: variance 133, that of the square (1/5 − 1/9) 20⁴; the noise is 0.5.
  EXPECT_NEAR(sum, 0, 5 * std::sqrt(134.0 / kEpisodes));
  EXPECT_NEAR(squares, 400 / 3.0, 5 * std::sqrt((1 / 5.0 - 1 / 9.0) * 160000 / kEpisodes) + 0.5);
}

// As much phase at the rim by every order; nothing else than what is named; the covariance alone by
// its ratio.
TEST(MeasureFlaws, EveryOrderIsOffByAsMuchPhase) {
  const MeasureFlaws flaws{1e-9, 1e-12, 0.1, 0.25};
  const double alpha = 0.02;
  double largest[13] = {};
  for (uint64_t i = 0; i < 2000; ++i) {
    const RandomStream draws({.seed = i, .name = "test.bias"});
    Estimate e{.what = "aberrations"};
    for (const char* name : {"C10", "C12.a", "C12.b", "C21.a", "C21.b", "C23.a", "C23.b", "C30",
                             "C32.a", "C32.b", "C34.a", "C34.b"}) {
      e.names.push_back(name);
    }
    e.values.assign(12, Metres(0));
    e.covariance.assign(144, 4e-18);
    SpoilEstimate(flaws, alpha, draws, &e);
    for (size_t t = 0; t < 12; ++t) {
      const int n = t < 3 ? 1 : t < 7 ? 2 : 3;
      const double rim = std::pow(alpha, n + 1) / (n + 1) * e.values[t].si;
      largest[t] = std::max(largest[t], std::fabs(rim) / (alpha * alpha / 2 * 1e-9));
    }
    EXPECT_DOUBLE_EQ(e.covariance[5], 1e-18);
    Estimate current{.what = "current", .names = {"beam.current"}, .values = {Amperes(1e-12)}};
    SpoilEstimate(flaws, alpha, draws, &current);
    largest[12] = std::max(largest[12], std::fabs(current.values[0].si / 1e-12 - 1) / 0.1);
  }
  // Of 2000 uniform draws the largest is within 1 % of the bound, but for one time in 5e8.
  for (double v : largest) {
    EXPECT_LE(v, 1 + 1e-9);
    EXPECT_GT(v, 0.99);
  }
}

// z² over the stated variance is 1/ratio on average; five standard errors.
TEST(MeasureFlaws, TheStatedCovarianceIsWrongByItsRatio) {
  auto twin = Still(Known("measure_covariance_ratio", 0.25), kMeasures);
  Do(twin.get(), Unblank{});
  constexpr int kDraws = 500;
  double chi2 = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Estimate e = Do(twin.get(), Measure{"defocus"}).estimates[0];
    for (size_t k = 0; k < 3; ++k) chi2 += e.values[k].si * e.values[k].si / e.covariance[4 * k];
  }
  const double n = 3.0 * kDraws;
  EXPECT_NEAR(chi2 * 0.25, n, 5 * std::sqrt(2 * n));
}

}  // namespace
}  // namespace ronchi::hw
